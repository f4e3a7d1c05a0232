"""People who sign: each with a key of their own, on a machine of their own."""

from dataclasses import dataclass, field
from pathlib import Path

from hosting.signing.drafts import read_draft
from tests.children import Finished

from .published import PASSPHRASE, Published, done, hosting


@dataclass
class Person:
    """One machine with one key; drafts come and go as files."""

    folder: Path
    key: Path = field(init=False)
    passphrase: Path = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.passphrase = self.folder / "passphrase"
        self.passphrase.write_text(f"{PASSPHRASE}\n")
        self.key = self.folder / f"{self.folder.name}.key"
        done(hosting("keys", "new", self.folder.name, "--out", self.folder, "--passphrase-file", self.passphrase))

    @property
    def public(self) -> Path:
        return self.key.with_suffix(".pub")

    def trust(self, root: Path) -> None:
        """Begin with the root that somebody else has brought."""
        done(hosting("keys", "trust", root, "--key", self.key, "--yes"))

    def sign(self, draft: Path, *words: str | Path) -> Finished:
        """Carry a draft here, sign it, and carry it back."""
        here = self.folder / draft.name
        here.write_bytes(draft.read_bytes())
        finished = sign(here, self.key, self.passphrase, *words)
        draft.write_bytes(here.read_bytes())
        return finished


def sign(draft: Path, key: Path, passphrase: Path, *words: str | Path) -> Finished:
    return hosting("sign", draft, "--key", key, "--passphrase-file", passphrase, *(words or ("--yes",)))


def sign_with_local_keys(published: Published) -> None:
    """Sign all drafts with as many of the local keys as each needs."""
    for path in (published.repository / "drafts").iterdir():
        role = read_draft(path).role
        for number in (1, 2):
            done(sign(path, published.keys / f"{role}-{number}.key", published.passphrase))
