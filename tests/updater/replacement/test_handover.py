"""Handing a replacement over to the switcher, and what the janitor makes of one that was cut off."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.common.paths import Paths
from appliance.release import Catalogue, Platform, Release
from tests.updater.engine_model import ModelEngine
from tests.updater.transactions import NEW_IMAGE, OLD_ID, OLD_IMAGE, TRANSACTION, transaction
from updater.errors import EngineError, EngineFailure, SwitchError
from updater.records import acknowledgement, history, offered
from updater.records.history import Result
from updater.records.journal import Journal, Phase, Transaction
from updater.records.locks import INSTALL_LOCK, SWITCHER_LOCK, held
from updater.records.offered import Offered
from updater.replacement import handover
from updater.replacement.cleanup import tidy
from updater.replacement.steps import rollback_reference

EARLIER = "ee" * 6
OTHER = "ffffffffffff"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path, tmp_path / "run")
    made.update.mkdir()
    return made


@pytest.fixture
def engine(paths: Paths) -> ModelEngine:
    made = ModelEngine(paths.update)
    made.own = OLD_ID
    return made


def written(paths: Paths) -> Transaction:
    found = Journal(paths.update).read()
    assert found is not None
    return found


def switcher(engine: ModelEngine) -> dict[str, Any]:
    found = engine.container("dca-updater")
    assert found is not None
    return found


def test_switcher_runs_and_the_journal_says_so(engine: ModelEngine, paths: Paths) -> None:
    handover.begin(engine, paths, transaction(phase="prepared"))
    assert written(paths) == transaction(phase="switching")
    assert switcher(engine)["State"]["Status"] == "running"
    assert (paths.update / "reserve").stat().st_size == 1_000_000
    assert engine.mains[0]["Id"] == OLD_ID, "the old one is not touched"


def test_second_update_is_refused_while_one_is_under_way(engine: ModelEngine, paths: Paths) -> None:
    handover.begin(engine, paths, transaction())
    with pytest.raises(SwitchError, match=r"The update to version 0\.2\.0 has not ended"):
        handover.begin(engine, paths, transaction(transaction=OTHER))
    Journal(paths.update).write(transaction(transaction=OTHER, phase="done"))
    with pytest.raises(SwitchError, match="still carries out another update"):
        handover.begin(engine, paths, transaction(transaction=OTHER))


def test_switcher_that_has_done_its_work_makes_way(engine: ModelEngine, paths: Paths) -> None:
    handover.begin(engine, paths, transaction())
    Journal(paths.update).write(transaction(phase="done"))
    handover.begin(engine, paths, transaction(transaction=OTHER))
    assert switcher(engine)["Config"]["Labels"]["dca.transaction"] == OTHER


def refusing(
    *calls: str, kind: EngineFailure = "refused", times: int = 99
) -> Callable[[str, tuple[object, ...]], EngineFailure | None]:
    """Return a rule by which the engine refuses the first such calls."""
    left = [times]

    def rule(call: str, _arguments: tuple[object, ...]) -> EngineFailure | None:
        if call in calls and left[0]:
            left[0] -= 1
            return kind
        return None

    return rule


@pytest.mark.parametrize("call", ["create", "start"])
def test_switcher_that_cannot_be_made_leaves_all_as_it_was(engine: ModelEngine, paths: Paths, call: str) -> None:
    engine.refuses = refusing(call)
    with pytest.raises(EngineError):
        handover.begin(engine, paths, transaction())
    assert written(paths).phase == "rolled_back"
    assert list(engine.all) == [OLD_ID]


def test_network_without_a_free_address_is_done_without(engine: ModelEngine, paths: Paths) -> None:
    engine.refuses = refusing("start", times=1)
    begun = transaction()
    lan = begun.old.inspect | {"HostConfig": {"NetworkMode": "lan"}, "NetworkSettings": {"Networks": {"lan": {}}}}
    handover.begin(engine, paths, replace(begun, old=replace(begun.old, inspect=lan)))
    assert switcher(engine)["State"]["Status"] == "running"
    assert switcher(engine)["HostConfig"]["NetworkMode"] == "none"


def test_engine_that_went_away_may_have_started_it(engine: ModelEngine, paths: Paths) -> None:
    engine.refuses = refusing("start", kind="unreachable")
    with pytest.raises(EngineError):
        handover.begin(engine, paths, transaction())
    assert written(paths).phase == "switching"
    assert switcher(engine)["State"]["Status"] == "created"


@pytest.mark.parametrize(("ended", "goes_on"), [("2026-11-26T00:59:00Z", True), ("2026-11-26T01:01:00Z", False)])
def test_switcher_that_a_person_has_stopped_is_left_alone_until_he_starts_an_appliance(
    engine: ModelEngine, paths: Paths, ended: str, goes_on: bool
) -> None:
    """The appliance was started at one o'clock."""
    handover.begin(engine, paths, transaction())
    engine.set_restart_policy(OLD_ID, {"Name": "no"})
    found = next(one for one in engine.all.values() if one["Name"] == "dca-updater")
    found["State"] = {"Status": "exited", "ExitCode": 143, "FinishedAt": ended}
    assert bool(tidy(engine, paths)) is goes_on
    assert switcher(engine)["State"]["Status"] == ("running" if goes_on else "exited")


