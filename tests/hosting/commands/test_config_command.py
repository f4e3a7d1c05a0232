"""`dca-hosting config` and `dca-hosting site`, as an operator runs them: real processes, a real repository."""

import hashlib
import json
import os
import pty
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting.config import Config
from hosting.configuration.publication import Publishing
from hosting.configuration.scope import EVERYBODY
from hosting.db import configuration
from hosting.db.connection.database import Database, database_url
from tests.children import Finished, run_child, wait_until
from tests.conftest import ROOT, StartChild
from tests.hosting.commands.test_cli import done, hosting, one_sentence, serve

DEFINITION = ROOT / "appliance" / "definitions" / "kyocera.toml"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, founded_repository: Path) -> Path:
    """Return a data folder with a repository and the sites Mill and Port."""
    folder = tmp_path_factory.mktemp("prepared") / "data"
    done(hosting("init", "--data", folder))
    shutil.copytree(founded_repository, folder / "repository")
    for name in ("Mill", "Port"):
        done(hosting("enrolment-code", "--data", folder, "--site", name, "--url", "https://mps.example"))
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    """Return a copy of the prepared folder for one test."""
    return Path(shutil.copytree(prepared, tmp_path / "data"))


@pytest.fixture
def publishing(folder: Path) -> Iterator[Publishing]:
    with Database(database_url(None, folder)) as database:
        yield Publishing(Config(folder), database)


def config(folder: Path, action: str, *words: str | Path) -> Finished:
    return hosting("config", action, "--data", folder, *words)


def site_id(folder: Path, name: str) -> str:
    listed = json.loads(done(hosting("sites", "--data", folder, "--json")))["sites"]
    return str(next(site["site_id"] for site in listed if site["site_name"] == name))


def write(folder: Path, content: object) -> Path:
    file = folder / "wanted.json"
    file.write_text(json.dumps(content))
    return file


def test_a_configuration_is_shown_as_a_difference_and_published(folder: Path, publishing: Publishing) -> None:
    done(config(folder, "set", "--global", write(folder, {"scan": {"read_minutes": 30}}), "--yes"))
    said = done(config(folder, "set", "--global", write(folder, {"scan": {"read_minutes": 45}}), "--yes"))
    assert "scan.read_minutes: 30 -> 45" in said
    assert "version 2" in said
    assert publishing.in_force(EVERYBODY).settings == {"scan": {"read_minutes": 45}}
    assert list((folder / "repository" / "targets").rglob("*.all.json"))


def test_what_is_shown_is_what_set_reads(folder: Path) -> None:
    done(config(folder, "set", "--group", "north", write(folder, {"scan": {"read_minutes": 30}}), "--yes"))
    shown = config(folder, "show", "--group", "north")
    assert "version 1, published" in shown.stderr
    file = folder / "shown.json"
    file.write_text(done(shown))
    assert "Nothing is different" in done(config(folder, "set", "--group", "north", file))


def test_definitions_travel_beside_the_settings(folder: Path, publishing: Publishing) -> None:
    done(config(folder, "set", "--site", "Mill", write(folder, {"scan": {"read_minutes": 30}}), "--yes"))
    said = done(config(folder, "set", "--site", "Mill", "--definition", DEFINITION, "--yes"))
    assert "definition kyocera.toml: not set -> " in said
    shown = json.loads(done(config(folder, "show", "--site", "Mill")))
    assert shown["definitions"] == {"kyocera.toml": DEFINITION.read_text()}
    assert shown["settings"] == {"scan": {"read_minutes": 30}}
    done(config(folder, "set", "--site", "Mill", "--no-definition", "kyocera.toml", "--yes"))
    assert json.loads(done(config(folder, "show", "--site", "Mill")))["definitions"] == {}


def test_nothing_is_published_without_an_answer(folder: Path) -> None:
    file = write(folder, {"scan": {"read_minutes": 30}})
    refused = config(folder, "set", "--global", file)
    assert "scan.read_minutes: not set -> 30" in refused.stdout
    assert "--yes" in refused.stderr.splitlines()[-1]
    assert refused.returncode == 1
    assert "Nothing is set" in config(folder, "show", "--global").stderr


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"\n", 1)])
def test_a_person_is_asked(folder: Path, answer: bytes, code: int) -> None:
    file = write(folder, {"scan": {"read_minutes": 30}})
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    words = [sys.executable, "-m", "hosting", "config", "set", "--data", str(folder), "--global", str(file)]
    child = os.posix_spawn(sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, theirs, 0)])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == code
    os.close(ours)
    os.close(theirs)
    assert ("Nothing is set" in config(folder, "show", "--global").stderr) == (code == 1)


@pytest.mark.parametrize(
    ("words", "content", "named"),
    [
        (["--global"], {"scan": {"read_minutes": 0}}, "scan.read_minutes"),
        (["--global"], {"guardrails": {"networks": []}}, "only the site decides"),
        (
            ["--global"],
            {"snmp": {"credentials": [{"kind": "community", "name": "x", "community": "hidden"}]}},
            "dca settings set snmp.credentials",
        ),
        (["--site", "Nowhere"], {}, "Nowhere"),
        (["--group", "North"], {}, "North"),
        (["--global"], [], "no JSON object"),
    ],
)
def test_what_cannot_be_published_is_one_sentence(folder: Path, words: list[str], content: object, named: str) -> None:
    finished = config(folder, "set", *words, write(folder, content), "--yes")
    assert finished.returncode == 1
    said = finished.stderr.splitlines()[-1]
    assert said.startswith("dca-hosting: ")
    assert named in said
    assert "hidden" not in finished.stdout + finished.stderr


