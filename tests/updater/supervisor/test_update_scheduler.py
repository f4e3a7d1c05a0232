"""When the supervisor has versions installed, with real processes for it."""

from datetime import datetime, timedelta

import pytest

from appliance.common.clock import site_zone, utc_now
from appliance.common.errors import ControlError
from appliance.common.version import installed_version
from tests.updater.harness import Appliance, wait_until
from tests.updater.offering import MARKER, NEXT, OfferedTo
from updater.records import denied
from updater.records.history import Result, add


@pytest.fixture
def site(appliance: Appliance) -> OfferedTo:
    """A site that is enrolled, and was offered nothing yet."""
    return OfferedTo(appliance)


def closed_window() -> str:
    """Return a window that opens in three hours."""
    now: datetime = utc_now().astimezone(site_zone())
    return f"{now + timedelta(hours=3):%H:%M}-{now + timedelta(hours=4):%H:%M}"


def open_window() -> str:
    now: datetime = utc_now().astimezone(site_zone())
    return f"{now - timedelta(hours=1):%H:%M}-{now + timedelta(hours=1):%H:%M}"


def row(outcome: str = "installed", to_version: str = "0.1.0") -> Result:
    moment = "2026-11-25T10:00:00Z"
    return Result("cd" * 6, "0.0.9", to_version, moment, moment, 31.0, outcome, "", "So it went.", "auto")  # type: ignore[arg-type]


def test_a_version_that_is_due_is_installed_by_itself(site: OfferedTo) -> None:
    site.offer()
    site.start()
    assert site.installed() == ["--by auto"]
    assert site.image["decision"]["version"] == NEXT
    assert site.image["decision"]["notes"] == f"Notes of {NEXT}."
    assert site.image["rollout"] == MARKER


def test_what_failed_is_tried_again_after_a_while(site: OfferedTo) -> None:
    site.offer()
    site.start(times={"install_retries": {"first": 0.2, "longest": 0.2}})
    assert wait_until(lambda: site.runs() if len(site.runs()) >= 3 else None)[:3] == ["--by auto"] * 3
    last = wait_until(lambda: site.image["last_attempt"])
    assert (last["what"], last["text"]) == ("failed", "The registry does not answer.")


def test_outside_the_window_it_waits_and_says_so(site: OfferedTo) -> None:
    site.settings(window=closed_window())
    site.offer()
    site.start()
    image = site.image
    assert (image["decision"]["state"], image["decision"]["waits"]) == ("available", ["window"])
    assert image["next_window_at"] is not None
    assert site.runs() == []
    site.settings(window=open_window())
    assert site.installed() == ["--by auto"]
    assert site.image["next_window_at"] is None


def test_a_hold_keeps_it_until_its_day(site: OfferedTo) -> None:
    site.settings(hold_until=f"{utc_now() + timedelta(days=3):%Y-%m-%d}")
    site.offer()
    site.start()
    assert site.image["decision"]["waits"] == ["hold"]
    assert site.runs() == []
    site.settings(hold_until=None)
    assert site.installed() == ["--by auto"]


def test_at_notify_a_person_decides_also_outside_the_window(site: OfferedTo) -> None:
    site.settings(level="notify", window=closed_window())
    site.offer()
    site.start()
    assert set(site.image["decision"]["waits"]) == {"approval", "window"}
    assert site.runs() == []
    site.appliance.call("POST", "/v1/update/apply", {"version": NEXT, "by": "admin"})
    assert site.installed() == [f"--by admin --version {NEXT}"]


def test_an_approval_outlives_a_restart_until_it_was_acted_upon(site: OfferedTo) -> None:
    site.settings(level="notify")
    site.offer()
    site.start()
    site.appliance.call("POST", "/v1/update/apply", {"by": "admin"})
    wait_until(lambda: site.image["last_attempt"])
    assert site.appliance.stop()[0] == 0
    site.answers("nothing")
    site.start()
    wait_until(lambda: len(site.runs()) == 2)
    wait_until(lambda: site.image["decision"]["waits"] == ["approval"])
    assert site.runs() == [f"--by admin --version {NEXT}"] * 2


@pytest.mark.parametrize("engine", ["no socket", "not here"])
def test_without_an_engine_the_commands_are_told_and_nothing_is_begun(site: OfferedTo, engine: str) -> None:
    site.appliance.environment |= {"DCA_INSTALLATION": "compose"}
    site.offer()
    site.start(engine=engine)
    wanted = site.update / "wanted.json"
    wait_until(wanted.exists)
    assert NEXT in wanted.read_text()
    assert "registry.example.com/dca/appliance@sha256:" in site.image["command"]
    with pytest.raises(ControlError):
        site.appliance.call("POST", "/v1/update/apply", {"by": "admin"})
    site.settings(window=closed_window())
    wait_until(lambda: not wanted.exists())
    assert site.runs() == []


