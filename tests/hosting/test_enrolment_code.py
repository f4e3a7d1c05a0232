"""`dca-hosting enrolment-code` says when its string carries no root of trust: such a site never takes anything from here."""

from pathlib import Path

import pytest

from tests.children import Finished, run_child
from tests.conftest import ROOT
from tests.hosting.repository.published import PASSPHRASE
from tests.hosting.test_cli import done, hosting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder that is set up, without a repository."""
    done(hosting("init", "--data", tmp_path / "data"))
    (tmp_path / "passphrase").write_text(f"{PASSPHRASE}\n")
    return tmp_path / "data"


def make_code(folder: Path) -> Finished:
    words = ("--data", folder, "--site", "Mill", "--url", "https://localhost:8443")
    return run_child(["python", "-m", "hosting", "enrolment-code", *words], folder=ROOT)


def requires_warning(finished: Finished) -> None:
    """Require the string alone where programs read it, and the warning where people do."""
    [line] = done(finished).splitlines()
    assert line.startswith("https://localhost:8443#enrol=")
    assert "&root=" not in line
    assert "has no &root=" in finished.stderr
    assert "dca-hosting repository init" in finished.stderr


def test_without_a_repository_there_is_a_warning(folder: Path) -> None:
    requires_warning(make_code(folder))


def test_a_repository_that_waits_for_signatures_is_none_yet(folder: Path, tmp_path: Path) -> None:
    done(hosting("keys", "new", "anna", "--out", tmp_path, "--passphrase-file", tmp_path / "passphrase"))
    public = tmp_path / "anna.pub"
    done(hosting("repository", "init", "--data", folder, "--root-key", public, "--targets-key", public, "--threshold", "1"))

    requires_warning(make_code(folder))


def test_with_a_published_repository_there_is_none(folder: Path, tmp_path: Path) -> None:
    words = ("--local-keys", tmp_path / "keys", "--passphrase-file", tmp_path / "passphrase")
    done(hosting("repository", "init", "--data", folder, *words))

    finished = make_code(folder)

    assert "&root=" in done(finished)
    assert finished.stderr == ""
