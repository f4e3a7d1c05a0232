"""Changes from the outbox of a site to a real hosting server over HTTPS: what it has in the end are the readings themselves."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.common.clock import utc_now
from appliance.privacy.outgoing import Masking
from appliance.report import Reading
from appliance.settings.model import PrivacySettings
from appliance.settings.store import SettingsStore
from appliance.store.rows import Batch
from appliance.store.store import Store
from appliance.transmission.client import HostingClient
from appliance.transmission.enrolment import enrol_site, open_client
from appliance.transmission.upload import Sent, upload_waiting
from hosting.db.history.stored_reading import whole
from tests.appliance.hosting_server import Hosting
from tests.appliance.store.samples import sample
from tests.conftest import FreePort, StartChild

DEVICES = (1, 2, 3)
SENDS_ALL = Masking(PrivacySettings(phone_numbers="send"), None)


@dataclass
class Office:
    """A site with its store, and what was read there."""

    hosting: Hosting
    store: Store
    client: HostingClient
    kept: list[Reading]

    def read(self, hours_ago: float, *, masks: Masking = SENDS_ALL) -> None:
        """Read the devices: one of them prints."""
        moment = utc_now() - timedelta(hours=hours_ago)
        readings = [sample(number, pages=len(self.kept) * (number == 1)) for number in DEVICES]
        taken = [reading.model_copy(update={"taken_at": moment}) for reading in readings]
        self.store.keep(taken, outgoing=masks)
        self.kept += [masks.reading(reading) for reading in taken]

    def send(self) -> Sent:
        return upload_waiting(self.store, self.client)

    def expect_all(self) -> None:
        """Check that the server has every reading, exactly as it was kept."""
        rows = self.hosting.rows("SELECT body FROM reading")
        assert sorted(json.dumps(json.loads(whole(body)), sort_keys=True) for (body,) in rows) == sorted(
            json.dumps(json.loads(reading.to_json()), sort_keys=True) for reading in self.kept
        )
        assert self.store.outbox_state().readings == 0

    def forget_at_the_server(self, keys: str) -> None:
        """Let the server lose what it has of devices with such keys."""
        with contextlib.closing(sqlite3.connect(self.hosting.folder / "hosting.db")) as connection, connection:
            for table in ("reading", "device_latest"):
                assert connection.execute(f"DELETE FROM {table} WHERE device_key LIKE ?", (keys,)).rowcount > 0


@pytest.fixture
def office(tmp_path: Path, free_port: FreePort, start_child: StartChild) -> Iterator[Office]:
    hosting = Hosting(tmp_path / "hosting", free_port(), start_child).prepare()
    hosting.start()
    settings = SettingsStore(tmp_path / "settings.json", {"DCA_HOSTING_CA_FILE": str(hosting.authority)})
    enrol_site(hosting.enrolment(), tmp_path / "trust", settings)
    client = open_client(tmp_path / "trust", settings)
    assert client is not None
    with client, Store(tmp_path / "readings.db") as store:
        yield Office(hosting, store, client, [])


def next_batch(office: Office) -> Batch:
    batch = office.store.next_batch(1000)
    assert batch is not None
    return batch


def test_what_was_sent_as_changes_is_what_was_read(office: Office) -> None:
    for hours_ago in (5, 4, 3):
        office.read(hours_ago)
        assert office.send() == Sent(batches=1, accepted=3)
    office.read(2)
    assert len(next_batch(office).changes) == 3
    assert office.send().accepted == 3
    office.expect_all()


def test_a_base_the_server_lost_costs_one_full_reading(office: Office) -> None:
    office.read(5)
    office.send()
    office.read(4)
    office.send()
    office.forget_at_the_server("%2")
    office.kept = [reading for reading in office.kept if not reading.device.key.endswith("2")]
    office.read(3)
    assert office.send() == Sent(batches=2, accepted=3, needed=1)
    office.read(2)
    assert len(next_batch(office).changes) == 3
    office.send()
    office.expect_all()


def test_a_server_restored_from_an_older_backup_gets_on_from_what_it_has(office: Office, tmp_path: Path) -> None:
    office.read(6)
    office.send()
    office.hosting.stop()
    shutil.copytree(office.hosting.folder, tmp_path / "backup")
    office.hosting.start()
    in_backup = list(office.kept)
    for hours_ago in (5, 4):
        office.read(hours_ago)
        office.send()
    office.hosting.stop()
    shutil.rmtree(office.hosting.folder)
    shutil.copytree(tmp_path / "backup", office.hosting.folder)
    office.hosting.start()
    office.kept = in_backup  # what came between is lost with the server
    office.read(3)
    assert office.send() == Sent(batches=2, accepted=3, needed=3)
    office.read(2)
    assert office.send() == Sent(batches=1, accepted=3)
    office.expect_all()


def test_a_lost_answer_and_a_replay_add_nothing(office: Office) -> None:
    office.read(5)
    office.send()
    office.read(4)
    batch = next_batch(office)
    assert batch.changes
    assert office.client.upload(batch).accepted == 3
    assert office.client.upload(batch).duplicate == 3
    assert office.send() == Sent(batches=1, duplicate=3)
    office.expect_all()


def test_a_lost_answer_that_asked_for_full_readings_is_given_again(office: Office) -> None:
    office.read(5)
    office.send()
    office.read(4)
    office.forget_at_the_server("%2")
    office.kept = [
        reading for reading in office.kept if not reading.device.key.endswith("2") or reading.taken_at > office.kept[0].taken_at
    ]
    first = office.client.upload(next_batch(office))
    assert (first.accepted, len(first.needed)) == (2, 1)
    assert office.send() == Sent(batches=2, accepted=1, duplicate=2, needed=1)
    office.expect_all()


def test_other_masks_between_base_and_change_make_it_full(office: Office) -> None:
    office.read(5)
    office.send()
    office.read(4, masks=Masking(PrivacySettings(ip_address="mask_last_octet"), None))
    assert len(next_batch(office).readings) == 3
    office.send()
    office.expect_all()
    bodies = [body for (body,) in office.hosting.rows("SELECT body FROM device_latest")]
    assert len(bodies) == 3
    assert not any('"10.0.0.1"' in body for body in bodies)


def test_a_provisional_key_that_is_replaced_between_makes_it_full(office: Office) -> None:
    whole = sample(7).device.model_copy(update={"mac": "00:1b:a9:0b:a7:52"})
    nameless = whole.model_copy(update={"key": "mac:001ba90ba752", "serial": None})
    for hours_ago, device in ((5, nameless), (4, nameless), (3, whole), (2, whole)):
        reading = sample(7).model_copy(update={"device": device, "taken_at": utc_now() - timedelta(hours=hours_ago)})
        office.store.keep([reading])
        changes = len(next_batch(office).changes)
        assert changes == (0 if hours_ago in (5, 3) else 1)
        office.send()
    assert office.hosting.rows("SELECT device_key FROM device_latest") == [("serial:HP:S0007",)]
    assert office.hosting.rows("SELECT device_key FROM reading") == [("serial:HP:S0007",)] * 4


def test_one_reading_that_breaks_the_contract_is_named_and_set_aside_and_the_others_pass(office: Office, tmp_path: Path) -> None:
    office.read(5)
    office.send()
    office.read(4)
    batch = next_batch(office)
    with contextlib.closing(sqlite3.connect(tmp_path / "readings.db")) as connection, connection:
        broken = """UPDATE outbox SET change = replace(change, '"taken_at":"', '"meters":{"total":{"value":-1}},"taken_at":"')
            WHERE json_extract(change, '$.device') LIKE '%2'"""
        assert connection.execute(broken).rowcount == 1
        whole = """UPDATE reading SET body = replace(body, '"value":0', '"value":-1')
            WHERE device_key LIKE '%2' AND id IN (SELECT reading_id FROM outbox)"""
        assert connection.execute(whole).rowcount == 1
    assert batch.changes
    sent = office.send()
    assert (sent.accepted, sent.set_aside, sent.needed) == (2, 1, 1)
    [event] = [event for event in office.store.events() if event.kind == "reading_rejected"]
    assert "readings.0.meters.total.value" in event.text
    assert event.device_key == "serial:HP:S0002"