def test_what_is_not_offered_is_not_installed(site: OfferedTo) -> None:
    site.settings(level="notify")
    site.start()
    with pytest.raises(ControlError, match="has offered no version yet"):
        site.appliance.call("POST", "/v1/update/apply", {})
    site.offer()
    with pytest.raises(ControlError, match=r"Version 8\.0\.0 is not offered"):
        site.appliance.call("POST", "/v1/update/apply", {"version": "8.0.0"})
    site.offer(percent=0)
    with pytest.raises(ControlError):
        site.appliance.call("POST", "/v1/update/apply", {})
    assert site.runs() == []
    assert not (site.update / "approval.json").exists()


def test_a_denied_version_is_left_alone_until_it_is_allowed(site: OfferedTo) -> None:
    denied.add(site.update, denied.Denied("sha256:" + "a" * 64, NEXT, 2, "2026-11-25T10:00:00Z", "unhealthy"))
    site.offer()
    site.start()
    assert "denied" in site.image["decision"]["waits"]
    assert site.image["denied"][0]["reason"] == "unhealthy"
    with pytest.raises(ControlError, match="not one that this site leaves alone"):
        site.appliance.call("POST", "/v1/update/allow", {"version": "0.0.1"})
    site.appliance.call("POST", "/v1/update/allow", {"version": NEXT, "by": "admin"})
    assert site.installed() == ["--by auto"]
    assert site.image["denied"] == []


def test_only_one_installation_at_a_time(site: OfferedTo) -> None:
    (site.folder / "busy").touch()
    site.offer()
    site.start()
    site.installed()
    assert site.image["installing"] == NEXT
    for call in ("apply", "rollback"):
        with pytest.raises(ControlError, match="under way already"):
            site.appliance.call("POST", f"/v1/update/{call}", {})
    (site.folder / "busy").unlink()
    wait_until(lambda: site.image["installing"] is None)
    assert len(site.runs()) == 1


def test_nothing_is_begun_while_the_journal_says_that_a_switch_is_under_way(site: OfferedTo) -> None:
    site.transaction("switching")
    site.offer()
    site.start()
    assert (site.image["transaction"], site.image["installing"]) == ("switching", NEXT)
    assert site.runs() == []
    site.transaction("rolled_back")
    assert site.installed() == ["--by auto"]


def test_what_was_left_over_is_tidied_at_the_start_and_when_a_replacement_has_ended(site: OfferedTo) -> None:
    site.transaction("switching")
    site.start()
    wait_until(lambda: site.runs("tidy"))
    site.transaction("superseded")
    wait_until(lambda: len(site.runs("tidy")) == 2)


def test_one_goes_back_only_where_a_version_was_installed(site: OfferedTo) -> None:
    site.start()
    with pytest.raises(ControlError, match="nothing to go back to"):
        site.appliance.call("POST", "/v1/update/rollback", {"by": "admin"})
    add(site.update, row(to_version="0.0.8"))
    with pytest.raises(ControlError, match="nothing to go back to"):
        site.appliance.call("POST", "/v1/update/rollback", {"by": "admin"})
    add(site.update, row(to_version=installed_version()))
    site.appliance.call("POST", "/v1/update/rollback", {"by": "admin"})
    assert site.installed() == ["--by admin --back"]
    assert [result["text"] for result in site.image["history"]] == ["So it went."]


def test_a_bundle_is_installed_from_the_data_folder_alone(site: OfferedTo) -> None:
    site.start()
    with pytest.raises(ControlError, match="There is no bundle /etc/hosts in the data folder"):
        site.appliance.call("POST", "/v1/update/bundle", {"path": "/etc/hosts", "by": "admin"})
    file = site.appliance.paths.bundle
    file.parent.mkdir()
    file.write_bytes(b"bundle")
    site.appliance.call("POST", "/v1/update/bundle", {"path": str(file), "by": "admin", "allow_expired": True})
    assert site.installed() == [f"--by admin --bundle {file} --allow-expired"]


