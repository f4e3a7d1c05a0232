"""Giving up an update: as long as nothing was switched, and not after that; on a model of the engine."""

from pathlib import Path

import pytest

from tests.updater.engine_model import KilledError
from tests.updater.replacement.test_replacement import Site, row
from tests.updater.transactions import OLD_ID, TRANSACTION, transaction
from updater.records.journal import Journal
from updater.replacement import handover
from updater.replacement.cancellation import cancel


def handed_over(folder: Path) -> Site:
    """Return a site whose switcher was made, and has done nothing yet."""
    site = Site.made(folder)
    for file in site.paths.update.glob("journal*"):
        file.unlink()
    handover.begin(site.engine, site.paths, transaction())
    return site


def test_what_has_only_been_handed_over_is_given_up(tmp_path: Path) -> None:
    site = handed_over(tmp_path)
    assert len(site.engine.all) == 2

    outcome = cancel(site.engine, site.paths, "anna")

    assert outcome.done
    assert "anna" in outcome.text
    assert list(site.engine.all) == [OLD_ID]
    assert site.engine.mains[0]["HostConfig"]["RestartPolicy"]["Name"] == "always"
    assert row(site) == ("failed", "cancelled")
    found = Journal(site.paths.update).read()
    assert found is not None
    assert found.phase == "rolled_back"


@pytest.mark.parametrize("number", [2, 3, 4, 6, 7])
def test_what_was_begun_is_carried_to_its_end(tmp_path: Path, number: int) -> None:
    site = handed_over(tmp_path)
    site.engine.crashes[site.engine.calls + number] = ("before", KilledError)
    with pytest.raises(KilledError):
        site.switch()

    outcome = cancel(site.engine, site.paths, "anna")

    assert not outcome.done
    assert "rollback" in outcome.text
    assert {one["Name"] for one in site.engine.all.values()} >= {"dca-updater"}
    site.engine.all.pop(next(each for each, one in site.engine.all.items() if one["Name"] == "dca-updater"))
    site.run()
    site.check_installed()


def test_without_an_engine_nothing_is_given_up(tmp_path: Path) -> None:
    site = handed_over(tmp_path)
    site.engine.refuses = lambda _call, _arguments: "unreachable"
    assert not cancel(site.engine, site.paths, "anna").done
    found = Journal(site.paths.update).read()
    assert found is not None
    assert (found.phase, found.transaction) == ("switching", TRANSACTION)


@pytest.mark.parametrize("phase", ["done", "rolled_back"])
def test_there_is_nothing_to_give_up_after_the_end(tmp_path: Path, phase: str) -> None:
    site = Site.made(tmp_path)
    Journal(site.paths.update).write(transaction(phase=phase))
    assert not cancel(site.engine, site.paths, "anna").done
