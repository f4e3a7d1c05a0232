"""The hosting team that releases: images become releases which two people sign, and sites are offered them."""

import gzip
import shutil
import subprocess
from pathlib import Path

from tests.end_to_end.configuration import HostingTeam
from tests.engine.client import DOCKER
from tests.forked import run_forked

KEYS = 2


class ReleasingTeam(HostingTeam):
    """A hosting team with the keys of the role `release`."""

    def release(self, version: str, *words: str, deadline: float = 60, steady: float = 2) -> None:
        """Add a release (`--archive FILE` or `--image REFERENCE`), sign it with two keys, and publish the catalogue."""
        notes = self.folder / "notes.md"
        notes.write_text(f"What is new in {version}.")
        times = ("--deadline", str(deadline), "--steady", str(steady))
        self.command("release", "add", version, *words, "--notes", str(notes), *times)
        self._sign_and_publish()

    def withdraw(self, version: str) -> None:
        """Take a release out of the catalogue."""
        self.command("release", "withdraw", version)
        self._sign_and_publish()

    def offer(self, version: str, *words: str) -> None:
        """Offer a release to all sites, or to whom `words` say."""
        percent = () if words else ("--percent", "100")
        self.command("release", "rollout", "--version", version, *percent, *words, "--yes")

    def _sign_and_publish(self) -> None:
        [draft] = (self.folder / "data").rglob("drafts/*.json")
        for number in range(1, KEYS + 1):
            key = self.folder / f"keys/release-{number}.key"
            words = [
                "-m",
                "hosting",
                "sign",
                str(draft),
                "--key",
                str(key),
                "--passphrase-file",
                str(self.folder / "password"),
                "--yes",
            ]
            finished = run_forked("hosting", words)
            assert finished.returncode == 0, finished.stderr
        self.command("repository", "publish")


def save_archive(address: str, image: str, file: Path) -> Path:
    """Write the archive of an image at the engine of `address`, as `docker save IMAGE | gzip` does."""
    with subprocess.Popen([DOCKER, "--host", address, "save", image], stdout=subprocess.PIPE) as save:
        assert save.stdout is not None
        with gzip.open(file, "wb", compresslevel=1) as archive:
            shutil.copyfileobj(save.stdout, archive)
    assert save.returncode == 0
    return file
