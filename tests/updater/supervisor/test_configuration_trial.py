"""The running appliance and its configuration: checked for, watched, kept or taken back, over power cuts, too."""

import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.common.errors import ControlError
from appliance.settings.configuration_state import Received
from tests.children import Finished, run_child
from tests.updater.answers import send
from tests.updater.configured import ConfiguredSite, configured
from tests.updater.harness import Appliance, wait_until

COLLECTOR = {"name": "collector", "serves": "socket", "arguments": ["--follows"]}
DCA = Path(sys.executable).with_name("dca")
NEVER = {"refresh_start_seconds": 1e6, "refresh_days": 12}
GOOD, DIES, SICK, REFUSES, DIES_LATER = 20, 31, 32, 33, 35
DIES_READING, HANGS_READING, UNDERSTANDS_NOTHING = 36, 37, 38


def reading(minutes: int) -> dict[str, Any]:
    return {"scan": {"read_minutes": minutes}}


class Followed:
    """An appliance of a site that has kept the configuration `reading(30)`."""

    def __init__(self, appliance: Appliance, site: ConfiguredSite) -> None:
        self.appliance = appliance
        self.site = site

    def start(self, **plan: Any) -> None:
        self.appliance.start(COLLECTOR, {"name": "webui"}, **{"times": NEVER, "trial_seconds": 1.5, **plan})
        self.appliance.wait_running("collector")
        self.appliance.wait_running("webui")

    def publish(self, minutes: int) -> None:
        self.site.publish(reading(minutes))
        self.site.server.requests.clear()

    def check(self, **body: Any) -> None:
        self.appliance.call("POST", "/v1/update/check", body)

    @property
    def update(self) -> dict[str, Any]:
        return dict(self.appliance.call("GET", "/v1/status")["update"])

    def checked(self, number: int = 1) -> dict[str, Any]:
        """Wait for the end of so many checks; return the last one."""
        return dict(wait_until(lambda: (last := self.update["last_check"]) and last["number"] >= number and last))

    def wait_state(self, state: str) -> None:
        wait_until(lambda: self.site.received.state == state)

    def wait_kept(self, minutes: int) -> None:
        """Wait until `reading(minutes)` is in force for good."""
        wait_until(lambda: not self.site.in_force.trial and self.site.in_force.layers[0].settings == reading(minutes))

    def require_taken_back(self, poison: int, reason: str, named: str, *, health_check: bool) -> None:
        """Publish a configuration that does harm, and see that the one before comes back, and why."""
        self.site.store.change_site({"health_check": {"enabled": health_check}})
        good = self.site.in_force
        self.start()
        self.publish(poison)

        self.check()

        self.wait_state("failed")
        outcome = self.site.received.outcomes[0]
        assert (outcome.what, outcome.reason) == ("restored", reason)
        assert named in outcome.text
        assert self.site.in_force == good
        self.appliance.wait_running()
        wait_until(lambda: self.minutes() == 30)

    def minutes(self) -> int:
        """Return what the collector has taken."""
        return int((self.appliance.folder / "minutes").read_text())

    def dca(self, *words: str) -> Finished:
        return run_child([DCA, *words], environment=self.site.environment)


@pytest.fixture
def followed(appliance: Appliance) -> Iterator[Followed]:
    for site in configured(appliance.folder):
        site.begin_with(reading(30))
        yield Followed(appliance, site)
        appliance.end()


def test_a_configuration_that_works_is_kept(followed: Followed) -> None:
    followed.start()
    before = followed.appliance.component()["pid"]
    followed.publish(GOOD)

    followed.check()

    followed.wait_state("trial")
    until = wait_until(lambda: followed.update["trial_until"])
    followed.wait_kept(GOOD)
    assert until > followed.site.received.outcomes[1].at
    assert [each.what for each in followed.site.received.outcomes[:2]] == ["kept", "applied"]
    assert followed.minutes() == GOOD
    assert followed.appliance.component()["pid"] == before
    last = followed.update["last_check"]
    assert (last["ok"], last["reason"], followed.update["checking"]) == (True, "", False)
    wait_until(lambda: followed.update["trial_until"] is None)
    assert followed.update["next_check_at"]


@pytest.mark.parametrize("health_check", [True, False])
@pytest.mark.parametrize(
    ("poison", "reason", "named"),
    [
        (DIES, "component", "Killed by the configuration"),
        (DIES_LATER, "component", "exited with code 1"),
        (SICK, "deep", "Made sick by the configuration"),
        (REFUSES, "reload", "This cannot be taken"),
    ],
)
def test_a_configuration_that_does_harm_is_taken_back(
    followed: Followed, poison: int, reason: str, named: str, health_check: bool
) -> None:
    site, good = followed.site, followed.site.in_force

    followed.require_taken_back(poison, reason, named, health_check=health_check)

    wait_until(lambda: followed.appliance.call("GET", "/v1/health")["ok"])

    followed.check(marker=site.received.marker)
    followed.check()
    assert followed.checked(2)["what"] == "unchanged"
    assert site.in_force == good


