"""`dca-hosting enrolment-code` says when its string carries no root of trust: such a site never takes anything from here."""

import json
from pathlib import Path

import pytest

from tests.children import Finished, run_child
from tests.conftest import ROOT
from tests.hosting.commands.test_cli import done, hosting
from tests.hosting.repository.published import PASSPHRASE


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


def test_a_file_of_names_gives_each_site_a_string(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("Mill\n\nHarbour\n")
    words = ("enrolment-code", "--data", folder, "--names", tmp_path / "names", "--url", "https://localhost:8443")

    lines = done(hosting(*words)).splitlines()

    assert len({line.removeprefix("https://localhost:8443#enrol=") for line in lines}) == 2
    listed = json.loads(done(hosting("sites", "--data", folder, "--json")))
    assert {row["site_name"] for row in listed["sites"]} == {"Mill", "Harbour"}


@pytest.mark.parametrize(
    ("content", "sentence"), [("", "a name is empty"), ("Mill\n" + "x" * 101, "a name is longer than 100 characters")]
)
def test_a_file_without_names_that_can_be_used_makes_no_site(folder: Path, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "names").write_text(content)

    refused = hosting("enrolment-code", "--data", folder, "--names", tmp_path / "names", "--url", "https://localhost:8443")

    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert json.loads(done(hosting("sites", "--data", folder, "--json")))["sites"] == []
