"""What is uploaded of the recorded devices with all masks on, as it is on the wire."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.privacy.outgoing import Masking
from appliance.reading.build import build_reading
from appliance.report import Batch, Reading
from appliance.settings.model import PrivacySettings
from appliance.settings.store import SettingsStore
from appliance.store.store import Store
from appliance.transmission.enrolment import enrol_site, open_client
from appliance.transmission.upload import upload_waiting
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import serving
from tests.recordings.recording import Recording, parameters

TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEY = bytes(range(32))
ALL_MASKS = PrivacySettings(
    ip_address="pseudonym", host_name="mask", mac="mask", location="mask", asset_number="mask", console="mask"
)
ADDRESS = "192.0.2.77"


def uploaded(reading: Reading, folder: Path) -> str:
    """Return the body that the hosting server received."""
    settings = SettingsStore(folder / "settings.json", {})
    with serving(Decided().answer) as peer, Store(folder / "readings.db") as store:
        enrol_site(f"{peer.url}#enrol=CODE1234", folder / "trust", settings)
        client = open_client(folder / "trust", settings)
        assert client is not None
        store.keep([reading], outgoing=Masking(ALL_MASKS, KEY))
        with client:
            assert upload_waiting(store, client).accepted == 1
        [request] = [one for one in peer.received if one.target == "/api/v1/readings"]
    return Batch.model_validate(request.content).model_dump_json()


def host_names(recording: Recording, reading: Reading) -> list[str]:
    """Return the names of the device; some were taken out of the recordings, and some are no names but the model."""
    name = reading.device.hostname
    return [] if name in (None, "<private>", reading.device.model) else [str(name)]


@pytest.mark.parametrize("recording", parameters())
def test_no_address_or_name_leaves_and_no_number_is_altered(recording: Recording, tmp_path: Path) -> None:
    reading = build_reading(recording.objects(), ADDRESS, taken_at=TAKEN_AT)
    body = uploaded(reading, tmp_path)
    assert ADDRESS not in body
    hexadecimal = re.sub("[^0-9a-f]", "", body.lower())
    if mac := reading.device.mac:
        assert mac.replace(":", "") not in hexadecimal
    for name in host_names(recording, reading):
        assert name.lower() not in body.lower()
    [sent] = Batch.model_validate_json(body).readings
    assert (sent.device.serial, sent.device.firmware) == (reading.device.serial, reading.device.firmware)
    assert (sent.device.manufacturer, sent.device.model) == (reading.device.manufacturer, reading.device.model)
    assert sent.device.description == reading.device.description, "versions and models in it are no addresses"
    assert sent.meters == reading.meters
    assert [(one.serial, one.part_number) for one in sent.supplies] == [(one.serial, one.part_number) for one in reading.supplies]
    assert [one.description for one in sent.supplies] == [one.description for one in reading.supplies]
    assert {name: sent.misc.get(name) for name in reading.misc} == reading.misc
