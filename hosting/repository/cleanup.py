"""Remove what no site asks for any more."""

from datetime import datetime, timedelta

from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import ROOT, SNAPSHOT

GRACE = timedelta(hours=1)
"""So long a site that has begun with something older may go on. Publishing sets the time of a file that it supersedes."""


def sweep(folder: RepositoryFolder, now: datetime) -> int:
    """Remove superseded files and return how many. The folder must be locked.

    All roots stay, and what the current and the former snapshot name, and targets that the current metadata names.
    """
    timestamp = folder.read_plain(folder.timestamp)
    current = int(timestamp["signed"]["meta"]["snapshot.json"]["version"])
    kept = {folder.file(SNAPSHOT, version) for version in (current, current - 1)}
    named = {folder.file(SNAPSHOT, current)}
    for path in sorted(kept):
        if not path.exists():
            continue
        files = {
            folder.file(name.removesuffix(".json"), meta["version"])
            for name, meta in folder.read_plain(path)["signed"]["meta"].items()
        }
        kept |= files
        if path in named:
            named |= files
    old = [path for _, role, path in folder.versioned() if role != ROOT and path not in kept]
    targets = set()
    for path in named:
        for target, info in folder.read_plain(path)["signed"].get("targets", {}).items():
            targets.add(folder.target(target, info["hashes"]["sha256"]))
    old += [path for path in folder.targets.rglob("*") if path.is_file() and path not in targets]
    before = (now - GRACE).timestamp()
    removed = [path for path in old if path.stat().st_mtime < before]
    for path in removed:
        path.unlink()
    return len(removed)
