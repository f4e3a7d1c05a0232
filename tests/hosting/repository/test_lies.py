"""Whoever holds the whole server gets no signature by a lie, and what was signed blindly is not published."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from securesystemslib.signer import Signer

from hosting.repository.keys import load_signer, read_public

from .images import saved
from .lies import CATALOGUE, LIES, Lie, keys_of, put_another_key, sign_blindly, signed, tell
from .published import PASSPHRASE, Published, done, hosting, refused
from .signing import sign, sign_with_local_keys

Signers = dict[str, list[Signer]]


@pytest.fixture(scope="module")
def waiting(founded: Published, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Return a repository with a release, in which a true draft of each role waits; nothing in it is changed."""
    folder = tmp_path_factory.mktemp("waiting")
    made = Published(Path(shutil.copytree(founded.folder, folder / "hosting")))
    for version in ("0.2.0", "0.3.0"):
        done(hosting("release", "add", version, "--data", made.data, "--archive", saved(folder)))
        if version == "0.2.0":
            sign_with_local_keys(made)
            done(made.run("publish"))
    for role in ("root", "targets"):
        done(made.run("renew", role))
    return made


@pytest.fixture(scope="module")
def signers(founded: Published) -> Signers:
    """Return two signers of each offline role."""
    found = {}
    for role in ("root", "targets", "release"):
        names = [f"{role}-{number}" for number in (1, 2)]
        public = [read_public(founded.keys / f"{name}.pub")[0] for name in names]
        found[role] = [load_signer(str(founded.keys / f"{name}.key"), public, lambda: PASSPHRASE) for name in names]
    return found


@pytest.fixture
def draft_of(waiting: Published, tmp_path: Path) -> Callable[[str], Path]:
    """Return what gives a copy of the draft of a role."""

    def copied(role: str) -> Path:
        [path] = (waiting.repository / "drafts").glob(f"*.{role}.json")
        return Path(shutil.copy(path, tmp_path))

    return copied


