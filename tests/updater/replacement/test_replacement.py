"""Whole replacements on a model of the engine: wherever they are cut off, one healthy appliance is left."""

import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.common.paths import Paths
from appliance.process.lock import MainLock
from tests.updater.engine_model import Behaviour, KilledError, ModelEngine, PowerCutError, When
from tests.updater.transactions import NEW_IMAGE, OLD_ID, OLD_IMAGE, TRANSACTION, transaction
from updater.errors import EngineError, EngineFailure
from updater.records import denied, history
from updater.records.journal import Journal, Phase, Transaction
from updater.replacement.command import alone_since
from updater.replacement.gate_observer import GateObserver, Timer
from updater.replacement.helper_container import body_of, rebuilt
from updater.replacement.replacement import Replacement

BEHAVIOURS: tuple[Behaviour, ...] = ("good", "crashing", "never ready", "no contact", "unwell", "cut off")
POLICIES = ("always", "unless-stopped", "on-failure", "no")
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""Each write is made durable, hundreds of times."""
CALLS = 24
"""More than any replacement makes."""


@dataclass
class Site:
    """One appliance with its engine, in front of an update."""

    paths: Paths
    engine: ModelEngine
    policy: str = "always"
    told: list[str] = field(default_factory=list)

    @classmethod
    def made(cls, folder: Path, behaviour: Behaviour = "good", policy: str = "always") -> "Site":
        paths = Paths(folder, folder / "run")
        paths.update.mkdir()
        paths.settings.write_bytes(b'{"settings": {}}')
        site = cls(paths, ModelEngine(paths.update, behaviour=behaviour, policy=policy), policy)
        restart = {"Name": policy, "MaximumRetryCount": 0}
        Journal(paths.update).write(transaction(restart_policy=restart))
        return site

    def switch(self) -> Transaction:
        """Run the switcher once, from what the journal says."""
        found = Journal(self.paths.update).read()
        assert found is not None
        timer = Timer(self.engine.now, self.engine.wait_seconds)
        self.engine.seconds += 0.001
        since = alone_since(found, {"State": {"StartedAt": self.engine.moment.isoformat()}})
        watch = GateObserver(self.engine, self.paths, timer, lambda _wanted, _ways: True, since=since)
        return Replacement(found, watch, lambda stage, _text: self.told.append(stage)).run()

    def run(self) -> Transaction:
        """Run it as often as it is cut off."""
        while True:
            try:
                return self.switch()
            except KilledError:
                continue
            except PowerCutError:
                self.engine.reboot()
            except EngineError as error:
                if error.kind != "unreachable":
                    raise
                self.engine.wait_seconds(30)

    def check_installed(self) -> None:
        """The new version runs as the old one did, and nothing is left of that."""
        assert [(one["Name"], one["Image"]) for one in self.engine.mains] == [("dca", NEW_IMAGE)]
        assert self.engine.tags["dca/appliance:stable"] == NEW_IMAGE
        assert self.engine.tags[f"dca/appliance:rollback-dca-{TRANSACTION}"] == OLD_IMAGE
        self._check_alone()
        assert denied.read(self.paths.update) == ()

    def check_rolled_back(self) -> None:
        """The old version runs as before, and the release is denied."""
        assert [(one["Name"], one["Image"], one["Id"]) for one in self.engine.mains] == [("dca", OLD_IMAGE, OLD_ID)]
        assert self.engine.tags["dca/appliance:stable"] == OLD_IMAGE
        self._check_alone()
        assert [entry.version for entry in denied.read(self.paths.update)] == ["0.2.0"]

    def _check_alone(self) -> None:
        assert len(self.engine.all) == 1
        assert self.engine.mains[0]["HostConfig"]["RestartPolicy"]["Name"] == self.policy


def row(site: Site) -> tuple[str, str]:
    (result,) = history.read(site.paths.update)
    return result.outcome, result.reason


@pytest.mark.parametrize("policy", POLICIES)
def test_good_version_is_installed(tmp_path: Path, policy: str) -> None:
    site = Site.made(tmp_path, "good", policy)
    assert site.run().phase == "done"
    site.check_installed()
    assert row(site) == ("installed", "")


def test_steps_come_in_their_order(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.run()
    new = next(iter(site.engine.all))
    assert site.engine.done == [
        f"tag {OLD_IMAGE} dca/appliance:rollback-dca-{TRANSACTION}",
        f"policy {OLD_ID} no",
        f"stop {OLD_ID}",
        f"rename {OLD_ID} dca-prev-{TRANSACTION}",
        f"tag {NEW_IMAGE} dca/appliance:stable",
        "create dca",
        f"start {new}",
        f"policy {new} always",
        f"remove {OLD_ID}",
    ]
    assert list(dict.fromkeys(site.told)) == ["switching", "gate", "finishing"]


@pytest.mark.parametrize("step", ["tag", "policy", "stop", "rename", "create"])
def test_image_that_is_pruned_before_anything_runs_of_it_costs_an_attempt_and_no_release(tmp_path: Path, step: str) -> None:
    site = Site.made(tmp_path)

    def prune(call: str, _arguments: tuple[object, ...]) -> None:
        if call == step:
            site.engine.pruned.add(NEW_IMAGE)

    site.engine.refuses = prune
    assert site.run().phase == "rolled_back"
    assert row(site) == ("rolled_back", "image gone")
    assert denied.read(site.paths.update) == ()
    assert [(one["Name"], one["Id"]) for one in site.engine.mains] == [("dca", OLD_ID)]
    if step in ("tag", "policy"):
        assert not any(done.startswith("stop") for done in site.engine.done), "the version before goes on meanwhile"


REASONS: dict[Behaviour, str] = {
    "crashing": "ended",
    "never ready": "deadline",
    "no contact": "no contact",
    "cut off": "no contact",
    "unwell": "unhealthy",
}


@pytest.mark.parametrize(("behaviour", "reason"), REASONS.items())
def test_bad_version_is_rolled_back_and_denied(tmp_path: Path, behaviour: Behaviour, reason: str) -> None:
    site = Site.made(tmp_path, behaviour)
    assert site.run().phase == "rolled_back"
    site.check_rolled_back()
    assert row(site) == ("rolled_back", reason)
    (result,) = history.read(site.paths.update)
    assert result.log == "the last words\n"


@pytest.mark.parametrize("crash", [KilledError, PowerCutError])
@pytest.mark.parametrize("policy", ["unless-stopped", "always"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_one_crash_at_every_call(when: When, behaviour: Behaviour, policy: str, crash: type[BaseException]) -> None:
    for number in range(CALLS):
        with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
            site = Site.made(Path(folder), behaviour, policy)
            site.engine.crashes[number] = (when, crash)
            site.run()
            if behaviour == "good":
                site.check_installed()
            else:
                site.check_rolled_back()
            if number >= site.engine.calls:
                break
    else:
        raise AssertionError("more calls than that: raise CALLS")


crashes = st.dictionaries(
    st.integers(0, CALLS),
    st.tuples(st.sampled_from(["before", "after"]), st.sampled_from([KilledError, PowerCutError])),
    max_size=9,
)
faults = st.dictionaries(st.integers(0, CALLS), st.sampled_from(["unreachable", "broken", "conflict", "refused"]), max_size=4)


@settings(deadline=None, max_examples=150)
@given(behaviour=st.sampled_from(BEHAVIOURS), policy=st.sampled_from(POLICIES), crashes=crashes, faults=faults)
def test_any_crashes_and_faults_end_in_one_healthy_appliance(
    behaviour: Behaviour,
    policy: str,
    crashes: dict[int, tuple[When, type[BaseException]]],
    faults: dict[int, EngineFailure],
) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        site = Site.made(Path(folder), behaviour, policy)
        site.engine.crashes, site.engine.faults = dict(crashes), faults
        ended = site.run()
        if ended.phase == "done":
            assert behaviour == "good"
            site.check_installed()
        else:
            assert ended.phase == "rolled_back"
            assert behaviour != "good" or crashes or faults
            site.check_rolled_back()


@settings(deadline=None, max_examples=60)
@given(crashes=crashes.filter(lambda found: len(found) < 6), policy=st.sampled_from(POLICIES))
def test_good_version_is_installed_whatever_the_power_does(
    crashes: dict[int, tuple[When, type[BaseException]]], policy: str
) -> None:
    with tempfile.TemporaryDirectory(dir=IN_MEMORY) as folder:
        site = Site.made(Path(folder), "good", policy)
        site.engine.crashes = dict(crashes)
        site.run()
        site.check_installed()


def test_switcher_that_never_comes_to_its_end_goes_back(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine.crashes = dict.fromkeys(range(6), ("before", KilledError))
    assert site.run().phase == "rolled_back"
    site.check_rolled_back()
    assert row(site) == ("rolled_back", "attempts")


def test_port_that_is_taken_goes_back(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine.refuses = lambda call, arguments: "conflict" if call == "start" and arguments != (OLD_ID,) else None
    assert site.run().phase == "rolled_back"
    site.check_rolled_back()
    assert row(site) == ("rolled_back", "conflict")


def test_engine_that_is_away_for_an_hour_is_no_attempt(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine.refuses = lambda _call, _arguments: "unreachable" if site.engine.seconds < 3600 else None
    assert site.run().phase == "done"
    assert site.engine.seconds > 3600
    site.check_installed()


def test_old_container_that_a_person_removed_is_made_again(tmp_path: Path) -> None:
    site = Site.made(tmp_path, "never ready")
    remove = site.engine.all.pop

    def removes_old(call: str, _arguments: tuple[object, ...]) -> EngineFailure | None:
        if call == "start":
            remove(OLD_ID, None)
        return None

    site.engine.refuses = removes_old
    assert site.run().phase == "rolled_back"
    assert [(one["Name"], one["Image"]) for one in site.engine.mains] == [("dca", OLD_IMAGE)]


def test_failing_way_back_starts_what_can_start_and_removes_nothing(tmp_path: Path) -> None:
    site = Site.made(tmp_path, "never ready")
    healed = 7200.0

    def refuses(call: str, arguments: tuple[object, ...]) -> EngineFailure | None:
        return "broken" if call == "remove" and site.engine.seconds < healed else None

    site.engine.refuses = refuses
    phases: list[Phase] = []
    wait = site.engine.wait_seconds

    def observe(seconds: float) -> None:
        wait(seconds)
        found = Journal(site.paths.update).read()
        assert found is not None
        phases.append(found.phase)
        if found.phase == "stuck" and seconds >= 60:
            assert len(site.engine.mains) == 1
            assert len(site.engine.all) == 2
            if site.engine.seconds > healed:  # a person takes the new one away
                site.engine.all = {OLD_ID: site.engine.all[OLD_ID]}

    site.engine.wait_seconds = observe  # type: ignore[method-assign]
    assert site.run().phase == "rolled_back"
    assert "stuck" in phases
    site.check_rolled_back()
    assert row(site)[0] == "rolled_back"


def test_tag_that_somebody_moved_is_noticed(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    create = site.engine.create

    def create_of_another(name: str, body: dict[str, Any]) -> str:
        return create(name, body | {"Image": "sha256:" + "3" * 64})

    site.engine.create = create_of_another  # type: ignore[method-assign]
    site.run()
    site.check_rolled_back()
    assert row(site) == ("rolled_back", "image")


def test_compose_that_replaces_the_new_container_is_given_way(tmp_path: Path) -> None:
    site = Site.made(tmp_path)

    def compose(call: str, _arguments: tuple[object, ...]) -> EngineFailure | None:
        if call == "create":
            made = site.engine._create("dca", {"Image": OLD_IMAGE, "Labels": {"dca.role": "main"}})
            site.engine._set(made, "running")
        return None

    site.engine.refuses = compose
    with MainLock(site.paths.main_lock):
        assert site.run().phase == "superseded"
    assert row(site) == ("superseded", "superseded")
    assert OLD_ID in site.engine.all, "left to the janitor"


def test_foreign_container_with_the_name_is_a_reason_to_call_for_help(tmp_path: Path) -> None:
    site = Site.made(tmp_path)

    def foreign(call: str, arguments: tuple[object, ...]) -> EngineFailure | None:
        if call == "create":
            site.engine._create("dca", {"Image": "sha256:" + "3" * 64})
        return None

    site.engine.refuses = foreign
    wait = site.engine.wait_seconds

    def remove_later(seconds: float) -> None:
        wait(seconds)
        found = Journal(site.paths.update).read()
        if found is not None and found.phase == "stuck" and site.engine.seconds > 1800:
            assert [one["Id"] for one in site.engine.mains] == [OLD_ID]
            site.engine.all = {OLD_ID: site.engine.all[OLD_ID]}

    site.engine.wait_seconds = remove_later  # type: ignore[method-assign]
    assert site.run().phase == "rolled_back"
    site.check_rolled_back()


@pytest.mark.parametrize(
    ("kept", "readable"), [(b'{"settings": {"1": {"web": {"port": 8080}}}}', True), (b'{"settings": 7}', False)]
)
def test_settings_go_back_only_where_the_old_version_cannot_read_them(tmp_path: Path, kept: bytes, readable: bool) -> None:
    site = Site.made(tmp_path, "never ready")

    def migrates(call: str, arguments: tuple[object, ...]) -> EngineFailure | None:
        if call == "start" and arguments != (OLD_ID,):
            site.paths.settings.write_bytes(kept)
        return None

    site.engine.refuses = migrates
    site.run()
    found = json.loads(site.paths.settings.read_bytes())
    assert found == (json.loads(kept) if readable else {"settings": {}})


@pytest.mark.parametrize("number", range(CALLS // 2))
def test_journal_that_is_lost_in_the_middle_leads_back(tmp_path: Path, number: int) -> None:
    site = Site.made(tmp_path)
    site.engine.crashes[number] = ("after", KilledError)
    begun = Journal(site.paths.update).read()
    assert begun is not None
    try:
        site.switch()
    except KilledError:
        for file in site.paths.update.glob("journal*.json"):
            file.unlink()
        way_back = rebuilt(body_of(begun)[0]["Labels"])
        assert way_back is not None
        if OLD_ID not in site.engine.all:
            return  # it was committed, and there is nothing to go back to
        Journal(site.paths.update).write(way_back)
        site.switch()
        site.check_rolled_back()
