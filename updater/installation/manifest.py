"""Which files the image is made of, by SHA-256: written when it is built, `check`ed before it takes over.

`python -m updater.installation.manifest write|check`.

A power cut can leave a layer with empty files though the engine takes it for whole. So the manifest covers every file of the image
that everybody may read: the product, its dependencies, the interpreter and its library, libc, tini. Left out is what the engine or
the user mounts. The file is as `sha256sum` writes it; its last line, a comment there, tells that it is whole.
"""

import argparse
import contextlib
import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance.common.message import Message, message_of
from updater.engine.mounts import mount_points
from updater.errors import ManifestError

MANIFEST = Path(sys.prefix) / "manifest.sha256"
ROOT = Path("/")
MOUNT_INFO = Path("/proc/self/mountinfo")
NOT_OF_THE_IMAGE = frozenset(
    ("proc", "sys", "dev", "run", "tmp", "data", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", ".dockerenv")
)
"""What the engine puts there, or the appliance writes."""
SHOWN = 5
"""So many damaged files are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check: how many files there are, and one phrase for each that is not as it was built."""

    files: int
    faults: tuple[str, ...]

    @property
    def text(self) -> str:
        """What was found, for people."""
        if not self.faults:
            return f"all {self.files} files are as they were built"
        more = f", and {len(self.faults) - SHOWN} more" if len(self.faults) > SHOWN else ""
        return f"{len(self.faults)} of {self.files} files are damaged: {', '.join(self.faults[:SHOWN])}{more}"


def write(manifest: Path = MANIFEST, root: Path = ROOT) -> int:
    """Write the manifest of all files below `root`; return how many they are. Raises ManifestError."""
    mounted = _mounted(root)
    try:
        names = sorted(_files(root, "", mounted | {manifest}))
        lines = [f"{_digest(root / name)}  {root / name}\n" for name in names]
        manifest.write_text("".join(lines) + _end(len(lines)), encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise ManifestError(
            Message("The manifest of the image cannot be written: %(reason)s.", reason=message_of(error))
        ) from error
    return len(lines)


def check(manifest: Path = MANIFEST, root: Path = ROOT) -> Checked:
    """Compare all files of the manifest with what is there. Raises ManifestError when there is none, or only a part of one."""
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError as error:
        raise ManifestError(
            Message("There is no %(manifest)s: this is not the image as it was built.", manifest=manifest)
        ) from error
    except (OSError, UnicodeError) as error:
        raise ManifestError(
            Message("The manifest %(manifest)s cannot be read: %(reason)s.", manifest=manifest, reason=message_of(error))
        ) from error
    if not lines or lines.pop() != _end(len(lines)):
        raise ManifestError(Message("The manifest %(manifest)s is damaged.", manifest=manifest))
    mounted = _mounted(root)
    faults = []
    for line in lines:
        digest, _, name = line.removesuffix("\n").partition("  ")
        if fault := _fault(Path(name), digest, mounted):
            faults.append(f"{name} ({fault})")
    return Checked(len(lines), tuple(faults))


def _fault(file: Path, digest: str, mounted: frozenset[Path]) -> str:
    """Return what is wrong with a file, empty when nothing is."""
    try:
        if _digest(file) == digest:
            return ""
        fault = "empty" if file.stat().st_size == 0 else "changed"
    except FileNotFoundError:
        fault = "missing"
    except OSError as error:
        fault = str(error.strerror or error).lower()
    return "" if mounted.intersection((file, *file.parents)) else fault


def _files(root: Path, folder: str, skipped: frozenset[Path]) -> Iterator[str]:
    """Yield the names, relative to `root`, of all files that everybody may read."""
    for entry in os.scandir(root / folder):
        name = f"{folder}/{entry.name}" if folder else entry.name
        if name in NOT_OF_THE_IMAGE or root / name in skipped:
            continue
        if "\n" in name:
            raise ManifestError(Message("No manifest can name the file %(name)s. Take it out of the image.", name=repr(name)))
        if entry.is_dir(follow_symlinks=False):
            if entry.stat(follow_symlinks=False).st_mode & stat.S_IXOTH:
                yield from _files(root, name, skipped)
        else:
            with contextlib.suppress(FileNotFoundError):  # a link to something that is not in the image
                status = entry.stat()
                if stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IROTH:
                    yield name


def _mounted(root: Path) -> frozenset[Path]:
    """Return what is mounted below `root`."""
    mounts = mount_points(MOUNT_INFO.read_text(encoding="utf-8", errors="replace"))
    return frozenset(place for place in mounts if root in place.parents)


def _digest(file: Path) -> str:
    with file.open("rb", buffering=0) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _end(files: int) -> str:
    return f"# {files} files\n"


def main() -> int:
    """Write or check the manifest of the image this runs in; exit code 1 when it is damaged."""
    parser = argparse.ArgumentParser(
        prog="python -m updater.installation.manifest", description="Which files the image is made of."
    )
    parser.add_argument("what", choices=("write", "check"))
    began = time.monotonic()
    try:
        if parser.parse_args().what == "write":
            print(f"{MANIFEST}: {write()} files in {time.monotonic() - began:.1f} s.")
            return 0
        checked = check()
    except ManifestError as error:
        print(f"dca: {error}", file=sys.stderr)
        return 1
    print(f"{checked.text[0].upper()}{checked.text[1:]} ({time.monotonic() - began:.1f} s).")
    return 1 if checked.faults else 0


if __name__ == "__main__":
    sys.exit(main())
