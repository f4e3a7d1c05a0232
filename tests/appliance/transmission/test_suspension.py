"""When a site that was turned away asks again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.common.errors import RefusedError
from appliance.settings.store import SettingsStore
from appliance.transmission.enrolment import enrol_site
from appliance.transmission.suspension import Quiet, keep_quiet, read_quiet
from tests.appliance.hosting_peer import Decided
from tests.appliance.transmission.peer import serving

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
REFUSED = RefusedError("The hosting server has deactivated this site.", code="deactivated")


def test_the_next_check_in_is_a_day_away_and_not_for_all_sites_at_once() -> None:
    moments = {Quiet.after(REFUSED, NOW).next_check_in_at for _ in range(50)}
    assert len(moments) > 10
    assert all(NOW + timedelta(hours=21) < moment < NOW + timedelta(hours=27) for moment in moments)


def test_it_is_due_when_its_moment_has_come_and_after_a_clock_was_set_back() -> None:
    quiet = Quiet.after(REFUSED, NOW)
    assert not quiet.due(NOW)
    assert not quiet.due(quiet.next_check_in_at - timedelta(seconds=1))
    assert quiet.due(quiet.next_check_in_at)
    assert quiet.due(NOW - timedelta(days=365))


def test_a_refusal_that_is_repeated_keeps_its_beginning() -> None:
    first = Quiet.after(REFUSED, NOW)
    again = Quiet.after(RefusedError("Revoked.", code="revoked"), NOW + timedelta(days=1), first)
    assert (again.since, again.code) == (NOW, "revoked")
    assert again.next_check_in_at > first.next_check_in_at


def test_a_check_in_that_did_not_arrive_is_made_again_within_two_hours() -> None:
    postponed = Quiet.after(REFUSED, NOW).postponed(NOW)
    assert timedelta(minutes=30) < postponed.next_check_in_at - NOW < timedelta(hours=2)


def test_it_is_kept_with_the_enrolment_and_gone_with_a_new_one(tmp_path: Path) -> None:
    settings = SettingsStore(tmp_path / "settings.json", {})
    with serving(Decided().answer) as peer:
        enrol_site(f"{peer.url}#enrol=CODE1234", tmp_path / "trust", settings)
        assert read_quiet(settings) is None
        quiet = Quiet.after(REFUSED, NOW)
        keep_quiet(settings, quiet)
        kept = read_quiet(SettingsStore(tmp_path / "settings.json", {}))
        assert kept is not None
        assert (kept.code, kept.text, kept.since) == (quiet.code, quiet.text, quiet.since)
        assert kept.next_check_in_at == quiet.next_check_in_at.replace(microsecond=0)
        enrol_site(f"{peer.url}#enrol=CODE1234", tmp_path / "trust", settings)
        assert read_quiet(settings) is None