def test_a_definition_that_no_collector_reads_is_named(folder: Path) -> None:
    file = folder / "acme.toml"
    file.write_text("[[object]]\n")
    finished = config(folder, "set", "--global", "--definition", file, "--yes")
    assert finished.returncode == 1
    assert "acme.toml" in finished.stderr.splitlines()[-1]


def test_without_a_repository_nothing_can_be_set(folder: Path) -> None:
    shutil.rmtree(folder / "repository")
    finished = config(folder, "set", "--global", write(folder, {"scan": {"read_minutes": 30}}), "--yes")
    assert "dca-hosting repository init" in finished.stderr.splitlines()[-1]


def test_the_group_of_a_site_is_signed(folder: Path) -> None:
    assert "group north" in done(hosting("site", "set", "--data", folder, "Mill", "--group", "north"))
    [file] = (folder / "repository" / "targets").rglob(f"*.{site_id(folder, 'Mill')}.json")
    assert json.loads(file.read_bytes())["group"] == "north"
    assert "no group" in done(hosting("site", "set", "--data", folder, "Mill", "--no-group"))


def test_a_site_is_served_as_long_as_it_may_be(folder: Path) -> None:
    said = done(hosting("site", "set", "--data", folder, "Mill", "--expires", "2020-01-31", "--deactivate"))
    assert "served until 2020-01-31T23:59:59Z, deactivated" in said
    [mill] = [
        site for site in json.loads(done(hosting("sites", "--data", folder, "--json")))["sites"] if site["site_name"] == "Mill"
    ]
    assert mill["contact"] == "deactivated"
    said = done(hosting("site", "set", "--data", folder, "Mill", "--no-expiry", "--activate", "--revoke"))
    assert said.strip() == "Mill: no group, no expiry, active, revoked"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["Mill"], "nothing to set"),
        (["Mill", "--expires", "tomorrow"], "'tomorrow'"),
        (["Mill", "--expires", "0001-01-01"], "'0001-01-01'"),
        (["Nowhere", "--revoke"], "'Nowhere'"),
        (["Mill", "--group", "a b"], "'a b'"),
    ],
)
def test_wrong_use_of_site_is_one_sentence(folder: Path, words: list[str], named: str) -> None:
    assert named in one_sentence(hosting("site", "set", "--data", folder, *words))


def test_the_enrolment_string_names_the_root(folder: Path) -> None:
    said = done(hosting("enrolment-code", "--data", folder, "--site", "Mill", "--url", "https://mps.example"))
    root = hashlib.sha256((folder / "repository" / "metadata" / "1.root.json").read_bytes()).hexdigest()
    assert re.fullmatch(rf"https://mps\.example#enrol=[0-9A-Z-]+&root={root}\n", said)


def test_a_server_that_starts_publishes_what_was_begun(folder: Path, start_child: StartChild) -> None:
    content = b'{"definitions":{},"format":1,"settings":{"scan":{"icmp":false}},"version":1}'
    with Database(database_url(None, folder)) as database, database.writing() as connection:
        configuration.intend(connection, [(EVERYBODY.path, 1, content)], actor="test")
    serve(start_child, folder, "--http")
    targets = folder / "repository" / "targets"
    wait_until("the configuration is published", lambda: list(targets.rglob("*.all.json")))
    wait_until("it is in force", lambda: "version 1, published" in config(folder, "show", "--global").stderr)


def test_nothing_to_set_is_one_sentence(folder: Path) -> None:
    assert "nothing to set" in one_sentence(config(folder, "set", "--global"))


def test_standard_input_is_read_when_asked_for(folder: Path) -> None:
    words = f'echo \'{{"scan": {{"icmp": false}}}}\' | {sys.executable} -m hosting config set --data {folder} --global - --yes'
    assert "scan.icmp: not set -> false" in done(run_child(["sh", "-c", words], folder=ROOT))


def test_a_value_that_means_more_than_it_seems_to_is_warned_about(folder: Path) -> None:
    risky = {"store": {"keep_days": 1}, "hosting": {"check_in_seconds": 86400}, "scan": {"read_minutes": 30}}
    said = done(config(folder, "set", "--global", write(folder, risky), "--yes"))
    warnings = [line for line in said.splitlines() if line.startswith("Warning: ")]
    assert [line.split()[1] for line in warnings] == ["store.keep_days", "hosting.check_in_seconds"]
    assert "also of the one that corrects this" in warnings[1]
    said = done(config(folder, "set", "--global", write(folder, {"scan": {"read_minutes": 45}}), "--yes"))
    assert "Warning" not in said


def test_without_a_repository_nothing_is_compared_or_said_to_be_signed(folder: Path) -> None:
    shutil.rmtree(folder / "repository")
    asked = (
        config(folder, "set", "--global", write(folder, {"scan": {"read_minutes": 30}}), "--yes"),
        hosting("site", "set", "--data", folder, "Mill", "--group", "north"),
        hosting("repository", "publish", "--data", folder),
    )
    for finished in asked:
        assert (finished.returncode, finished.stdout) == (1, "")
        assert "There is no repository yet" in finished.stderr
        assert "dca-hosting repository init" in finished.stderr
        assert "Signing" not in finished.stderr
