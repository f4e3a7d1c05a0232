"""Publish what was signed: nothing that a site sees changes before our own client has accepted all of it.

The order makes a power cut harmless: first files that nothing announces, then the timestamp, last a new root. What a new root
gives other keys is signed by the former ones, too, so that the repository is valid under either. The first root comes first.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from hosting.repository.client_check import check_with_our_client
from hosting.repository.edition import Edition, Staged
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import ROOT, SNAPSHOT, TARGETS, TIMESTAMP


def publish(edition: Edition) -> Staged:
    """Sign, check and publish; return what was published. The folder must be locked. After RepositoryError nothing is different."""
    folder = edition.folder
    known = _known_to_sites(folder)
    staged = edition.sign()
    folder.write(staged.versioned)
    try:
        _check(folder, staged, known)
    except BaseException:
        for path in staged.versioned:
            if path.parent == folder.metadata:
                path.unlink(missing_ok=True)
        raise
    timestamp = {folder.timestamp: staged.timestamp}
    for files in (timestamp, staged.root) if folder.is_published else (staged.root, timestamp):
        if files:
            folder.write(files)
    for path in staged.superseded:
        # From now on its age counts: those who have just read the former timestamp may still ask for it.
        if path.exists():
            os.utime(path)
    return staged


def _known_to_sites(folder: RepositoryFolder) -> dict[str, bytes]:
    """Return the metadata of a site that is up to date, by the names under which it keeps them."""
    if not folder.is_published:
        return {}
    timestamp = folder.read(TIMESTAMP)
    snapshot = folder.read(SNAPSHOT, timestamp.signed.snapshot_meta.version)
    targets = folder.file(TARGETS, snapshot.signed.meta[f"{TARGETS}.json"].version)
    files = {
        TIMESTAMP: folder.timestamp,
        SNAPSHOT: folder.file(SNAPSHOT, snapshot.signed.version),
        TARGETS: targets,
    }
    return {f"{role}.json": path.read_bytes() for role, path in files.items()}


def _check(folder: RepositoryFolder, staged: Staged, known: Mapping[str, bytes]) -> None:
    changed = {**staged.root, folder.timestamp: staged.timestamp}

    def tree(path: str) -> bytes | None:
        file = folder.path / path
        if file in changed:
            return changed[file]
        return file.read_bytes() if _is_below(file, folder) and file.is_file() else None

    versions = folder.root_versions()
    oldest = folder.file(ROOT, versions[0]).read_bytes() if versions else next(iter(staged.root.values()))
    check_with_our_client(tree, oldest, known, staged.sample)


def _is_below(file: Path, folder: RepositoryFolder) -> bool:
    return ".." not in file.parts and any(parent in (folder.metadata, folder.targets) for parent in file.parents)
