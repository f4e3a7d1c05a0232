"""What happens to a site while it changes its version: a port is taken, the engine is restarted, the new container is removed."""

import json
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import docker
import pytest

from tests.children import wait_until
from tests.engine.client import DOCKER
from tests.engine.door import Call
from tests.engine.matrix import Matrix
from tests.engine.points import step_of
from tests.engine.site import Wanted

DEADLINE, STEADY = 12.0, 2.0
DOWN_SECONDS = 25.0


@pytest.fixture
def installed(matrix: Matrix) -> Matrix:
    """Return the site with the first version, just installed."""
    matrix.begin("unless-stopped")
    return matrix


def update(matrix: Matrix, steady: float = STEADY) -> str:
    """Begin the update to the second version; return its transaction."""
    mark = secrets.token_hex(6)
    beginning = matrix.site.begin(mark, matrix.images["good"][1], "9.0.2", deadline=DEADLINE, steady=steady)
    beginning.communicate(timeout=60)
    return mark


def at(matrix: Matrix, step: str) -> Callable[[Call], bool]:
    """Return what tells the call of the switcher that is this step."""
    old = matrix.site.container()["Id"]
    return lambda call: call.changes and matrix.site.role(call.container) == "switcher" and step_of(call, old) == step


def take_port(matrix: Matrix, taken: ExitStack) -> None:
    """Let somebody take the published port right before the new container is started, until `taken` is closed."""

    def take(_call: Call) -> None:
        taken.enter_context(socket.create_server(("127.0.0.1", matrix.site.port)))

    matrix.site.door.at(at(matrix, "start new"), take, when="before", answers=True)


def test_a_port_that_was_taken_meanwhile_leads_back_to_the_version_before(installed: Matrix) -> None:
    site = installed.site
    before = site.image_id(installed.images["good"][0])
    with ExitStack() as taken:
        take_port(installed, taken)
        site.door.at(at(installed, "start old"), lambda _: taken.close(), when="before", answers=True)
        mark = update(installed)
        # The port is free again before the version before is started; else that could not run either.
        wait_until("it goes back", lambda: site.result(mark), 120)

    _, problems = site.wait_end(Wanted(mark, before, "rolled_back", denied=True))
    assert problems == []


def test_a_port_that_stays_taken_costs_nothing_but_the_time_until_it_is_free(installed: Matrix) -> None:
    site = installed.site
    before = site.image_id(installed.images["good"][0])
    with ExitStack() as taken:
        take_port(installed, taken)
        mark = update(installed)
        wait_until("neither version can be started", lambda: site.journal is not None and site.journal.phase == "stuck", 120)
        assert set(site.docker("ps", "--all", "--format", "{{.Names}}").split()) == {"dca", "dca-updater"}
        assert "Free the port" in site.docker("logs", "dca-updater")

    _, problems = site.wait_end(Wanted(mark, before, "rolled_back", denied=True))
    assert problems == []


def test_an_engine_that_is_restarted_in_the_middle_is_waited_for(installed: Matrix) -> None:
    site = installed.site
    site.door.at(at(installed, "create new"), lambda _: site.engine.restart(), when="before")
    mark = update(installed)

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []


def test_an_administrator_who_removes_the_new_container_gets_the_version_before(installed: Matrix) -> None:
    site = installed.site
    before = site.image_id(installed.images["good"][0])
    old = site.container()["Id"]
    mark = update(installed)

    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker("rm", "--force", "dca")

    _, problems = site.wait_end(Wanted(mark, before, "rolled_back", denied=True))
    assert problems == []


def _runs_anew(matrix: Matrix, old: str) -> bool:
    try:
        container = matrix.site.container()
    except docker.errors.NotFound:
        return False
    return bool(container["Id"] != old and container["State"]["Running"])


def test_an_administrator_who_stops_the_new_container_is_obeyed_until_he_starts_it(installed: Matrix) -> None:
    site = installed.site
    old = site.container()["Id"]
    mark = update(installed)
    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker("stop", "dca")

    stays_down(installed, "dca", "dca-updater")
    site.docker("start", "dca")

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []


def test_an_administrator_whose_stop_meets_that_of_the_switch_is_obeyed_until_he_starts_it(installed: Matrix) -> None:
    site = installed.site

    def stop(_call: Call) -> None:
        site.docker("stop", "dca")

    stopped = site.door.at(at(installed, "stop old"), stop, when="before", answers=True)
    mark = update(installed)
    assert stopped.sprung.wait(60)

    stays_down(installed, "dca", "dca-updater")
    site.docker("start", "dca")

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []


