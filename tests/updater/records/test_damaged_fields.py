"""Good records of which one field was damaged: nobody ends for it, and what is read all the same can be worked with."""

import contextlib
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.common.version import installed_version
from appliance.release import Catalogue
from tests.updater.transactions import INSPECT, TRANSACTION, transaction
from updater.commands.update_texts import status_lines
from updater.configuration.installed import committed
from updater.engine.capability import NOT_YET_KNOWN
from updater.errors import EngineError
from updater.records import acknowledgement, approval, denied, history, journal, offered, progress
from updater.records.acknowledgement import Acknowledgement
from updater.records.approval import Approval, Approvals
from updater.records.denied import Denied
from updater.records.history import Result, result_of
from updater.records.journal import Journal
from updater.records.offered import Offered
from updater.records.progress import Progress
from updater.replacement import helper_container
from updater.supervisor import stability_watch
from updater.supervisor.stability_watch import StabilityRecord, StabilityWatch

MOMENT = "2026-11-26T01:00:00Z"
RESULT = Result(TRANSACTION, "0.1.0", "0.2.0", MOMENT, MOMENT, 31.0, "rolled_back", "crashed", "It ended.", "auto", "log", 8.5, 7)
DENIED = Denied("sha256:" + "1" * 64, "0.2.0", 7, MOMENT, "crashed")
DAMAGE: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    2**63,
    10**400,
    float("inf"),
    float("nan"),
    "12",
    "",
    "\0../..",
    "xyz",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    [],
    [7, 7],
    {},
    {"x": []},
)


def _journal(folder: Path) -> None:
    found = Journal(folder).read()
    if found is None:
        return
    with contextlib.suppress(EngineError):  # where nothing is known of the container
        helper_container.body_of(found)
    result_of(found, "failed", "reason", "text")
    committed(found, installed_version())
    acknowledgement.read(folder, found.transaction)
    acknowledgement.path_of(folder, found.transaction)
    assert found.previous_name.endswith(found.transaction)
    assert (
        timedelta(seconds=found.gate.deadline_seconds + found.gate.steady_seconds + found.attempts + sum(found.api)) >= timedelta()
    )
    assert found.restart_policy.get("Name") != "none"
    assert isinstance(found.to_version + found.hosting_url + found.text, str)


def _lists(folder: Path) -> None:
    rows, left = history.read(folder), denied.read(folder)
    image = {"history": [row.to_json() for row in rows], "denied": [row.to_json() for row in left]}
    assert list(status_lines("0.1.0", NOT_YET_KNOWN, {"image": image}))
    history.is_whole(folder)


def _stability(folder: Path) -> None:
    watch = StabilityWatch(folder)
    watch.started()
    watch.look(())
    watch.stopped()
    assert not watch.wants_back or watch.degraded()


def _progress(folder: Path) -> None:
    if found := progress.read(folder):
        assert 0 <= (found.percent or 0) <= 100
        assert found.stage + found.text + found.transaction


def _approval(folder: Path) -> None:
    if found := Approvals(folder).given:
        assert isinstance(found.version + found.by, str)


def _offered(folder: Path) -> None:
    if found := offered.read(folder):
        assert found.floor >= 0
        assert (found.rollout_marker, found.problem) < ("~", "~")
        assert found.catalogue is None or found.catalogue.archives() == set()


def _acknowledgement(folder: Path) -> None:
    if found := acknowledgement.read(folder, TRANSACTION):
        assert found.unreached <= set(acknowledgement.WAYS)
        assert isinstance(found.text + found.version, str)


def _file(folder: Path, name: str, make: Callable[[Path], object]) -> Any:
    make(folder)
    return json.loads((folder / name).read_bytes())


