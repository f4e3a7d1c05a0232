"""`dca-simulator sites` at a real server: what the sites made is there once, whatever befell them; checks tell when not."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hosting.configuration.publication import Publishing
from hosting.configuration.scope import EVERYBODY
from hosting.db.tables import device_latest, reading, site
from hosting.enrolment import enrolment_string
from simulator.sites.truth_file import read_truth
from tests.children import Child, Finished, run_child, wait_until
from tests.conftest import StartChild
from tests.hosting.db.test_configuration import setting
from tests.hosting.kept import compare
from tests.hosting.running import RunningServer

SITES, DEVICES = 6, 5
SHORT = ["--minutes", "0.05", "--pace", "7200", "--check-in", "900"]
"""Six hours in three seconds."""
TROUBLED = ["--disturbed", "1", "--resets", "0.3", "--moves", "0.3"]

pytestmark = pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)


def simulate(strings: Path, *words: str | Path) -> list[str | Path]:
    """Return the words that run the sites."""
    fleet: list[str | Path] = ["--count", str(SITES), "--devices", str(DEVICES), "--enrolment", strings]
    return ["python", "-m", "simulator", "sites", *fleet, *words]


@pytest.fixture
def strings(server: RunningServer, tmp_path: Path) -> Path:
    """Return a file with an enrolment string for each site."""
    return written(server, tmp_path)


def written(server: RunningServer, folder: Path) -> Path:
    made = [enrolment_string(server.config, server.url, server.code(f"Branch {number}")) for number in range(SITES)]
    (folder / "strings").write_text("\n".join(made))
    return folder / "strings"


def figures(finished: Finished) -> dict[str, Any]:
    assert finished.returncode == 0, finished.stderr
    told: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return told


def test_what_troubled_sites_made_is_there_once(server: RunningServer, strings: Path, tmp_path: Path) -> None:
    told = figures(run_child(simulate(strings, *SHORT, *TROUBLED, "--truth", tmp_path / "truth", "--json")))

    truth = read_truth(tmp_path / "truth")
    found = compare(truth, server.database)
    assert found.right, found
    assert found.made == found.found == told["accepted"] == len(truth.readings) >= SITES * DEVICES * 3
    assert found.waiting == told["waiting"] == 0
    assert {"outage", "restart", "clock", "reset", "move"} == set(told["troubles"])
    assert "clock" in told["failures"]
    assert server.read(lambda connection: connection.execute(sa.select(sa.func.count(site.c.state))).scalar_one()) == SITES


def test_most_readings_go_as_changes_and_meters_only_rise_without_resets(
    server: RunningServer, strings: Path, tmp_path: Path
) -> None:
    quiet = ["--disturbed", "0", "--resets", "0", "--moves", "0"]
    words = simulate(strings, *SHORT, *quiet, "--truth", tmp_path / "truth", "--seed", "3", "--json")

    told = figures(run_child(words))

    totals: dict[tuple[str, str], list[int]] = {}
    for (site_id, key, _), total in sorted(read_truth(tmp_path / "truth").readings.items()):
        totals.setdefault((site_id, key), []).append(total)
    assert all(meters == sorted(meters) for meters in totals.values())
    assert any(meters[0] < meters[-1] for meters in totals.values())
    assert told["needed"] == 0
    assert told["failures"] == {}


def test_a_missing_and_a_changed_reading_are_found(server: RunningServer, strings: Path, tmp_path: Path) -> None:
    figures(run_child(simulate(strings, *SHORT, "--truth", tmp_path / "truth", "--json")))
    truth = read_truth(tmp_path / "truth")
    (lost_site, lost_key, _), (wrong_site, wrong_key, wrong_at) = min(truth.readings), max(truth.readings)
    of_lost = sa.and_(reading.c.site_id == lost_site, reading.c.device_key == lost_key)

    removed = server.write(lambda connection: connection.execute(sa.delete(reading).where(of_lost)).rowcount)
    truth.readings[wrong_site, wrong_key, wrong_at] += 1
    found = compare(truth, server.database)

    assert (found.lost, found.wrong_meters, found.doubled) == (removed, 1, 0)
    assert not found.right


def test_the_check_over_the_read_api(server: RunningServer, strings: Path, tmp_path: Path) -> None:
    figures(run_child(simulate(strings, *SHORT, *TROUBLED, "--truth", tmp_path / "truth", "--json")))
    words: list[str | Path] = ["python", "-m", "simulator", "sites-check", "--truth", tmp_path / "truth", "--url", server.url]
    words += ["--token-file", token(server, tmp_path)]

    right = run_child(words)
    server.write(lambda connection: connection.execute(sa.delete(device_latest).where(device_latest.c.total.is_not(None))))
    wrong = run_child(words)

    assert right.returncode == 0, right.stdout
    assert f"{SITES * DEVICES} found: 0 lost" in right.stdout
    assert wrong.returncode == 1
    assert f"{SITES * DEVICES} lost" in wrong.stdout


def token(server: RunningServer, folder: Path) -> Path:
    words: list[str | Path] = ["python", "-m", "hosting", "token", "create", "--data", server.config.folder, "--name", "check"]
    made = run_child(words)
    assert made.returncode == 0, made.stderr
    (folder / "token").write_text(made.stdout)
    return folder / "token"


def test_ctrl_c_sends_what_waits_and_the_same_seed_goes_on_as_the_same_sites(
    server: RunningServer, strings: Path, tmp_path: Path, start_child: StartChild
) -> None:
    words = simulate(strings, "--read", "0.02", "--check-in", "2", "--disturbed", "0", "--json")
    first = start_child([*words, "--truth", tmp_path / "truth"])
    wait_until("readings arrive", lambda: server.count(reading) >= SITES * DEVICES)
    first.send(signal.SIGINT)

    told = figures(first.wait())
    found = compare(read_truth(tmp_path / "truth"), server.database)
    assert found.right, found
    assert found.found == server.count(reading) == told["made"]
    assert told["waiting"] == 0

    again: Child = start_child(words)
    wait_until("more arrive", lambda: server.count(reading) > told["made"])
    again.send(signal.SIGTERM)
    figures(again.wait())
    assert server.count(site) == SITES


def test_configuration_is_kept_or_refused(
    signing_server: RunningServer, publishing: Publishing, tmp_path: Path, start_child: StartChild
) -> None:
    strings = written(signing_server, tmp_path)
    child = start_child(simulate(strings, "--check-in", "0.5", "--disturbed", "0", "--refusing", "0.5"))
    child.wait_for("are enrolled")
    publishing.publish(publishing.prepare(EVERYBODY, setting('{"scan": {"read_minutes": 30}}')), actor="test")

    wait_until("all have dealt with it", lambda: len(dealt_with(signing_server)) == SITES)
    states = set(dealt_with(signing_server))
    child.send(signal.SIGTERM)

    assert states == {"kept", "refused"}
    assert child.wait().returncode == 0


def dealt_with(server: RunningServer) -> list[str]:
    """Return what became of the configuration at the sites that are done with it."""
    chosen = sa.select(site.c.configuration_state).where(site.c.configuration_state.in_(("kept", "refused")))
    return server.read(lambda connection: list(connection.execute(chosen).scalars()))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--pace", "60"], "--pace needs --minutes"),
        (["--count", "7"], "There are 6 enrolment strings for 7 sites."),
        (["--truth", "/nowhere/truth"], "The file /nowhere/truth cannot be written"),
        (["--ca-file", "/nowhere/ca.pem"], "--ca-file names /nowhere/ca.pem"),
        (["--since", "2100-01-01"], "--since is after the first moment"),
        (["--url", "http://127.0.0.1:1"], "does not enrol"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(strings: Path, words: list[str], sentence: str) -> None:
    if words[0] == "--url":
        strings.write_text(strings.read_text().replace("#enrol=", "#enrol=wrong"))
        words = []

    finished = run_child(simulate(strings, *words))

    assert finished.returncode == 1
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr
