"""What a signer's machine trusts begins with a founding that was confirmed, or with a root that came another way than a draft."""

import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.children import run_child
from tests.conftest import ROOT

from .published import PASSPHRASE, Published, done, hosting, refused
from .signing import Person, sign

WITHOUT_SERVER = """
import importlib.abc, os, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("sqlalchemy", "alembic", "psycopg", "tornado", "argon2", "pysnmp"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from hosting.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""The command on a machine that has neither a database nor a web server."""


@pytest.fixture
def renewing(founded: Published, tmp_path: Path) -> Published:
    """Return a repository where the next root waits, and nobody trusts anything yet."""
    published = Published(Path(shutil.copytree(founded.folder, tmp_path / "hosting")))
    shutil.rmtree(published.keys / "trust")
    done(published.run("renew", "root"))
    return published


def draft_of(published: Published) -> Path:
    return published.repository / "drafts" / "2.root.json"


def sign_root(published: Published, *words: str | Path) -> str:
    return done(sign(draft_of(published), published.keys / "root-1.key", published.passphrase, "--yes", *words))


def sign_root_in_vain(published: Published, *words: str | Path) -> str:
    return refused(sign(draft_of(published), published.keys / "root-1.key", published.passphrase, "--yes", *words))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_draft_cannot_vouch_for_itself(renewing: Published) -> None:
    before = draft_of(renewing).read_bytes()

    said = sign_root_in_vain(renewing)

    assert "a draft cannot vouch for itself" in said
    assert "keys trust root.json" in said
    assert draft_of(renewing).read_bytes() == before
    assert not (renewing.keys / "trust").exists()


def test_a_root_that_somebody_brings_is_shown_and_trusted(renewing: Published) -> None:
    said = done(hosting("keys", "trust", renewing.root, "--key", renewing.keys / "root-1.key", "--yes"))

    assert sha256(renewing.root) in said
    assert all(keyid in said for keyid in renewing.signed("root")["roles"]["root"]["keyids"])
    assert "1 more needed" in sign_root(renewing)
    assert (renewing.keys / "trust" / "root.json").read_bytes() == renewing.root.read_bytes()


def test_nobody_trusts_a_root_without_being_asked(renewing: Published) -> None:
    words = ("keys", "trust", renewing.root, "--trust", renewing.folder / "trust")

    assert "nothing was trusted" in refused_last(*words)
    assert "does not have the SHA-256" in refused_last(*words, "--sha256", "0" * 64)
    assert not (renewing.folder / "trust").exists()
    done(hosting(*words, "--sha256", sha256(renewing.root)))
    assert "trusts a root already" in refused_last(*words, "--yes")


def test_a_root_that_its_own_keys_did_not_sign_is_not_trusted(renewing: Published) -> None:
    value = json.loads(renewing.root.read_bytes())
    value["signed"]["expires"] = "2099-01-01T00:00:00Z"
    file = renewing.folder / "root.json"
    file.write_text(json.dumps(value))

    assert "lacks signatures" in refused_last("keys", "trust", file, "--trust", renewing.folder / "trust", "--yes")
    file.write_text("{}")
    assert "is damaged" in refused_last("keys", "trust", file, "--trust", renewing.folder / "trust", "--yes")


def test_a_root_may_be_named_by_its_hash_as_in_an_enrolment_string(renewing: Published) -> None:
    assert "No root of this draft has the SHA-256" in sign_root_in_vain(renewing, "--root-sha256", "0" * 64)
    assert "1 more needed" in sign_root(renewing, "--root-sha256", sha256(renewing.root))
    assert (renewing.keys / "trust" / "root.json").exists()