READERS: dict[str, tuple[Callable[[Path], object], Callable[[Path], None]]] = {
    journal.FILE: (lambda folder: Journal(folder).write(transaction()), _journal),
    history.FILE: (lambda folder: history.add(folder, RESULT), _lists),
    denied.FILE: (lambda folder: denied.add(folder, DENIED), _lists),
    stability_watch.FILE: (
        lambda folder: (folder / stability_watch.FILE).write_text(
            json.dumps(asdict(StabilityRecord(installed_version(), MOMENT, True, 3, True)))
        ),
        _stability,
    ),
    progress.FILE: (
        lambda folder: (folder / progress.FILE).write_text(
            json.dumps(Progress(TRANSACTION, "gate", 50, "It waits.", MOMENT).to_json())
        ),
        _progress,
    ),
    approval.FILE: (lambda folder: Approvals(folder).give(Approval("0.2.0", "anna", MOMENT)), _approval),
    offered.FILE: (lambda folder: offered.write(folder, Offered(MOMENT, catalogue=Catalogue(), group="g")), _offered),
    f"ack-{TRANSACTION}.json": (
        lambda folder: acknowledgement.write(folder, Acknowledgement(TRANSACTION, "0.2.0", MOMENT, "ready", 50)),
        _acknowledgement,
    ),
}


def _damaged(good: Any) -> Iterator[Any]:
    """Yield the document again and again, each time with one member of it put in the place of another, or taken away."""
    for place in list(_places(good)):
        for value in (*DAMAGE, KeyError):
            document = deepcopy(good)
            holder = document
            for step in place[:-1]:
                holder = holder[step]
            if value is KeyError:
                del holder[place[-1]]
            else:
                holder[place[-1]] = value
            yield document


def _places(value: Any) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (name,)
        yield from ((name, *inner) for inner in _places(member))


@pytest.mark.parametrize("name", READERS)
def test_one_damaged_field_ends_nobody(tmp_path: Path, name: str) -> None:
    make, use = READERS[name]
    good = _file(tmp_path, name, make)
    use(tmp_path)
    for document in _damaged(good):
        (tmp_path / journal.PREVIOUS_FILE).unlink(missing_ok=True)
        content = json.dumps(document)
        (tmp_path / name).write_text(content)
        try:
            use(tmp_path)
        except Exception as error:
            raise AssertionError(f"{error!r} for {content[:600]}") from error


REFUSED: list[tuple[str, tuple[Any, ...], Any]] = [
    (journal.FILE, ("api",), [float("inf"), 1]),
    (journal.FILE, ("api",), [1.0, 41]),
    (journal.FILE, ("transaction",), "xyz"),
    (journal.FILE, ("transaction",), f"{TRANSACTION}\n"),
    (journal.FILE, ("started_at",), "x"),
    (journal.FILE, ("to_release",), "x"),
    (journal.FILE, ("to_release", "counter"), "7"),
    (journal.FILE, ("old", "inspect"), []),
    (journal.FILE, ("old", "inspect", "HostConfig"), []),
    (journal.FILE, ("gate", "steady_seconds"), "60"),
    (journal.FILE, ("spec",), {"x": 1}),
    (journal.FILE, ("attempts",), "1"),
    (history.FILE, (0, "seconds"), "12"),
    (history.FILE, (0, "seconds"), float("nan")),
    (history.FILE, (0, "finished_at"), "9999-12-31T23:59:59-23:59"),
    (denied.FILE, (0, "counter"), "5"),
    (denied.FILE, (0, "counter"), 5.0),
    (stability_watch.FILE, ("since",), "9999-12-31T23:59:59Z"),
    (stability_watch.FILE, ("crashes",), "3"),
    (progress.FILE, ("percent",), 10**400),
    (progress.FILE, ("at",), "y"),
    (approval.FILE, ("at",), ""),
    (offered.FILE, ("floor",), True),
    (f"ack-{TRANSACTION}.json", ("percent",), "50"),
]
READ: dict[str, Callable[[Path], object]] = {
    journal.FILE: lambda folder: Journal(folder).read(),
    history.FILE: history.read,
    denied.FILE: denied.read,
    stability_watch.FILE: lambda folder: StabilityWatch(folder).installed,
    progress.FILE: progress.read,
    approval.FILE: lambda folder: Approvals(folder).given,
    offered.FILE: offered.read,
    f"ack-{TRANSACTION}.json": lambda folder: acknowledgement.read(folder, TRANSACTION),
}


