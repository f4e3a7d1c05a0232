"""Readings that are sent as what changed: rebuilt exactly, or asked for in full."""

from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.report import Change, Reading
from appliance.report.changes import change_between
from hosting.db.tables import batch as batch_table
from hosting.db.tables import device_latest
from hosting.db.tables import reading as reading_table
from tests.hosting.batches import batch, moment, reading
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

SUPPLY = {"index": "1.1", "type": "toner", "class": "supplyThatIsConsumed", "capacity": 100, "source": "prtMarkerSuppliesTable"}


def change(base: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return what an appliance sends of `now`."""
    told = change_between(Reading.model_validate(base).to_json(), Reading.model_validate(now).to_json())
    assert told is not None
    return Change.model_validate_json(told).model_dump(mode="json")


def changes(*said: dict[str, Any], **more: Any) -> dict[str, Any]:
    return batch(**more) | {"changes": list(said)}


def kept(server: RunningServer, table: sa.Table = reading_table) -> list[Reading]:
    """Return the readings the server has, the oldest first."""
    chosen = sa.select(table.c.body).order_by(table.c.taken_at, table.c.device_key)
    bodies = server.read(lambda connection: connection.execute(chosen).scalars().all())
    return [Reading.model_validate_json(body) for body in bodies]


def execute(server: RunningServer, statement: sa.Executable) -> None:
    server.write(lambda connection: connection.execute(statement))


def test_a_change_becomes_a_whole_reading(server: RunningServer, site: Site) -> None:
    base, now = reading(hours=1, location="3rd floor"), reading(total=1020, location="3rd floor")
    site.upload(batch(base))
    answer = site.upload(changes(change(base, now)))
    assert answer.json() == {"accepted": 1, "duplicate": 0, "changes": True}
    assert kept(server) == [Reading.model_validate(base), Reading.model_validate(now)]
    assert kept(server, device_latest) == [Reading.model_validate(now)]


def test_a_reading_in_which_nothing_changed_moves_when_the_device_was_last_read(server: RunningServer, site: Site) -> None:
    base, now = reading(hours=1), reading()
    site.upload(batch(base))
    site.upload(changes(change(base, now)))
    [latest] = kept(server, device_latest)
    assert latest.taken_at == Reading.model_validate(now).taken_at


def test_a_change_can_build_on_what_came_as_a_change(server: RunningServer, site: Site) -> None:
    steps = [reading(total=1000 + number, hours=3 - number) for number in range(4)]
    site.upload(batch(steps[0]))
    for base, now in pairwise(steps):
        assert site.upload(changes(change(base, now))).json()["accepted"] == 1
    assert kept(server) == [Reading.model_validate(step) for step in steps]


def test_changes_build_on_what_a_server_before_this_one_stored_with_all_defaults(server: RunningServer, site: Site) -> None:
    base, now = reading(hours=1), reading(total=1020)
    site.upload(batch(base))
    for table in (reading_table, device_latest):
        execute(server, sa.update(table).values(body=Reading.model_validate(base).to_json()))
    assert site.upload(changes(change(base, now))).json()["accepted"] == 1
    assert kept(server) == [Reading.model_validate(base), Reading.model_validate(now)]


def test_the_condition_and_the_total_of_a_device_follow_its_changes(server: RunningServer, site: Site) -> None:
    def told(**more: Any) -> dict[str, Any]:
        return reading(**more) | {"supplies": [SUPPLY | {"level": level, "percent": float(level), "state": state}]}

    level, state = 50, "ok"
    base = told(hours=2)
    level, state = 3, "low"
    low = told(hours=1, total=1001)
    down = low | {"taken_at": moment(), "status": {"printer": "idle", "device": "down"}}
    site.upload(batch(base))
    seen = []
    for before, now in pairwise([base, low, down]):
        site.upload(changes(change(before, now)))
        row = server.read(lambda connection: connection.execute(sa.select(device_latest)).one())
        seen.append((row.condition, row.total))
    assert seen == [("warning", 1001), ("error", 1001)]


def test_several_changes_of_a_device_build_on_the_same_base(server: RunningServer, site: Site) -> None:
    steps = [reading(total=1000 + number, hours=3 - number) for number in range(4)]
    site.upload(batch(steps[0]))
    assert site.upload(changes(*(change(steps[0], step) for step in steps[1:]))).json()["accepted"] == 3
    assert kept(server) == [Reading.model_validate(step) for step in steps]


def test_bases_from_many_hours_are_found(server: RunningServer, site: Site) -> None:
    bases = [reading(f"serial:A:{number}", hours=1 + 3 * number) for number in range(8)]
    site.upload(batch(*bases))
    said = [change(base, reading(base["device"]["key"], total=1001)) for base in bases]
    assert site.upload(changes(*said)).json()["accepted"] == 8
    assert len(kept(server)) == 16


def test_a_base_the_server_has_not_is_asked_for_and_the_rest_is_taken(server: RunningServer, site: Site) -> None:
    known, lost = reading("serial:A:1", hours=1), reading("serial:A:2", hours=1)
    site.upload(batch(known))
    said = changes(change(lost, reading("serial:A:2")), change(known, reading("serial:A:1")))
    answer = {"accepted": 1, "duplicate": 0, "changes": True, "needed": ["serial:A:2"]}
    assert site.upload(said).json() == answer
    # The answer is lost and the batch sent again: what is missing is asked for again.
    assert site.upload(said).json() == answer | {"accepted": 0, "duplicate": 1}
    assert site.upload(batch(reading("serial:A:2"))).json()["accepted"] == 1
    assert server.count(reading_table) == 3


@pytest.mark.parametrize(("weight", "named"), [(1_000_000, 60), (3_000_000, 12), (50_000, 400)])
def test_a_few_bytes_that_name_a_large_reading_many_times_cost_no_more_than_they_weigh(
    server: RunningServer, site: Site, weight: int, named: int
) -> None:
    base = reading(hours=2) | {"misc": {"note": "x" * weight}}
    site.upload(batch(base))
    one = change(base, base | {"taken_at": reading(hours=1)["taken_at"]})
    second = one["patch"]["taken_at"].removesuffix("Z")
    moments = [{**one, "patch": {"taken_at": f"{second}.{number:06}Z"}} for number in range(named)]
    answer = site.upload(changes(*moments)).json()
    assert 0 < answer["accepted"] <= 10 * 1024 * 1024 // weight
    assert answer["needed"] == [base["device"]["key"]]
    assert server.count(reading_table) == 1 + answer["accepted"]


def test_a_base_that_is_not_the_one_meant_is_asked_for(server: RunningServer, site: Site) -> None:
    base = reading(hours=1)
    site.upload(batch(base | {"meters": {}}))
    assert site.upload(changes(change(base, reading()))).json()["needed"] == ["serial:ACME:1"]
    assert server.count(reading_table) == 1


def test_a_batch_of_changes_sent_again_adds_nothing(server: RunningServer, site: Site) -> None:
    base = reading(hours=1)
    site.upload(batch(base))
    said = changes(change(base, reading(total=1001)))
    site.upload(said)
    assert site.upload(said).json() == {"accepted": 0, "duplicate": 1, "changes": True}
    # The same reading in full, in another batch.
    assert site.upload(batch(reading(total=1001) | {"taken_at": said["changes"][0]["patch"]["taken_at"]})).json()["duplicate"] == 1
    assert server.count(reading_table) == 2
    assert server.count(batch_table) == 3


def test_the_base_of_another_site_is_none(server: RunningServer) -> None:
    mill, port = Site(server).enrol("Mill"), Site(server).enrol("Port")
    base = reading(hours=1)
    mill.upload(batch(base))
    assert port.upload(changes(change(base, reading()))).json()["needed"] == ["serial:ACME:1"]


def test_readings_and_changes_come_in_one_batch(server: RunningServer, site: Site) -> None:
    base = reading("serial:A:1", hours=1)
    site.upload(batch(base))
    both = batch(reading("serial:A:2")) | {"changes": [change(base, reading("serial:A:1"))]}
    assert site.upload(both).json()["accepted"] == 2


@pytest.mark.parametrize(
    "patch", [{"meters": {"total": {"value": -1}}}, {"supplies": {"3": {"level": 1}}}, {"device": {"key": "serial:B:1"}}, {}]
)
def test_a_patch_that_makes_no_reading_is_never_kept(server: RunningServer, site: Site, patch: dict[str, Any]) -> None:
    base = reading(hours=1)
    site.upload(batch(base))
    broken = change(base, reading()) | {"patch": patch}
    assert site.upload(changes(broken)).json()["needed"] == ["serial:ACME:1"]
    assert server.count(reading_table) == 1


@pytest.mark.parametrize(
    ("part", "value", "path"),
    [
        ("patch", [], "changes.0.patch"),
        ("digest", "short", "changes.0.digest"),
        ("base", "yesterday", "changes.0.base"),
        ("device", "serial:A\x00", "changes.0.device"),
    ],
)
def test_a_change_that_does_not_fit_the_contract_is_refused(site: Site, part: str, value: Any, path: str) -> None:
    answer = site.upload(changes(change(reading(hours=1), reading()) | {part: value}))
    assert answer.status == 422
    assert path in answer.json()["message"]
