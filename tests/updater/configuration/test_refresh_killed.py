"""kill -9 anywhere in receiving and switching: afterwards there is the old configuration or the new one, whole."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.settings.configuration_state import Configuration
from tests.children import Finished
from tests.forked import run_forked
from tests.updater.configured import ConfiguredSite, configured

OLD = {"scan": {"read_minutes": 30, "targets": ["10.0.0.0/24"]}}
NEW = {"scan": {"read_minutes": 20, "targets": ["10.1.0.0/24"]}}
POINTS = 24

KILL_AT = """
import os, signal, sys
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from updater.cli import main
folder, point, what, seen = sys.argv[1], int(sys.argv[2]), sys.argv[3], 0

def hook(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.remove", "os.symlink", "os.mkdir", "os.link") and folder in str(arguments[0]):
        if seen == point:
            os.kill(os.getpid(), signal.SIGKILL)
        seen += 1

def switch():
    from appliance.common.clock import utc_now
    store = SettingsStore(Paths.from_environment().settings)
    changes = {
        "kept": lambda received: received.kept("kept", utc_now()),
        "restored": lambda received: received.restored("component", "broken", utc_now()),
        "gone_back": lambda received: received.gone_back("back", utc_now()),
    }
    store.change_received(changes[what])

sys.addaudithook(hook)
main(["receive"]) if what == "receive" else switch()
print(seen, file=sys.stderr)
"""


class Killed:
    """A site that has kept an old configuration, and is killed while it does something about the new one."""

    def __init__(self, site: ConfiguredSite, saved: Path, what: str) -> None:
        self.site, self.saved, self.what = site, saved, what
        shutil.copytree(site.paths.data, saved, symlinks=True)

    def run(self, point: int) -> Finished:
        data = self.site.paths.data
        shutil.rmtree(data)
        shutil.copytree(self.saved, data, symlinks=True)
        return run_forked("updater", ["-c", KILL_AT, data, str(point), self.what], environment=self.site.environment)

    def points(self) -> Iterator[int]:
        """Kill it at each of some points, one after the other."""
        finished = self.run(-1)
        assert finished.returncode == 0, finished
        count = int(finished.stderr.split()[-1])
        for number in range(min(POINTS, count)):
            point = number * count // min(POINTS, count)
            assert self.run(point).returncode == -signal.SIGKILL
            yield point


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ConfiguredSite]:
    for site in configured(tmp_path / "data"):
        site.publish(OLD, definitions={"old.toml": "a = 1\n"})
        assert site.check().what == "applied"
        site.keep()
        yield site


def whole(site: ConfiguredSite, configuration: Configuration) -> None:
    """Require that settings and definitions of a configuration are in force, all of them."""
    [layer] = configuration.layers
    effective = site.store.effective()
    for field, value in layer.settings["scan"].items():
        shown = getattr(effective.settings.scan, field)
        assert (list(shown) if isinstance(shown, tuple) else shown) == value
    for sha256 in configuration.definitions().values():
        assert (site.paths.received_definitions / f"{sha256}.toml").read_text() in ("a = 1\n", "b = 1\n")
    json.loads(site.paths.settings.read_bytes())


@pytest.mark.timeout(400)
def test_killed_while_receiving_it_has_the_old_or_the_new_and_the_next_check_ends_well(
    site: ConfiguredSite, tmp_path: Path
) -> None:
    old = site.in_force
    site.publish(NEW, definitions={"new.toml": "b = 1\n"})
    killed = Killed(site, tmp_path / "saved", "receive")
    points, seen = 0, set()

    for point in killed.points():
        points += 1
        received = site.received
        seen.add(received.state)
        whole(site, site.in_force)
        if received.state == "kept":
            assert site.in_force == old, point
        else:
            assert (received.state, received.earlier) == ("trial", (old,)), point
            assert site.in_force.layers[0].settings == NEW
        result = site.check()
        assert result.what == ("applied" if received.state == "kept" else "unchanged"), (point, result)
        whole(site, site.in_force)
        assert site.in_force.layers[0].settings == NEW
        left = [path.name for path in site.paths.data.rglob("*") if path.name.startswith(("tmp", ".dca", ".settings"))]
        assert left in ([], [".settings.lock"]), point
        assert {path.stem for path in site.paths.received_definitions.iterdir()} == site.received.hashes()

    assert points >= 20
    assert seen == {"kept", "trial"}


@pytest.mark.parametrize("what", ["kept", "restored", "gone_back"])
def test_killed_while_switching_it_has_one_or_the_other(site: ConfiguredSite, tmp_path: Path, what: str) -> None:
    site.publish(NEW)
    site.check()
    before = site.received
    killed = Killed(site, tmp_path / "saved", what)

    states = set()
    for _ in killed.points():
        received = site.received
        states.add(received.state)
        if received != before:
            assert received.outcomes[0].what == what
            assert received.in_force == (before.earlier[0] if what != "kept" else site.in_force)
        whole(site, site.in_force)

    assert len(states) == 2, "it was killed both before and after the switch"