def test_what_is_trusted_follows_what_was_published(renewing: Published) -> None:
    first = renewing.root.read_bytes()
    for number in (1, 2):
        words = ("--yes", "--root-sha256", hashlib.sha256(first).hexdigest())
        done(sign(draft_of(renewing), renewing.keys / f"root-{number}.key", renewing.passphrase, *words))
    done(renewing.run("publish"))
    done(renewing.run("renew", "root"))
    draft = renewing.repository / "drafts" / "3.root.json"

    done(sign(draft, renewing.keys / "root-1.key", renewing.passphrase))

    assert json.loads((renewing.keys / "trust" / "root.json").read_bytes())["signed"]["version"] == 2


def test_whoever_signed_another_content_of_a_version_is_told(renewing: Published) -> None:
    """It may be a draft that was made anew, or a server that keeps back what was signed."""
    assert "NOTE" not in sign_root(renewing, *_first(renewing))
    draft_of(renewing).unlink()
    done(renewing.run("rotate", "--online", "timestamp"))

    said = sign_root(renewing)

    assert "NOTE: root 2 was signed here before with another content" in said
    assert "(differences in all: 3)" in said


def test_a_missing_root_breaks_the_chain(renewing: Published) -> None:
    for number in (1, 2):
        done(sign(draft_of(renewing), renewing.keys / f"root-{number}.key", renewing.passphrase, "--yes", *_first(renewing)))
    done(renewing.run("publish"))
    done(renewing.run("renew", "root"))
    draft = renewing.repository / "drafts" / "3.root.json"
    value = json.loads(draft.read_bytes())
    (trust := renewing.folder / "trust").mkdir()
    shutil.copy(renewing.repository / "metadata" / "1.root.json", trust / "root.json")
    second = value["published"]["roots"][1]
    second["signatures"] = second["signatures"][:1]
    draft.write_text(json.dumps(value))

    words = ("--yes", "--trust", trust)
    assert "root 2, which it calls published, lacks signatures" in refused(
        sign(draft, renewing.keys / "root-1.key", renewing.passphrase, *words)
    )


def _first(published: Published) -> tuple[str, str]:
    return ("--root-sha256", sha256(published.repository / "metadata" / "1.root.json"))


def test_a_damaged_trust_is_no_trust(renewing: Published) -> None:
    (renewing.keys / "trust").mkdir()
    (renewing.keys / "trust" / "root.json").write_text("{")

    assert "trust/root.json is damaged" in sign_root_in_vain(renewing)


def test_a_key_without_a_file_needs_a_folder_of_trust(renewing: Published) -> None:
    said = refused(hosting("sign", draft_of(renewing), "--key", "hsm:2?label=anna", "--yes"))

    assert "--trust DIR" in said


def test_nothing_is_signed_where_nobody_can_be_asked(renewing: Published) -> None:
    before = draft_of(renewing).read_bytes()
    key, words = renewing.keys / "root-1.key", ("--passphrase-file", renewing.passphrase, *_first(renewing))

    assert "nothing was signed" in refused_last("sign", draft_of(renewing), "--key", key, *words)
    assert draft_of(renewing).read_bytes() == before


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("", 1), ("y", 0)])
def test_a_person_is_asked(renewing: Published, answer: str, code: int) -> None:
    before = draft_of(renewing).read_bytes()
    key, words = renewing.keys / "root-1.key", ["--passphrase-file", renewing.passphrase, *_first(renewing)]
    command = [sys.executable, "-m", "hosting", "sign", draft_of(renewing), "--key", key, *words]

    finished, said = at_a_terminal([str(word) for word in command], f"{answer}\n")

    assert "Sign this? [y/N]" in said
    assert (finished, draft_of(renewing).read_bytes() == before) == (code, code == 1)


def at_a_terminal(command: list[str], typed: str) -> tuple[int, str]:
    """Return how a command ended whose standard input and output are a terminal, and all it said."""
    ours, its = pty.openpty()
    with subprocess.Popen(command, stdin=its, stdout=its, stderr=its, cwd=ROOT, start_new_session=True) as process:
        os.close(its)
        os.write(ours, typed.encode())
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # the other end is closed
            pass
        os.close(ours)
        code = process.wait(60)
    return code, said.decode()