@pytest.mark.parametrize("health_check", [True, False])
@pytest.mark.parametrize(
    ("poison", "reason", "named"),
    [
        (DIES_READING, "component", "Killed by what it read"),
        (UNDERSTANDS_NOTHING, "reading", "2 of 4 known devices could not be read by it"),
    ],
)
def test_a_configuration_by_which_no_device_can_be_read_is_taken_back(
    followed: Followed, poison: int, reason: str, named: str, health_check: bool
) -> None:
    followed.require_taken_back(poison, reason, named, health_check=health_check)


def test_a_collector_that_hangs_over_a_device_loses_the_trial(followed: Followed) -> None:
    """Nothing is wrong until it reads: then its heartbeat stops, as under a pattern that runs away."""
    followed.appliance.start({**COLLECTOR, "times": {"watchdog_seconds": 1.0}}, {"name": "webui"}, times=NEVER, trial_seconds=0.5)
    followed.appliance.wait_running("collector")
    good = followed.site.in_force
    followed.publish(HANGS_READING)
    followed.check()
    followed.wait_state("failed")
    assert followed.site.received.outcomes[0].reason in ("heartbeat", "component"), "the trial lasts until the devices are read"
    assert followed.site.in_force == good
    followed.appliance.wait_running()


def test_what_is_kept_says_how_many_devices_were_read_by_it(followed: Followed) -> None:
    followed.start(trial_seconds=0.5)
    followed.publish(GOOD)
    followed.check()
    followed.wait_kept(GOOD)
    assert "Of 4 known devices 3 were read by it." in followed.site.received.outcomes[0].text


# The day after


QUICK = {"first_delay": 0.05, "longest_delay": 0.1, "budget": 50}


def keep(followed: Followed, minutes: int, collector: dict[str, Any] = COLLECTOR) -> None:
    """Start an appliance and have it keep a configuration."""
    followed.appliance.start(collector, {"name": "webui"}, times=NEVER, trial_seconds=0.3, policy=QUICK)
    followed.appliance.wait_running("collector")
    followed.appliance.wait_running("webui")
    followed.publish(minutes)
    followed.check()
    followed.wait_kept(minutes)


def end_collector(followed: Followed, order: str) -> None:
    """Have the collector end by itself, and wait for the next one."""
    before = followed.appliance.wait_running()
    followed.appliance.order(order)
    followed.appliance.wait_running(after=before)


@pytest.mark.parametrize("order", ["exit 1 Again.", "exit 0 Again."])
def test_a_collector_that_ends_again_and_again_after_the_trial_takes_the_change_back(followed: Followed, order: str) -> None:
    good = followed.site.in_force
    keep(followed, GOOD)
    for _ in range(2):
        end_collector(followed, order)
    assert (followed.site.in_force.ends, followed.site.received.state) == (2, "kept")

    end_collector(followed, order)

    followed.wait_state("failed")
    outcome = followed.site.received.outcomes[0]
    assert (outcome.what, outcome.reason, followed.site.in_force) == ("restored", "ends", good)
    assert "the collector ended by itself 3 times since it was kept" in outcome.text
    wait_until(lambda: followed.minutes() == 30)
    followed.check(marker=followed.site.received.marker)
    assert followed.site.in_force == good


@pytest.mark.parametrize("order", ["hang", "eat 200"])
def test_kills_of_the_health_check_count(followed: Followed, order: str) -> None:
    followed.site.store.change_site({"health_check": {"memory_ceiling_mb": 100}})
    keep(followed, GOOD, {**COLLECTOR, "times": {"watchdog_seconds": 1.0}})
    for _ in range(3):
        end_collector(followed, order)
    followed.wait_state("failed")
    assert followed.site.received.outcomes[0].reason == "ends"


def test_the_count_goes_on_where_the_appliance_starts_anew(followed: Followed) -> None:
    keep(followed, GOOD)
    for _ in range(2):
        end_collector(followed, "exit 1 Again.")
    followed.appliance.stop(signal.SIGKILL)
    followed.start(policy=QUICK)
    end_collector(followed, "exit 1 Again.")
    followed.wait_state("failed")


