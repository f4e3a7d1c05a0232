"""`dca-hosting site set` for many sites at once: by filter and by file, one publication for all, and what matches none is named."""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.cli import main
from hosting.config import Config
from hosting.configuration.publication import Publishing
from hosting.configuration.scope import site_scope
from hosting.db import audit
from hosting.db.connection.database import Database, database_url
from hosting.db.tables import site
from tests.children import Finished
from tests.hosting.commands.test_cli import done, hosting, one_sentence

COUNT = 40


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, founded_repository: Path) -> Path:
    """Return a data folder with a repository and sites of two towns."""
    folder = tmp_path_factory.mktemp("many") / "data"
    done(hosting("init", "--data", folder))
    shutil.copytree(founded_repository, folder / "repository")
    now = utc_now()
    names = [f"{'Zwolle' if number % 4 else 'Ämsterdam'} {number:03}" for number in range(COUNT)]
    ids = [f"{number:08}-1111-4111-8111-111111111111" for number in range(COUNT)]
    rows = [{"site_id": site_id, "name": name, "created_at": now} for site_id, name in zip(ids, names, strict=True)]
    with Database(database_url(None, folder)) as database, database.writing() as connection:
        connection.execute(sa.insert(site), rows)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "data"))


def set_sites(folder: Path, *words: str | Path) -> Finished:
    return hosting("site", "set", "--data", folder, *words)


def kept(folder: Path) -> dict[str, str | None]:
    """Return the groups of the sites by name."""
    with Database(database_url(None, folder)) as database, database.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(sa.select(site.c.name, site.c.group_name))}


def snapshot(folder: Path) -> int:
    """Return how often something was published."""
    timestamp = json.loads((folder / "repository" / "metadata" / "timestamp.json").read_text())
    return int(timestamp["signed"]["meta"]["snapshot.json"]["version"])


def write(folder: Path, text: str) -> Path:
    file = folder / "sites.csv"
    file.write_text(text)
    return file


def test_all_that_match_are_put_into_a_group_by_one_publication(folder: Path) -> None:
    before = snapshot(folder)
    assert "30 sites are set." in done(set_sites(folder, "--matching", "zwolle", "--group", "east"))
    assert {name.split()[0]: group for name, group in kept(folder).items()} == {"Zwolle": "east", "Ämsterdam": None}
    assert snapshot(folder) == before + 1
    assert "30 sites are set." in done(set_sites(folder, "--in-group", "east", "--expires", "2030-12-31", "--group", "east"))
    assert snapshot(folder) == before + 1, "nothing is signed where nothing is different"
    assert "1 site is set." in done(set_sites(folder, "--in-group", "east", "--matching", "001", "--no-group"))
    assert sum(group == "east" for group in kept(folder).values()) == 29
    with Database(database_url(None, folder)) as database:
        first = "00000001-1111-4111-8111-111111111111"
        assert Publishing(Config(folder), database).in_force(site_scope(first, "")).group is None
        with database.reading() as connection:
            actions = [line.action for line in audit.latest(connection, site_id=first)]
            expires = connection.execute(sa.select(site.c.expires_at).where(site.c.site_id == first)).scalar_one()
    assert sorted(actions) == ["configuration published", "configuration taken away", "expiry set"]
    assert expires > utc_now() + timedelta(days=365)


def test_a_file_has_a_group_for_each_site(folder: Path) -> None:
    before = snapshot(folder)
    file = write(
        folder, '\ufeffsite,group\r\nZwolle 001,north\r\n"Ämsterdam 000",south\r\n00000002-1111-4111-8111-111111111111,\r\n'
    )
    assert "3 sites are set." in done(set_sites(folder, "--file", file))
    assert {name: group for name, group in kept(folder).items() if group} == {"Zwolle 001": "north", "Ämsterdam 000": "south"}
    assert snapshot(folder) == before + 1
    done(set_sites(folder, "--file", write(folder, "site\nZwolle 001\nZwolle 003\n"), "--group", "west"))
    assert {name: group for name, group in kept(folder).items() if group == "west"} == dict.fromkeys(
        ("Zwolle 001", "Zwolle 003"), "west"
    )


def test_sites_that_match_none_are_named_and_nothing_is_set(folder: Path) -> None:
    before = snapshot(folder)
    told = one_sentence(set_sites(folder, "--file", write(folder, "site,group\nZwolle 001,x\nUtrecht\x1b[31m,x\nDelft,x\n")))
    assert "2 of the 3 lines of" in told
    assert "'Delft'" in told
    assert "Utrecht" in told
    assert "\x1b" not in told
    assert "No site matches." in one_sentence(set_sites(folder, "--matching", "utrecht", "--group", "x"))
    assert set(kept(folder).values()) == {None}
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("words", "text", "named"),
    [
        (("--group", "x"), "", "by NAME"),
        (("Zwolle 001", "--matching", "x", "--group", "x"), "", "by NAME"),
        (("--file", "FILE"), "site\nZwolle 001\n", "nothing to set"),
        (("--file", "FILE"), "name,group\nZwolle 001,x\n", "first line"),
        (("--file", "FILE"), "", "first line"),
        (("--file", "FILE"), "site,group\n", "names no site"),
        (("--file", "FILE"), "site,group\nZwolle 001\n", "Line 2"),
        (("--file", "FILE"), "site,group\nZwolle 001,a,b\n", "Line 2"),
        (("--file", "FILE"), 'site,group\n"Zwolle\n', "cannot be read"),
        (("--file", "FILE"), "site,group\nZwolle 001,No Group\n", "cannot be the name of a group"),
        (("--file", "FILE"), "site,group\nZwolle 001,a\n00000001-1111-4111-8111-111111111111,b\n", "two groups"),
        (("--file", "FILE", "--group", "x"), "site,group\nZwolle 001,a\n", "groups of its own"),
        (("--file", "nowhere.csv", "--group", "x"), "", "cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str, named: str
) -> None:
    file = write(tmp_path, text)
    asked = [str(file) if word == "FILE" else word for word in words]
    assert main(["site", "set", "--data", str(prepared), *asked]) == 1
    assert named in capsys.readouterr().err
    assert set(kept(prepared).values()) == {None}