def test_switcher_that_was_renamed_is_known(engine: ModelEngine, paths: Paths) -> None:
    handover.begin(engine, paths, transaction())
    engine.set_restart_policy(OLD_ID, {"Name": "no"})
    engine.rename("dca-updater", "dca-other")
    assert tidy(engine, paths) == []
    assert {one["Name"] for one in engine.all.values()} == {"dca", "dca-other"}


@pytest.mark.parametrize("lock", [INSTALL_LOCK, SWITCHER_LOCK])
def test_janitor_leaves_alone_what_others_work_on(engine: ModelEngine, paths: Paths, lock: str) -> None:
    Journal(paths.update).write(transaction())
    with held(paths.update / lock):
        assert tidy(engine, paths) == []
    assert written(paths).phase == "switching"


def test_janitor_waits_for_a_switcher_that_is_leaving(engine: ModelEngine, paths: Paths) -> None:
    Journal(paths.update).write(transaction(phase="rolled_back"))
    engine.tag(OLD_IMAGE, rollback_reference(transaction()))
    with ExitStack() as leaving:
        leaving.enter_context(held(paths.update / SWITCHER_LOCK))
        timer = threading.Timer(0.3, leaving.close)
        timer.start()
        done = tidy(engine, paths)
        timer.join()
    assert len(done) == 1
    assert engine.image(rollback_reference(transaction())) is None


@pytest.mark.parametrize("phase", ["prepared", "switching"])
def test_update_that_was_cut_off_before_anything_was_changed_has_failed(engine: ModelEngine, paths: Paths, phase: Phase) -> None:
    engine.refuses = refusing("start", kind="unreachable", times=1)
    with pytest.raises(EngineError):
        handover.begin(engine, paths, transaction())
    Journal(paths.update).write(transaction(phase=phase))

    (done,) = tidy(engine, paths)

    assert "cut off before anything was changed" in done
    assert list(engine.all) == [OLD_ID]
    assert written(paths).phase == "rolled_back"
    (result,) = history.read(paths.update)
    assert (result.outcome, result.reason) == ("failed", "interrupted")


@pytest.mark.parametrize("phase", ["switching", "committed", "rolling_back", "stuck"])
def test_update_that_has_lost_its_switcher_gets_another(engine: ModelEngine, paths: Paths, phase: Phase) -> None:
    Journal(paths.update).write(transaction(phase=phase))
    engine.set_restart_policy(OLD_ID, {"Name": "no"})
    assert tidy(engine, paths) == ["An update that had lost its switcher goes on."]
    assert switcher(engine)["State"]["Status"] == "running"
    assert written(paths).phase == phase
    assert tidy(engine, paths) == [], "it works"


