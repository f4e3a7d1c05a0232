"""What holds for the tree as a whole: lock files, names of outside hosts, the version."""

import re
import subprocess
from pathlib import Path

import pytest

from appliance.common.version import installed_version
from tests.conftest import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def tracked_files() -> list[Path]:
    """Return the files git knows, without those deleted but not yet committed."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in (ROOT / name for name in listed.splitlines()) if path.is_file()]


def test_no_tracked_file_names_the_host_of_a_registry() -> None:
    hosts = re.compile("|".join((r"registry\.npm" + r"js", r"pypi\." + r"org", r"pythonhosted\." + r"org", r"docker\." + r"io/")))

    named = [str(path.relative_to(ROOT)) for path in tracked_files() if hosts.search(path.read_text(errors="replace"))]

    assert named == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_one_version_and_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())

    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_locks_agree_with_each_other() -> None:
    versions: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text(), re.MULTILINE):
            versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_the_version_file_is_the_version() -> None:
    assert installed_version() == (ROOT / "VERSION").read_text().strip()