def test_the_real_installer_looks_again_and_says_why_it_does_not_install(site: OfferedTo) -> None:
    site.settings(level="notify")
    site.offer()
    site.appliance.environment |= {"DOCKER_HOST": f"unix://{site.folder}/no.sock"}
    site.start(image_commands={})
    site.appliance.call("POST", "/v1/update/apply", {"by": "admin"})
    last = wait_until(lambda: site.image["last_attempt"])
    assert last["what"] == "refused"
    [told] = site.image["history"]
    assert (told["outcome"], told["by"], told["to_version"], told["text"]) == ("refused", "admin", NEXT, last["text"])
    assert site.image["installing"] is None
    assert site.image["decision"]["waits"] == ["approval"]
    assert "could not be tidied" not in site.appliance.log.read_text()


@pytest.mark.parametrize("changed", [{"channel": "beta"}, {"level": "notify"}])
def test_another_channel_or_level_is_looked_up_at_once(site: OfferedTo, changed: dict[str, str]) -> None:
    asked = site.folder / "asked"
    site.settings(level="config")
    site.start(receive_command=["sh", "-c", f"echo . >> {asked}"])
    assert not asked.exists()
    site.settings(kilobytes_per_second=5)
    site.settings(**changed)
    wait_until(asked.exists)
    site.settings(level="off")
    wait_until(lambda: not site.told["checking"])
    assert asked.read_text() == ".\n"


def test_a_replacement_that_is_stuck_is_an_issue_that_names_the_containers(site: OfferedTo) -> None:
    site.transaction("stuck", text="The engine does not start anything.")
    site.start()
    issue = wait_until(lambda: site.appliance.issue("replacement", None))
    assert "The engine does not start anything." in issue["text"]
    assert "dca-prev-abababababab" in issue["text"]
    site.appliance.wait_running()
    site.appliance.wait_running("webui")
    assert site.appliance.call("GET", "/v1/health")["ok"]


def test_a_person_has_the_host_install_what_waits_for_an_approval(site: OfferedTo) -> None:
    site.settings(level="notify")
    site.offer()
    site.start(engine="no socket")
    wanted = site.update / "wanted.json"
    assert set(site.image["decision"]["waits"]) == {"approval", "cannot"}
    assert not wanted.exists()
    site.appliance.call("POST", "/v1/update/apply", {"by": "admin"})
    wait_until(wanted.exists)
    assert f'"from_version":"{installed_version()}"' in wanted.read_text()
    assert "left to the host" in site.image["last_attempt"]["text"]
    assert site.runs() == []


def test_what_the_host_has_installed_is_in_the_history(site: OfferedTo) -> None:
    wanted = site.update / "wanted.json"
    wanted.write_text(f'{{"version":"{installed_version()}","counter":2,"image":"x","from_version":"0.0.9"}}')
    site.start(engine="no socket")
    [told] = site.image["history"]
    assert (told["outcome"], told["by"], told["from_version"]) == ("installed", "host", "0.0.9")
    assert not wanted.exists()


def test_with_updates_off_nothing_is_installed(site: OfferedTo) -> None:
    site.settings(level="off")
    site.start()
    with pytest.raises(ControlError, match=r"update\.level"):
        site.appliance.call("POST", "/v1/update/check", {"rollout": MARKER})
    assert (site.runs(), site.image["decision"]) == ([], None)


def test_a_version_that_ends_too_often_in_its_first_day_is_degraded_and_goes_back_where_that_is_signed(site: OfferedTo) -> None:
    add(site.update, row(to_version=installed_version()))
    signed = site.transaction("committed", installed_version()).to_release | {"late_rollback": True}
    site.transaction("committed", installed_version(), to_release=signed)
    site.start(policy={"first_delay": 0.01, "longest_delay": 0.01, "budget": 1000})
    site.transaction("done", installed_version(), to_release=signed)
    wait_until((site.update / "stability.json").exists)
    assert site.image["degraded"] is None
    for _ in range(6):
        pid = site.appliance.wait_running()
        site.appliance.order("exit 1 crash")
        site.appliance.wait_running(after=pid)
    assert "ended by itself 6 times" in wait_until(lambda: site.image["degraded"])
    site.settings(window="")
    assert site.installed() == ["--by auto --back"]


def test_an_appliance_that_was_killed_counts_as_ended_by_itself_and_one_that_was_stopped_does_not(site: OfferedTo) -> None:
    site.transaction("committed", installed_version())
    site.start()
    site.transaction("done", installed_version())
    record = site.update / "stability.json"
    wait_until(record.exists)
    site.appliance.stop()
    site.start()
    assert '"crashes":0' in record.read_text()
    site.appliance.end()
    site.start()
    assert '"crashes":1' in record.read_text()