def test_leftovers_of_an_update_go_and_the_newest_earlier_image_stays(engine: ModelEngine, paths: Paths) -> None:
    for name, role in (("dca-preflight", "preflight"), ("dca-updater", "switcher")):
        engine.create(name, {"Image": NEW_IMAGE, "Labels": {"dca.role": role, "dca.transaction": OTHER}})
    engine.stop(OLD_ID, 1)
    engine.rename(OLD_ID, f"dca-prev-{TRANSACTION}")
    engine.own = engine.create("dca", transaction().spec.body)  # type: ignore[union-attr]
    engine.start(engine.own)
    for earlier in (OTHER, TRANSACTION):
        engine.tag(OLD_IMAGE, rollback_reference(transaction(transaction=earlier)))
        history.add(paths.update, row(earlier))
    Journal(paths.update).write(transaction(phase="done"))
    assert (paths.update / acknowledgement.path_of(paths.update, TRANSACTION)).write_bytes(b"{}")

    assert len(tidy(engine, paths)) == 4

    assert list(engine.all) == [engine.own]
    assert engine.removed_with_volumes == ["dca-preflight"]
    assert [tag for tag in engine.tags if "rollback" in tag] == [f"dca/appliance:rollback-dca-{TRANSACTION}"]
    assert list(paths.update.glob("ack-*")) == []
    assert (paths.update / "reserve").exists()
    assert tidy(engine, paths) == []


def test_images_that_another_appliance_has_kept_stay(engine: ModelEngine, paths: Paths) -> None:
    """Two appliances of one host call their image alike."""
    others = [f"rollback-dca-2-{TRANSACTION}", f"rollback-{OTHER}", f"rollback-{OTHER}-{TRANSACTION}", "rollback-mine"]
    ours = [f"rollback-{EARLIER}", f"rollback-dca-{EARLIER}", f"rollback-dca-{OTHER}"]
    for tag in (*others, *ours, f"rollback-dca-{TRANSACTION}"):
        engine.tag(OLD_IMAGE, f"dca/appliance:{tag}")
    for each in (EARLIER, TRANSACTION):
        history.add(paths.update, row(each))
    Journal(paths.update).write(transaction(phase="done"))

    tidy(engine, paths)

    left = {tag.partition(":")[2] for tag in engine.tags if "rollback" in tag}
    assert left == {*others, f"rollback-dca-{TRANSACTION}"}


def test_switcher_that_was_made_this_very_moment_is_no_leftover(engine: ModelEngine, paths: Paths) -> None:
    Journal(paths.update).write(transaction(phase="done"))
    engine.create("dca-updater", {"Image": OLD_IMAGE, "Labels": {"dca.role": "switcher", "dca.transaction": OTHER}})
    tidy(engine, paths)
    assert switcher(engine)["State"]["Status"] == "created"


def test_logs_of_the_newest_failed_versions_and_settings_of_the_newest_update_stay(engine: ModelEngine, paths: Paths) -> None:
    failed = [f"{number:012x}" for number in range(5)]
    for each in failed:
        history.add(paths.update, replace(row(each), outcome="rolled_back", log="the end"))
    history.add(paths.update, row(TRANSACTION))
    for folder, names in (("failed", failed), ("backup", [*failed, TRANSACTION])):
        for name in names:
            (paths.update / folder / name).mkdir(parents=True)

    tidy(engine, paths)

    assert sorted(each.name for each in (paths.update / "failed").iterdir()) == failed[2:]
    assert [each.name for each in (paths.update / "backup").iterdir()] == [TRANSACTION]


def test_archives_of_versions_that_are_offered_no_more_go(engine: ModelEngine, paths: Paths) -> None:
    kept, gone = "0.2.0-linux-amd64.tar.gz", "0.1.9-linux-amd64.tar.gz"
    platform = Platform("sha256:" + "c" * 64, 1000, archive=f"release/{kept}")
    release = Release("0.2.0", 7, datetime(2026, 11, 1, tzinfo=UTC), {"linux/amd64": platform})
    offered.write(paths.update, Offered("2026-11-26T01:00:00Z", catalogue=Catalogue("stable", (release,))))
    images = paths.update / "images"
    images.mkdir()
    for name in (gone, f"{gone}.part", f"{kept}.part", f"{kept}.part.json"):
        (images / name).write_bytes(b"piece")

    tidy(engine, paths)

    assert sorted(each.name for each in images.iterdir()) == [f"{kept}.part", f"{kept}.part.json"]


def test_without_an_engine_the_files_are_looked_after(engine: ModelEngine, paths: Paths) -> None:
    engine.own = None
    acknowledgement.path_of(paths.update, OTHER).write_bytes(b"{}")
    assert tidy(engine, paths) == []
    assert list(paths.update.glob("ack-*")) == []


def row(transaction: str) -> Result:
    moment = "2026-11-26T01:00:00Z"
    return Result(transaction, "0.1.0", "0.2.0", moment, moment, 60.0, "installed", "", "", "auto")
