"""How moments are written: RFC 3339, UTC, whole seconds."""

from datetime import UTC, datetime, timedelta, timezone
from importlib import resources
from pathlib import Path

import pytest

from appliance.common.clock import in_utc, site_zone, to_rfc3339, zone_name


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 22, 10, 0, 0, 999_999, UTC),
        datetime(2026, 11, 22, 12, 0, 0, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 11, 22, 10, 0, 0),  # noqa: DTZ001 - the point: what has no offset is taken as UTC
    ],
)
def test_a_moment_is_written_in_utc_and_whole_seconds(moment: datetime) -> None:
    assert to_rfc3339(moment) == "2026-11-22T10:00:00Z"
    assert in_utc(moment) == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_no_moment_stays_none() -> None:
    assert to_rfc3339(None) is None


@pytest.mark.parametrize(("name", "told"), [("Europe/Berlin", "Europe/Berlin"), (":Asia/Tokyo", "Asia/Tokyo"), ("CEST", "UTC")])
def test_the_zone_of_a_site_has_the_name_in_the_variable(name: str, told: str) -> None:
    assert zone_name(site_zone({"TZ": name})) == told


def test_else_the_one_that_the_machine_tells(tmp_path: Path) -> None:
    file = tmp_path / "zoneinfo" / "Europe" / "Berlin"
    file.parent.mkdir(parents=True)
    file.write_bytes(resources.files("tzdata").joinpath("zoneinfo", "Europe", "Berlin").read_bytes())
    linked, copied = tmp_path / "linked", tmp_path / "copied"
    linked.symlink_to(file)
    copied.write_bytes(file.read_bytes())
    assert zone_name(site_zone({}, linked)) == "Europe/Berlin"
    assert zone_name(site_zone({}, copied)) is None
    assert zone_name(site_zone({}, tmp_path / "none")) == "UTC"
    assert datetime(2026, 7, 1, 12, tzinfo=site_zone({}, linked)).utcoffset() == timedelta(hours=2)
