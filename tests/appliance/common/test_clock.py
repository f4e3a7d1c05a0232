"""How moments are written: RFC 3339, UTC, whole seconds."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from appliance.common.clock import in_utc, to_rfc3339


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