def test_a_restart_that_somebody_asked_for_is_no_end(followed: Followed) -> None:
    keep(followed, GOOD)
    for _ in range(4):
        before = followed.appliance.wait_running()
        followed.appliance.call("POST", "/v1/components/collector/restart", {})
        followed.appliance.wait_running(after=before)
    assert (followed.site.in_force.ends, followed.site.received.state) == (0, "kept")


def test_what_was_kept_long_ago_is_not_taken_back(followed: Followed) -> None:
    keep(followed, GOOD)
    followed.appliance.stop()

    def age(received: Received) -> Received:
        assert received.in_force is not None
        return replace(received, in_force=replace(received.in_force, kept_at="2026-01-01T00:00:00Z"))

    followed.site.store.change_received(age)
    followed.start(policy=QUICK)
    for _ in range(4):
        end_collector(followed, "exit 1 Again.")
    assert (followed.site.in_force.ends, followed.site.received.state) == (0, "kept")


def test_what_was_down_before_does_not_condemn_at_once_but_is_not_kept(followed: Followed) -> None:
    followed.appliance.start(COLLECTOR, {"name": "webui", "command": ["/nowhere"]}, times=NEVER, trial_seconds=1.0)
    followed.appliance.wait_running("collector")
    followed.publish(GOOD)
    followed.check()
    followed.wait_state("failed")
    outcome = followed.site.received.outcomes[0]
    assert "webui does not run" in outcome.text


def test_a_power_cut_in_the_trial_begins_it_anew(followed: Followed) -> None:
    followed.start(trial_seconds=1000)
    followed.publish(GOOD)
    followed.check()
    wait_until(lambda: followed.site.in_force.watches == 1)

    followed.appliance.stop(signal.SIGKILL)
    assert followed.site.received.state == "trial"
    followed.start(trial_seconds=0.5)

    followed.wait_state("kept")
    assert followed.minutes() == GOOD


def test_a_trial_that_is_cut_short_each_time_is_taken_back(followed: Followed) -> None:
    good = followed.site.in_force
    followed.publish(GOOD)
    followed.site.check()
    for number in range(1, 4):
        followed.start(trial_seconds=1000)
        wait_until(lambda number=number: followed.site.in_force.watches == number)  # type: ignore[misc]
        followed.appliance.stop(signal.SIGKILL)

    followed.start(trial_seconds=1000)

    followed.wait_state("failed")
    assert followed.site.received.outcomes[0].reason == "cut short"
    assert followed.site.in_force == good


def test_a_collector_that_dies_at_its_start_after_a_power_cut_gets_the_old_configuration(followed: Followed) -> None:
    followed.publish(DIES)
    followed.site.check()
    followed.appliance.start(COLLECTOR, times=NEVER, trial_seconds=1000)
    followed.wait_state("failed")
    followed.appliance.wait_running()
    assert followed.minutes() == 30


def test_another_configuration_during_a_trial_takes_its_place(followed: Followed) -> None:
    good = followed.site.in_force
    followed.start(trial_seconds=60)
    followed.publish(21)
    followed.check()
    wait_until(lambda: followed.site.in_force.watches == 1)
    followed.publish(DIES)
    followed.check()
    followed.wait_state("failed")
    assert followed.site.in_force == good


def test_a_refusal_during_a_trial_does_not_end_it(followed: Followed) -> None:
    followed.start(trial_seconds=4)
    followed.publish(GOOD)
    followed.check()
    wait_until(lambda: followed.site.in_force.watches == 1)
    followed.site.publish({"snmp": {"port": 9999}})
    followed.check()
    followed.wait_state("refused")
    wait_until(lambda: not followed.site.in_force.trial)
    assert (followed.site.received.state, followed.minutes()) == ("refused", GOOD)


def test_what_a_check_applied_that_was_killed_then_is_watched_too(followed: Followed) -> None:
    code = "import os, signal; from updater.cli import main; main(['receive']); os.kill(os.getpid(), signal.SIGKILL)"
    followed.publish(GOOD)
    followed.start(receive_command=[sys.executable, "-c", code])
    followed.check()
    last = followed.checked()
    assert (last["ok"], last["reason"], "SIGKILL" in last["text"]) == (False, "process", True)
    followed.wait_kept(GOOD)
    assert followed.minutes() == GOOD


def test_a_check_that_answers_nonsense_is_one_that_failed(followed: Followed) -> None:
    followed.start(receive_command=[sys.executable, "-c", "print('no JSON')"])
    followed.check()
    assert followed.checked()["reason"] == "process"


def test_a_site_checks_by_itself(followed: Followed) -> None:
    followed.publish(GOOD)
    followed.start(times={"refresh_start_seconds": 0.1})
    followed.wait_kept(GOOD)


