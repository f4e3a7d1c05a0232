"""A repository on disk, the commands that change it, and sites that follow it: real files, real HTTP, our own client."""

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from appliance.common.clock import to_rfc3339
from tests.children import Finished
from tests.conftest import ROOT
from tests.forked import run_forked
from tests.updater.tuf_repository import serving

PASSPHRASE = "four words of a test"


def hosting(*words: str | Path, folder: Path = ROOT) -> Finished:
    return run_forked("hosting", ["-m", "hosting", *words], folder=folder)


def done(finished: Finished) -> str:
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def refused(finished: Finished) -> str:
    """Return the one sentence of a command that failed."""
    assert finished.returncode == 1, finished.stdout
    (line,) = finished.stderr.splitlines()
    assert line.startswith("dca-hosting: ")
    return line


def document(version: int = 1, **settings: Any) -> bytes:
    return json.dumps({"format": 1, "version": version, "settings": settings}).encode()


@dataclass
class Published:
    """The folders of one hosting server: `data`, and `keys` with those of people."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def repository(self) -> Path:
        return self.data / "repository"

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"

    @property
    def root(self) -> Path:
        return self.newest("root")

    def newest(self, role: str) -> Path:
        versions = (self.repository / "metadata").glob(f"*.{role}.json")
        return max(versions, key=lambda path: int(path.name.partition(".")[0]))

    def signed(self, role: str) -> Any:
        path = self.repository / "metadata" / "timestamp.json" if role == "timestamp" else self.newest(role)
        return json.loads(path.read_bytes())["signed"]

    def found(self) -> "Published":
        """Found it with local keys."""
        self.data.mkdir()
        self.passphrase.write_text(f"{PASSPHRASE}\n")
        done(self.run("init", "--local-keys", self.keys, "--passphrase-file", self.passphrase))
        return self

    def let_timestamp_expire(self, when: datetime) -> None:
        """Change when the timestamp expires, as of a server that has not signed for a while: publishing makes no such one."""
        path = self.repository / "metadata" / "timestamp.json"
        content = json.loads(path.read_bytes())
        content["signed"]["expires"] = to_rfc3339(when)
        path.write_text(json.dumps(content))

    def run(self, action: str, *words: str | Path) -> Finished:
        return hosting("repository", action, "--data", self.data, *words)

    def tree(self) -> dict[str, bytes]:
        """Return all that is published, by path."""
        folders = (self.repository / "metadata", self.repository / "targets")
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.repository)): path.read_bytes() for path in files}


@dataclass
class Site:
    """A site that follows a repository with `python -m updater trust`."""

    folder: Path
    url: str

    def trust(self, *words: str | Path) -> Finished:
        options: list[str | Path] = ["--metadata-dir", self.folder / "trust", "--metadata-url", f"{self.url}/metadata"]
        return run_forked("updater", ["-m", "updater", "trust", *options, *words], folder=ROOT)

    def begin(self, root: Path) -> "Site":
        assert self.trust("init", root).returncode == 0
        return self

    def refresh(self) -> Finished:
        return self.trust("refresh")

    def fetch(self, name: str) -> bytes | str:
        """Return the content of a target, or why there is none."""
        folder = self.folder / "targets"
        finished = self.trust(
            "--target-base-url", f"{self.url}/targets/", "--target-dir", folder, "--target-name", name, "download"
        )
        kept = folder / name.replace("/", "%2F")
        return kept.read_bytes() if finished.returncode == 0 else finished.stderr


@contextlib.contextmanager
def site_of(published: Published, folder: Path) -> Iterator[Site]:
    """Give a new site of what is published now."""
    with serving(published.tree()) as server:
        yield Site(folder, server.url).begin(published.root)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