def named(lies: list[Lie]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("lie", lies, ids=[lie.name for lie in lies])


@named(LIES)
def test_nobody_signs_a_lie(waiting: Published, draft_of: Callable[[str], Path], lie: Lie) -> None:
    draft = draft_of(lie.role)
    tell(lie, draft)
    before = draft.read_bytes()

    finished = sign(draft, waiting.keys / f"{lie.role}-1.key", waiting.passphrase)

    assert lie.said in refused(finished)
    assert (finished.stdout, draft.read_bytes()) == ("", before)
    assert "\x1b" not in finished.stderr
    assert "\u202e" not in finished.stderr


@named(LIES)
def test_what_was_signed_blindly_is_not_published(waiting: Published, tmp_path: Path, signers: Signers, lie: Lie) -> None:
    published = Published(Path(shutil.copytree(waiting.folder, tmp_path / "hosting")))
    for path in (published.repository / "drafts").iterdir():
        if not path.name.endswith(f".{lie.role}.json"):
            path.unlink()
    [draft] = (published.repository / "drafts").iterdir()
    tell(lie, draft)
    sign_blindly(draft, signers)
    before = published.tree()

    finished = published.run("publish")

    assert (lie.published or lie.said) in refused(finished)
    assert published.tree() == before
    assert "\x1b" not in finished.stderr


@pytest.mark.parametrize("role", ["root", "targets", "release"])
def test_the_true_draft_is_signed(waiting: Published, draft_of: Callable[[str], Path], tmp_path: Path, role: str) -> None:
    trust = shutil.copytree(waiting.keys / "trust", tmp_path / "trust")

    said = done(sign(draft_of(role), waiting.keys / f"{role}-1.key", waiting.passphrase, "--yes", "--trust", trust))

    assert "1 more needed" in said


def test_an_older_state_is_not_signed_upon(founded: Published, tmp_path: Path, signers: Signers) -> None:
    """What was published before is signed, too: the machine of the signer knows that there is something newer."""
    published = Published(Path(shutil.copytree(founded.folder, tmp_path / "hosting")))
    done(published.run("renew", "targets"))
    draft = published.repository / "drafts" / "2.targets.json"
    old = draft.read_bytes()
    sign_with_local_keys(published)
    done(published.run("publish"))
    done(published.run("renew", "targets"))
    sign_with_local_keys(published)

    draft.write_bytes(old)
    said = refused(sign(draft, published.keys / "targets-1.key", published.passphrase))

    assert "targets 2 does not follow what is published, the next is 3" in said


def test_another_repository_is_not_signed_for(waiting: Published, tmp_path: Path) -> None:
    """Everything in it is signed as it should be, with keys of the thief's own."""
    other = Published(tmp_path / "other")
    other.folder.mkdir()
    other.found()
    done(other.run("renew", "root"))

    draft = other.repository / "drafts" / "2.root.json"
    assert "another root 1 than the one that is trusted here" in refused(
        sign(draft, waiting.keys / "root-1.key", waiting.passphrase)
    )


def test_a_draft_of_an_earlier_version_says_what_to_do(waiting: Published, draft_of: Callable[[str], Path]) -> None:
    draft = draft_of("root")
    value = json.loads(draft.read_bytes())
    draft.write_text(json.dumps({"draft": 1, "role": "root", "signers": [], "before": None, "metadata": value["metadata"]}))

    said = refused(sign(draft, waiting.keys / "root-1.key", waiting.passphrase))
    assert "was made by an earlier version: remove it and make it anew" in said


def test_every_difference_is_shown_and_nothing_in_it_moves_the_cursor(
    waiting: Published, draft_of: Callable[[str], Path], tmp_path: Path
) -> None:
    trust = shutil.copytree(waiting.keys / "trust", tmp_path / "trust")
    draft = draft_of("release")
    value = json.loads(draft.read_bytes())
    custom = signed(value)["targets"][CATALOGUE]["custom"]
    custom |= {"x-\x1b[1A": {"deep": ["\u202eevil\nfine"]}, "x-more": "\x9b2J"}
    draft.write_text(json.dumps(value))

    said = done(sign(draft, waiting.keys / "release-1.key", waiting.passphrase, "--yes", "--trust", trust))

    assert r'"x-\u001b[1A": {"deep": ["\u202eevil\nfine"]}' in said
    assert '"x-more": "\\u009b2J"' in said
    assert not {"\x1b", "\u202e", "\x9b"} & set(said)


def test_all_of_a_key_id_is_shown(waiting: Published, draft_of: Callable[[str], Path], tmp_path: Path) -> None:
    trust = shutil.copytree(waiting.keys / "trust", tmp_path / "trust")
    draft = draft_of("root")
    keyids = set(keys_of(json.loads(draft.read_bytes())))

    said = done(sign(draft, waiting.keys / "root-1.key", waiting.passphrase, "--yes", "--trust", trust))

    assert all(keyid in said for keyid in keyids if keyid in signed(json.loads(draft.read_bytes()))["roles"]["root"]["keyids"])


def test_a_public_key_under_another_id_is_refused(founded: Published, tmp_path: Path) -> None:
    file = tmp_path / "anna.pub"
    value = json.loads((founded.keys / "root-1.pub").read_bytes())
    value["keyval"]["public"] = "ab" * 32
    file.write_text(json.dumps(value))
    (tmp_path / "data").mkdir()

    words = ("--root-key", file, "--targets-key", founded.keys / "targets-1.pub", "--threshold", "1")
    assert "is not the hash of its key" in refused(Published(tmp_path).run("init", *words))


def test_a_lie_that_is_told_to_the_status_is_named(waiting: Published, tmp_path: Path) -> None:
    published = Published(Path(shutil.copytree(waiting.folder, tmp_path / "hosting")))
    [draft] = (published.repository / "drafts").glob("*.root.json")
    tell(Lie("", "root", put_another_key, ""), draft)

    assert f"{draft} cannot be published." in refused(published.run("status"))