def test_failed_checks_are_made_again_with_backoff(followed: Followed) -> None:
    followed.site.server.behaviours["metadata/timestamp.json"] = send(b"", status=503)
    followed.start(times={"refresh_start_seconds": 0.1, "refresh_retries": {"first": 0.2}})
    last = followed.checked(3)
    assert (last["ok"], last["reason"]) == (False, "answer")
    followed.site.server.behaviours.clear()
    wait_until(lambda: followed.update["last_check"]["ok"])


def test_nothing_is_fetched_for_a_marker_that_was_dealt_with(followed: Followed) -> None:
    followed.start()
    followed.site.server.requests.clear()
    followed.check(marker=followed.site.received.marker)
    followed.check(marker="0123456789abcdef")
    assert followed.checked()["number"] == 1
    requests = list(followed.site.server.requests)
    assert requests

    followed.check(marker="0123456789abcdef")  # it was not there a moment ago
    followed.check(marker=followed.site.received.marker)
    assert (followed.update["checking"], followed.site.server.requests) == (False, requests)


def test_what_is_no_marker_is_not_understood(followed: Followed) -> None:
    followed.start()
    for marker in ("--help", 17, "0123"):
        with pytest.raises(ControlError, match="marker"):
            followed.check(marker=marker)


def test_level_off_makes_no_connection_at_all(followed: Followed) -> None:
    followed.site.store.change_site({"update": {"level": "off"}})
    followed.publish(GOOD)
    followed.start(times={"refresh_start_seconds": 0.1, "refresh_days": 0.1 / 86400})
    with pytest.raises(ControlError, match=r"update\.level"):
        followed.check()
    with pytest.raises(ControlError, match=r"update\.level"):
        followed.check(marker="0123456789abcdef")
    status = followed.update
    assert (status["last_check"], status["next_check_at"], status["checking"]) == (None, None, False)
    finished = followed.dca("update", "check")
    assert (finished.returncode, "update.level" in finished.stderr) == (1, True)
    assert followed.site.server.requests == []


def test_the_traffic_of_checks_is_handed_to_the_collector(followed: Followed) -> None:
    followed.start()
    followed.check()
    followed.checked()
    posted = wait_until(lambda: (file := followed.appliance.folder / "posted").exists() and json.loads(file.read_bytes()))
    assert posted["traffic"].keys() == {"update"}
    assert posted["traffic"]["update"]["bytes_received"] > 500


def test_going_back_holds_until_another_is_published(followed: Followed) -> None:
    site = followed.site
    good = site.in_force
    followed.start(trial_seconds=0.5)
    followed.publish(GOOD)
    followed.check()
    followed.wait_kept(GOOD)

    finished = followed.dca("update", "back")

    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout.startswith("The configuration before (site version 1) is in force again")
    assert (site.in_force, site.received.state, site.received.outcomes[0].what) == (good, "held", "gone_back")
    assert followed.minutes() == 30
    finished = followed.dca("update", "check")
    assert (finished.returncode, finished.stdout) == (0, "There is no new configuration.\n")
    assert site.received.state == "held"
    followed.publish(22)
    assert "site version 3" in followed.dca("update", "check").stdout
    followed.wait_kept(22)
    assert followed.minutes() == 22


def test_going_back_ends_a_trial_and_at_last_leaves_none(followed: Followed) -> None:
    followed.start(trial_seconds=1000)
    followed.publish(GOOD)
    followed.check()
    wait_until(lambda: followed.update["trial_until"])

    assert "site version 1" in followed.appliance.call("POST", "/v1/update/back", {})["text"]
    wait_until(lambda: followed.update["trial_until"] is None)
    assert followed.minutes() == 30
    assert "none of the hosting server" in followed.appliance.call("POST", "/v1/update/back", {})["text"]
    assert followed.minutes() == 60
    with pytest.raises(ControlError, match="nothing to go back from"):
        followed.appliance.call("POST", "/v1/update/back", {})
    finished = followed.dca("update", "back")
    assert (finished.returncode, "nothing to go back from" in finished.stderr) == (1, True)


def test_the_commands_tell_the_outcome_in_a_sentence(followed: Followed) -> None:
    followed.start()
    followed.site.publish({"snmp": {"port": 9999}})
    finished = followed.dca("update", "check")
    assert finished.returncode == 1
    assert finished.stderr.startswith("dca: The hosting server may not have devices asked at port 9999")


def test_the_commands_say_when_the_appliance_does_not_run(followed: Followed) -> None:
    for word in ("check", "back"):
        finished = followed.dca("update", word)
        assert finished.returncode == 1
        assert "The appliance is not running" in finished.stderr