@pytest.fixture
def people(tmp_path: Path) -> dict[str, Person]:
    """Return two people who found a repository, and one who joins."""
    return {name: Person(tmp_path / name) for name in ("anna", "boris", "dora")}


def found(folder: Path, people: dict[str, Person]) -> Published:
    published = Published(folder)
    published.data.mkdir(parents=True)
    words = [word for name in ("anna", "boris") for role in ("root", "targets") for word in (f"--{role}-key", people[name].public)]
    done(published.run("init", *words))
    return published


def test_another_founding_is_refused_once_one_was_confirmed(people: dict[str, Person], tmp_path: Path) -> None:
    first, second = (found(tmp_path / name, people) for name in ("first", "second"))
    said = done(people["anna"].sign(first.repository / "drafts" / "1.root.json"))
    assert "Nothing of this role is published yet. It says:" in said

    for role in ("root", "targets", "release"):
        assert "another first root" in refused(people["anna"].sign(second.repository / "drafts" / f"1.{role}.json"))
    done(people["anna"].sign(first.repository / "drafts" / "1.targets.json"))


def test_a_release_of_the_founding_shows_the_root_and_the_targets_it_depends_on(people: dict[str, Person], tmp_path: Path) -> None:
    published = found(tmp_path / "first", people)

    said = done(people["boris"].sign(published.repository / "drafts" / "1.release.json"))

    assert "keys of snapshot: 1 of" in said
    assert "delegation globalcfg: 1 of" in said
    assert "another first root" in refused(
        people["boris"].sign(found(tmp_path / "second", people).repository / "drafts" / "1.root.json")
    )


def test_another_root_is_not_followed_after_the_founding(people: dict[str, Person], tmp_path: Path) -> None:
    first = found(tmp_path / "first", people)
    done(people["anna"].sign(first.repository / "drafts" / "1.root.json"))
    other = Published(tmp_path / "other")
    other.folder.mkdir()
    other.found()
    done(other.run("renew", "root"))

    assert "another first root" in refused(people["anna"].sign(other.repository / "drafts" / "2.root.json"))


def test_a_whole_sitting_needs_no_server_no_database_and_no_data_folder(tmp_path: Path) -> None:
    def alone(*words: str | Path) -> str:
        finished = run_child(["python", "-c", WITHOUT_SERVER, *words], environment={"PYTHONPATH": str(ROOT)}, folder=tmp_path)
        return done(finished)

    (passphrase := tmp_path / "passphrase").write_text(PASSPHRASE)
    for name in ("anna", "boris", "dora"):
        alone("keys", "new", name, "--out", tmp_path / name, "--passphrase-file", passphrase)
    published = Published(tmp_path / "server")
    published.data.mkdir(parents=True)
    public = [tmp_path / name / f"{name}.pub" for name in ("anna", "boris")]
    done(published.run("init", *[word for file in public for role in ("root", "targets") for word in (f"--{role}-key", file)]))
    for role in ("root", "targets", "release"):
        carried = Path(shutil.copy(published.repository / "drafts" / f"1.{role}.json", tmp_path))
        for name in ("anna", "boris"):
            alone("sign", carried, "--key", tmp_path / name / f"{name}.key", "--passphrase-file", passphrase, "--yes")
        shutil.copy(carried, published.repository / "drafts")
    done(published.run("publish"))

    alone("keys", "trust", published.root, "--key", tmp_path / "dora" / "dora.key", "--yes")
    assert (tmp_path / "dora" / "trust" / "root.json").read_bytes() == published.root.read_bytes()


def refused_last(*words: str | Path) -> str:
    """Return the last line of what a command said that failed, after it showed what it is about."""
    finished = hosting(*words)
    assert finished.returncode == 1, finished.stdout
    return finished.stderr
