"""The written ceremony is run, line by line, by its own words."""

import re
import shlex
from pathlib import Path

from hosting.repository.repository import Repository
from tests.conftest import ROOT

from .images import saved
from .published import PASSPHRASE, Published, done, hosting, site_of

CEREMONY = ROOT / "docs" / "key-ceremony.md"


def test_the_written_ceremony_succeeds_in_its_order(tmp_path: Path) -> None:
    for name in ("hosting-data", "small-data"):
        (tmp_path / name).mkdir()
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(f"{PASSPHRASE}\n")
    saved(tmp_path, "dca-0.2.0-amd64.tar.gz")
    blocks = re.findall(r"```sh\n(.*?)```", CEREMONY.read_text(), re.DOTALL)
    commands = [shlex.split(line) for block in blocks for line in block.splitlines()]

    assert len(commands) >= 30
    for command, *words in commands:
        assert command == "dca-hosting"
        # A person would type the passphrase, and compare what is shown before saying yes.
        if words[:2] == ["keys", "new"] or words[0] == "sign" or "--local-keys" in words:
            words += ["--passphrase-file", str(passphrase)]
        if words[:2] == ["keys", "trust"] or words[0] == "sign":
            words += ["--yes"]
        done(hosting(*words, folder=tmp_path))

    data = tmp_path / "hosting-data"
    assert list((data / "repository" / "drafts").iterdir()) == []
    assert Repository.open(tmp_path / "small-data" / "repository") is not None
    data.rename(tmp_path / "data")
    with site_of(Published(tmp_path), tmp_path / "site") as site:
        assert site.refresh().returncode == 0