def test_an_administrator_who_stops_the_new_container_and_starts_the_old_one_gets_that(installed: Matrix) -> None:
    site = installed.site
    before, old = site.image_id(installed.images["good"][0]), site.container()["Id"]
    mark = update(installed)
    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker("stop", "dca")

    stays_down(installed, "dca", "dca-updater")
    site.docker("start", f"dca-prev-{mark}")

    _, problems = site.wait_end(Wanted(mark, before, "rolled_back", denied=True))
    assert problems == []


@pytest.mark.parametrize("words", [("rm", "--force"), ("kill",)], ids=" ".join)
def test_a_switcher_that_is_taken_away_is_missed_by_the_new_version(installed: Matrix, words: tuple[str, ...]) -> None:
    site = installed.site
    old = site.container()["Id"]
    mark = update(installed, steady=40.0)
    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker(*words, "dca-updater")
    if words == ("kill",):
        # Stopped by a person, it is left alone; the new version that is started again is the sign to go on.
        wait_until("the new one is healthy", site.healthy, 60)
        site.docker("restart", "dca")

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"), seconds=180)
    assert problems == []


@pytest.mark.parametrize("name", ["dca", "dca-updater"])
def test_a_restart_by_hand_in_the_middle_changes_nothing(installed: Matrix, name: str) -> None:
    site = installed.site
    old = site.container()["Id"]
    mark = update(installed)
    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker("restart", name)

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []


def test_a_switcher_that_is_renamed_goes_on(installed: Matrix) -> None:
    site = installed.site
    old = site.container()["Id"]
    mark = update(installed)
    wait_until("the new one runs", lambda: _runs_anew(installed, old), 60)
    site.docker("rename", "dca-updater", "dca-other")

    _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []


def test_unused_images_that_are_pruned_in_the_middle_cost_an_attempt_and_no_release(installed: Matrix) -> None:
    site = installed.site
    before, new = site.image_id(installed.images["good"][0]), site.image_id(installed.images["good"][1])
    installed.keep_images()

    def prune(_call: Call) -> None:
        site.docker("image", "prune", "--all", "--force")

    site.door.at(at(installed, "retag"), prune, when="before", answers=True)
    mark = update(installed)
    _, problems = site.wait_end(Wanted(mark, before, "rolled_back", denied=False))
    assert problems == []

    installed.restore_images()
    again = update(installed)
    _, problems = site.wait_end(Wanted(again, new, "installed"))
    assert problems == []


def stays_down(matrix: Matrix, *names: str) -> None:
    """See that nothing starts an appliance for longer than the switcher has ever waited before it did."""
    end = time.monotonic() + DOWN_SECONDS
    with closing(matrix.site.engine.client()) as client:
        while time.monotonic() < end:
            running = {one.name for one in client.containers.list() if one.labels.get("dca.role") == "main"}
            assert running == set(), "somebody has started it"
            time.sleep(0.5)
        assert {str(one.name) for one in client.containers.list(all=True)} >= set(names)


@pytest.mark.parametrize(("step", "given_up"), [("keep image", True), ("return policy", False)])
def test_an_update_can_be_given_up_until_something_was_switched(installed: Matrix, step: str, given_up: bool) -> None:
    site = installed.site
    before, old = site.image_id(installed.images["good"][0]), site.container()["Id"]
    told: list[str] = []

    def cancel(_call: Call) -> None:
        words = [DOCKER, "--host", site.engine.address, "exec", "dca", "python3", "-P", "-m", "updater", "cancel", "--by", "anna"]
        told.append(subprocess.run(words, capture_output=True, text=True, check=False, timeout=60).stdout)

    site.door.at(at(installed, step), cancel, when="before", answers=not given_up)
    mark = update(installed)
    wait_until("somebody has tried", lambda: told, 60)

    if given_up:
        assert json.loads(told[0])["done"]
        _, problems = site.wait_end(Wanted(mark, before, "failed"))
        assert site.container()["Id"] == old
    else:
        _, problems = site.wait_end(Wanted(mark, site.image_id(installed.images["good"][1]), "installed"))
    assert problems == []
