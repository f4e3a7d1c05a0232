"""A repository is founded by several people, each with a key of their own that never leaves their machine."""

import json
import shutil
from pathlib import Path

import pytest

from .published import Published, done, hosting, refused, site_of
from .signing import Person, sign


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Person]:
    folder = tmp_path_factory.mktemp("people")
    return {name: Person(folder / name) for name in ("anna", "boris", "carla", "dora", "emil")}


@pytest.fixture
def begun(everybody: dict[str, Person], tmp_path: Path) -> Published:
    """Return a repository whose drafts wait: anna, boris and carla sign root and targets, dora and emil releases."""
    for person in everybody.values():
        shutil.rmtree(person.folder / "trust", ignore_errors=True)
    published = Published(tmp_path)
    published.data.mkdir()
    words: list[str | Path] = []
    for role, names in (("root", "anna boris carla"), ("targets", "anna boris carla"), ("release", "dora emil")):
        words += [word for name in names.split() for word in (f"--{role}-key", everybody[name].public)]
    said = done(published.run("init", *words))
    assert said.count("2 more of the keys that") == 3
    return published


def draft(published: Published, role: str) -> Path:
    return published.repository / "drafts" / f"1.{role}.json"


def test_several_people_sign_on_machines_of_their_own(begun: Published, everybody: dict[str, Person], tmp_path: Path) -> None:
    said = done(everybody["anna"].sign(draft(begun, "root")))
    assert "Nothing of this role is published yet" in said
    assert "keys of timestamp: 1 of" in said
    assert "1 more needed" in said
    assert "enough" in done(everybody["carla"].sign(draft(begun, "root")))
    for role, names in (("targets", ("boris", "carla")), ("release", ("dora", "emil"))):
        for name in names:
            done(everybody[name].sign(draft(begun, role)))

    done(begun.run("publish"))

    assert list((begun.repository / "drafts").iterdir()) == []
    with site_of(begun, tmp_path / "site") as site:
        assert site.refresh().returncode == 0
    assert "set up already" in refused(begun.run("init", "--local-keys", tmp_path / "keys"))
    assert not (tmp_path / "keys").exists()


def test_too_few_signatures_publish_nothing(begun: Published, everybody: dict[str, Person]) -> None:
    for role in ("root", "targets"):
        for name in ("anna", "boris"):
            done(everybody[name].sign(draft(begun, role)))
    done(everybody["dora"].sign(draft(begun, "release")))

    assert "1.release.json lacks signatures" in refused(begun.run("publish"))
    assert begun.tree() == {}
    assert "1.release.json: 1 more" in done(begun.run("status"))


def test_the_key_of_somebody_else_signs_nothing(begun: Published, everybody: dict[str, Person]) -> None:
    before = draft(begun, "root").read_bytes()

    assert "none of those that may sign this" in refused_last(everybody["dora"], draft(begun, "root"))
    assert draft(begun, "root").read_bytes() == before


def test_nobody_signs_twice(begun: Published, everybody: dict[str, Person]) -> None:
    done(everybody["anna"].sign(draft(begun, "root")))
    before = draft(begun, "root").read_bytes()

    assert "has signed this draft already" in refused_last(everybody["anna"], draft(begun, "root"))
    assert draft(begun, "root").read_bytes() == before


def test_a_wrong_passphrase_signs_nothing(begun: Published, everybody: dict[str, Person], tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("another passphrase\n")

    finished = sign(draft(begun, "root"), everybody["anna"].key, wrong)

    assert finished.returncode == 1
    assert "the passphrase is not its own" in finished.stderr


def test_what_was_changed_after_it_was_signed_counts_for_nothing(begun: Published, everybody: dict[str, Person]) -> None:
    for role, names in (("root", ("anna", "boris")), ("targets", ("anna", "boris")), ("release", ("dora", "emil"))):
        for name in names:
            done(everybody[name].sign(draft(begun, role)))
    value = json.loads(draft(begun, "root").read_bytes())
    value["metadata"]["signed"]["roles"]["root"]["threshold"] = 1
    draft(begun, "root").write_text(json.dumps(value))

    assert "it was changed since the key" in refused(begun.run("publish"))
    assert begun.tree() == {}


def test_one_key_cannot_stand_for_two_people(everybody: dict[str, Person], tmp_path: Path) -> None:
    published = Published(tmp_path)
    published.data.mkdir()
    anna, boris = everybody["anna"].public, everybody["boris"].public

    twice = ("--root-key", anna, "--root-key", anna, "--targets-key", anna, "--targets-key", boris)
    assert "given twice" in refused(published.run("init", *twice))
    assert "of which 2 have to sign" in refused(published.run("init", "--root-key", anna, "--targets-key", boris))


def test_a_key_is_never_overwritten(everybody: dict[str, Person], tmp_path: Path) -> None:
    shutil.copy(everybody["anna"].public, tmp_path)
    words = ("keys", "new", "anna", "--out", tmp_path, "--passphrase-file", everybody["anna"].passphrase)

    assert "never overwritten" in refused(hosting(*words))


def test_the_private_key_of_a_person_is_encrypted_and_their_own(everybody: dict[str, Person]) -> None:
    key = everybody["anna"].key

    assert key.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert key.stat().st_mode & 0o077 == 0


def test_the_server_has_no_key_of_people(begun: Published, everybody: dict[str, Person]) -> None:
    kept = {path.stem for path in (begun.repository / "keys").iterdir()}

    assert len(kept) == 3
    assert not kept & {json.loads(person.public.read_bytes())["keyid"] for person in everybody.values()}


def refused_last(person: Person, path: Path) -> str:
    finished = person.sign(path)
    assert finished.returncode == 1
    return finished.stderr