@pytest.mark.parametrize(("name", "place", "value"), REFUSED)
def test_record_with_such_a_field_is_none(tmp_path: Path, name: str, place: tuple[Any, ...], value: Any) -> None:
    document = _file(tmp_path, name, READERS[name][0])
    assert READ[name](tmp_path)
    holder = document
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    (tmp_path / name).write_text(json.dumps(document))
    assert not READ[name](tmp_path)


def test_damaged_journal_gives_way_to_the_one_before_and_is_kept_aside(tmp_path: Path) -> None:
    Journal(tmp_path).write(transaction(phase="switching"))
    Journal(tmp_path).write(transaction(phase="committed"))
    damaged = (tmp_path / journal.FILE).read_text().replace('"api":[1,41]', '"api":[1e999,41]')
    (tmp_path / journal.FILE).write_text(damaged)

    found = Journal(tmp_path).read()
    assert found is not None
    assert found.phase == "switching"

    Journal(tmp_path).write(transaction(phase="done"))
    assert (tmp_path / "journal.broken.json").read_text() == damaged
    assert journal.read_transaction(tmp_path / journal.PREVIOUS_FILE).phase == "switching"


@pytest.mark.parametrize("name", [journal.FILE, history.FILE, denied.FILE])
def test_what_may_not_be_read_is_in_the_way_of_no_update(tmp_path: Path, name: str) -> None:
    """As a file that somebody else wrote; here a folder, which not even an administrator's process can read as one."""
    write: dict[str, Callable[[], None]] = {
        journal.FILE: lambda: Journal(tmp_path).write(transaction(phase="switching")),
        history.FILE: lambda: history.add(tmp_path, RESULT),
        denied.FILE: lambda: denied.add(tmp_path, denied.Denied("sha256:" + "ab" * 32, "0.2.0", 2, MOMENT, "health")),
    }
    (tmp_path / name).mkdir()
    write[name]()
    assert (tmp_path / name).is_file()
    assert (tmp_path / name).with_suffix(".broken.json").is_dir()


@pytest.mark.parametrize("damaged", ['[{"seconds": Infinity}]', "{", '{"rows": []}'])
def test_damaged_history_is_kept_aside_and_tells_nothing_of_what_is_needed_no_more(tmp_path: Path, damaged: str) -> None:
    assert history.is_whole(tmp_path)
    (tmp_path / history.FILE).write_text(damaged)
    assert not history.is_whole(tmp_path)

    history.add(tmp_path, RESULT)
    assert history.read(tmp_path) == (RESULT,)
    assert (tmp_path / "history.broken.json").read_text() == damaged
    assert not history.is_whole(tmp_path), "what was installed last is in no row"

    history.add(tmp_path, Result("ab" * 6, "0.1.0", "0.2.0", MOMENT, MOMENT, 31.0, "installed", "", "", "auto"))
    assert history.is_whole(tmp_path)


def test_row_of_a_list_that_cannot_be_read_stays_in_the_file(tmp_path: Path) -> None:
    row = {"transaction": "by hand", "seconds": "12"}
    (tmp_path / history.FILE).write_text(json.dumps([row]))
    history.add(tmp_path, RESULT)
    assert history.read(tmp_path) == (RESULT,)
    assert row in json.loads((tmp_path / history.FILE).read_bytes())
    assert not history.is_whole(tmp_path)


@pytest.mark.parametrize(
    "of_config", [{"StopTimeout": -1}, {"StopTimeout": 86400, "Env": None, "Labels": None}, {"User": "", "Labels": {}}]
)
def test_container_that_an_administrator_made_otherwise_is_read(tmp_path: Path, of_config: dict[str, Any]) -> None:
    before = transaction()
    inspect = INSPECT | {"Config": INSPECT["Config"] | of_config, "Mounts": None, "NetworkSettings": {"Networks": {"lan": None}}}  # type: ignore[operator]
    written = replace(before, old=replace(before.old, inspect=inspect))
    Journal(tmp_path).write(written)
    assert Journal(tmp_path).read() == written
