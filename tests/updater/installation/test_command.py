"""What the installer says, notes and leaves where nothing can be installed; real installations are in tests/engine."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from appliance.common.paths import Paths
from tests.children import run_child, wait_until
from tests.conftest import StartChild
from tests.updater.transactions import transaction
from updater.records import history, progress
from updater.records.history import Result
from updater.records.journal import Journal
from updater.records.locks import INSTALL_LOCK, held

INSTALL = ["python", "-P", "-m", "updater", "install"]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(data=tmp_path, run=tmp_path / "run")
    made.prepare()
    return made


def environment(paths: Paths) -> dict[str, str]:
    return {"DCA_DATA_DIR": str(paths.data), "DCA_RUN_DIR": str(paths.run), "DOCKER_HOST": "unix:///nowhere.sock"}


def open_files(pid: int) -> set[str]:
    """Return the files that a process has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found.add(str(entry.readlink()))
    return found


def install(paths: Paths, *words: str, by: str = "console") -> dict[str, Any]:
    """Install in a process of its own, as the supervisor does."""
    finished = run_child([*INSTALL, "--by", by, *words], environment=environment(paths))
    assert finished.returncode == 0, finished
    return dict(json.loads(finished.stdout))


def row(transaction: str, outcome: history.Outcome, reason: str, to_version: str = "0.2.0") -> Result:
    began, ended = "2026-11-26T01:00:00Z", "2026-11-26T01:01:00Z"
    return Result(transaction, "0.1.0", to_version, began, ended, 60.0, outcome, reason, "", "console")


def test_where_nothing_can_be_replaced_it_is_refused_and_noted(paths: Paths) -> None:
    answer = install(paths, "--version", "0.2.0")

    assert (answer["what"], answer["reason"]) == ("refused", "cannot")
    assert "container" in answer["text"]
    [noted] = history.read(paths.update)
    assert (noted.transaction, noted.outcome, noted.reason, noted.to_version) == (
        answer["transaction"],
        "refused",
        "cannot",
        "0.2.0",
    )
    assert progress.read(paths.update) is None


def test_what_waits_by_itself_is_not_noted(paths: Paths) -> None:
    assert install(paths, by="auto")["what"] == "refused"

    assert history.read(paths.update) == ()


def test_the_same_failure_again_takes_the_place_of_the_first(paths: Paths) -> None:
    paths.update.mkdir()
    history.add(paths.update, row("a" * 12, "installed", "", "0.1.0"))
    install(paths, "--version", "0.2.0")

    last = install(paths, "--version", "0.2.0")

    found = history.read(paths.update)

    assert [(each.outcome, each.to_version) for each in found] == [("refused", "0.2.0"), ("installed", "0.1.0")]
    assert found[0].transaction == last["transaction"]


def test_another_failure_stands_beside_the_first(paths: Paths) -> None:
    install(paths, "--version", "0.2.0")
    install(paths, "--version", "0.3.0")

    assert [each.to_version for each in history.read(paths.update)] == ["0.3.0", "0.2.0"]


def test_a_second_one_is_refused_at_once(paths: Paths) -> None:
    with held(paths.update / INSTALL_LOCK):
        answer = install(paths)

    assert (answer["what"], answer["reason"]) == ("refused", "under way")


def test_a_tidying_is_waited_for(paths: Paths, start_child: StartChild) -> None:
    with held(paths.update / INSTALL_LOCK, shared=True):
        child = start_child([*INSTALL, "--by", "console"], environment=environment(paths))
        wait_until("it wants the lock", lambda: str(paths.update / INSTALL_LOCK) in open_files(child.pid))

    answer = json.loads(child.wait().stdout)

    assert (answer["what"], answer["reason"]) == ("refused", "cannot")


@pytest.mark.parametrize("words", [(), ("--back",), ("--version", "0.3.0")])
def test_nothing_is_begun_while_a_replacement_is_under_way(paths: Paths, words: tuple[str, ...]) -> None:
    paths.update.mkdir()
    Journal(paths.update).write(transaction())

    answer = install(paths, *words)

    assert (answer["what"], answer["reason"]) == ("refused", "under way")
    assert "0.2.0" in answer["text"]


def test_a_bundle_that_was_copied_here_is_removed_in_the_end_and_one_of_the_host_is_not(paths: Paths, tmp_path: Path) -> None:
    paths.bundle.parent.mkdir(parents=True)
    paths.bundle.write_bytes(b"x")
    other = tmp_path / "other.tar"
    other.write_bytes(b"x")

    install(paths, "--bundle", str(paths.bundle))
    install(paths, "--bundle", str(other))

    assert (paths.bundle.exists(), other.exists()) == (False, True)


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    paths = Paths(data=tmp_path / "data", run=tmp_path / "run")
    paths.prepare()
    paths.update.write_text("a file where a folder has to be")

    answer = install(paths)

    assert (answer["what"], answer["reason"]) == ("failed", "folder")
