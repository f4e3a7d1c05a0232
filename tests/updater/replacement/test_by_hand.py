"""A person who stops, starts or removes a container while it is being replaced is obeyed; on a model of the engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.updater.engine_model import KilledError
from tests.updater.replacement.test_replacement import Site, row
from tests.updater.transactions import NEW_IMAGE, OLD_ID
from updater.errors import EngineFailure
from updater.records.journal import Journal, Transaction

LONG = 600.0


class Person:
    """Acts once, `after` so many seconds of the trial of the new version, and again a long time later."""

    def __init__(self, site: Site, first: Callable[["Person"], None], then: Callable[["Person"], None]) -> None:
        self.site = site
        self.engine = site.engine
        self.running: list[list[str]] = []
        """The images that ran, at each moment between the two acts."""
        self._acts = [first, then]
        self._acted_at = 0.0
        self._wait = site.engine.wait_seconds
        site.engine.wait_seconds = self.wait  # type: ignore[method-assign]

    @property
    def new(self) -> str:
        return next(str(one["Id"]) for one in self.engine.all.values() if one["Image"] == NEW_IMAGE)

    def stop(self, container: str) -> None:
        self.engine._stop(container)
        self.engine.by_hand.add(container)

    def start(self, container: str) -> None:
        self.engine._start(container)

    @property
    def journal(self) -> Transaction:
        found = Journal(self.site.paths.update).read()
        assert found is not None
        return found

    def wait(self, seconds: float) -> None:
        self._wait(seconds)
        if len(self._acts) == 2:
            self._acts.pop(0)(self)
            self._acted_at = self.engine.seconds
        elif self._acts:
            self.running.append([one["Image"] for one in self.engine.mains])
            if self.engine.seconds - self._acted_at > LONG:
                self._acts.pop(0)(self)


@pytest.mark.parametrize("policy", ["always", "unless-stopped", "no"])
def test_a_new_version_that_is_stopped_stays_so_until_it_is_started_and_then_goes_on(tmp_path: Path, policy: str) -> None:
    site = Site.made(tmp_path, "good", policy)
    person = Person(site, lambda them: them.stop(them.new), lambda them: them.start(them.new))
    assert site.run().phase == "done"
    assert set(map(tuple, person.running)) == {()}, "nothing was started against that"
    site.check_installed()


def test_a_person_who_starts_the_version_before_gets_it(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    person = Person(site, lambda them: them.stop(them.new), lambda them: them.start(OLD_ID))
    assert site.run().phase == "rolled_back"
    assert set(map(tuple, person.running)) == {()}
    site.check_rolled_back()
    assert row(site) == ("rolled_back", "by hand")


@pytest.mark.parametrize(("policy", "held"), [("unless-stopped", True), ("no", True), ("always", False)])
def test_what_an_engine_starts_with_the_machine_is_not_left_alone_over_a_restart_of_the_switcher(
    tmp_path: Path, policy: str, held: bool
) -> None:
    site = Site.made(tmp_path, "good", policy)

    def forgets(them: Person) -> None:
        them.engine.by_hand.clear()  # an engine that starts has no events of before
        raise KilledError

    person = Person(site, lambda them: them.stop(them.new), forgets)
    with pytest.raises(KilledError):
        site.switch()
    assert person.journal.held is held
    later = Person(site, lambda them: None, lambda them: them.start(them.new))
    assert site.run().phase == "done"
    assert later.running.count([]) == (len(later.running) if held else 0)
    site.check_installed()


def test_a_new_version_that_is_stopped_right_after_the_commit_is_not_started(tmp_path: Path) -> None:
    site = Site.made(tmp_path)

    def stops(call: str, arguments: tuple[object, ...]) -> EngineFailure | None:
        if call == "policy" and arguments[0] != OLD_ID:
            site.engine._stop(str(arguments[0]))
            site.engine.by_hand.add(str(arguments[0]))
        return None

    site.engine.refuses = stops
    assert site.run().phase == "done"
    [new] = site.engine.all.values()
    assert (new["Image"], new["State"]["Status"]) == (NEW_IMAGE, "exited")
    assert new["HostConfig"]["RestartPolicy"]["Name"] == "always"


def test_an_old_version_that_is_stopped_before_the_switch_has_begun_is_left_alone(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine._stop(OLD_ID)
    site.engine.by_hand.add(OLD_ID)

    def starts(them: Person) -> None:
        them.engine.by_hand.clear()
        them.start(OLD_ID)

    person = Person(site, lambda them: None, starts)
    assert site.run().phase == "done"
    assert set(map(tuple, person.running)) == {()}
    site.check_installed()


@pytest.mark.parametrize("call", ["tag", "policy", "stop"])
def test_a_stop_that_meets_the_switch_is_obeyed_until_the_appliance_is_started(tmp_path: Path, call: str) -> None:
    """Fenced, the old version is about to be stopped by us as well: only how often it was stopped tells."""
    site = Site.made(tmp_path)

    def stops(called: str, _arguments: tuple[object, ...]) -> EngineFailure | None:
        if called == call and not site.engine.stopped:
            site.engine._stop(OLD_ID)
            site.engine.by_hand.add(OLD_ID)
        return None

    def starts(them: Person) -> None:
        them.engine.by_hand.clear()
        them.start(OLD_ID)

    site.engine.refuses = stops
    person = Person(site, lambda them: None, starts)
    assert site.run().phase == "done"
    assert set(map(tuple, person.running)) == {()}
    site.check_installed()


def test_a_stop_that_came_while_the_switcher_began_is_obeyed_though_the_old_version_still_ends(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine.stopped.append((OLD_ID, site.engine.moment.timestamp()))

    def starts(them: Person) -> None:
        them.start(OLD_ID)

    person = Person(site, lambda them: None, starts)
    assert site.run().phase == "done"
    assert set(map(tuple, person.running)) == {()}
    site.check_installed()


def test_a_stop_of_another_life_of_the_old_version_is_forgotten(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    site.engine._stop(OLD_ID)
    site.engine._start(OLD_ID)
    assert site.run().phase == "done"
    site.check_installed()


def test_an_old_version_that_was_killed_and_is_started_by_its_engine_while_it_is_stopped_was_stopped_by_nobody_else(
    tmp_path: Path,
) -> None:
    """What the switcher saw last was the life before; its own stop ended the next one."""
    site = Site.made(tmp_path)
    killed: list[str] = []

    def kills(called: str, _arguments: tuple[object, ...]) -> EngineFailure | None:
        if called == "stop" and not killed:
            killed.append(OLD_ID)
            site.engine._set(OLD_ID, "exited")
            site.engine._start(OLD_ID)
        return None

    def fails(_them: Person) -> None:
        raise AssertionError("nobody has stopped it, and nothing runs")

    site.engine.refuses = kills
    Person(site, lambda them: None, fails)
    assert site.run().phase == "done"
    site.check_installed()


def test_a_stop_of_a_switcher_that_is_gone_is_nobody_else_s(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    [stop] = [number for number, call in enumerate(_calls(tmp_path / "other")) if call.startswith("stop")]
    site.engine.crashes = {stop: ("after", KilledError)}
    assert site.run().phase == "done"
    site.check_installed()


def _calls(folder: Path) -> list[str]:
    """Return what an undisturbed update asks of the engine."""
    folder.mkdir()
    undisturbed = Site.made(folder)
    undisturbed.run()
    return undisturbed.engine.done


def test_one_that_is_removed_is_not_waited_for(tmp_path: Path) -> None:
    site = Site.made(tmp_path)
    Person(site, lambda them: them.engine.remove(them.new, force=True), lambda them: None)
    assert site.run().phase == "rolled_back"
    assert site.engine.seconds < 60
    site.check_rolled_back()
