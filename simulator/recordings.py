"""Which recorded devices there are: SNMP objects in `NAME.snmprec`, documents and IPP answers in `NAME.web.json` beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import RecordingError
from simulator.web.recording import SUFFIX

SNMP_SUFFIX = ".snmprec"


@dataclass(frozen=True, slots=True)
class RecordedFiles:
    """The files of one recorded device; one of both may be missing."""

    snmp: Path | None = None
    web: Path | None = None


def find_recordings(places: Iterable[Path]) -> dict[str, RecordedFiles]:
    """Return the recordings named by their names, those of a folder in order. Raises RecordingError when there are none."""
    found: dict[str, RecordedFiles] = {}
    for place in places:
        files = [place]
        if place.is_dir():
            files = sorted(file for file in place.iterdir() if file.name.endswith((SNMP_SUFFIX, SUFFIX)))
            if not files:
                raise RecordingError(f"The folder {place} holds no {SNMP_SUFFIX} files.")
        for file in files:
            name = file.name.removesuffix(SUFFIX) if file.name.endswith(SUFFIX) else file.stem
            found[name] = _files_of(file, name)
    return found


def _files_of(file: Path, name: str) -> RecordedFiles:
    snmp = file.with_name(name + SNMP_SUFFIX) if file.name.endswith(SUFFIX) else file
    web = file.with_name(name + SUFFIX)
    alone = file.name.endswith(SUFFIX) and not snmp.exists()
    return RecordedFiles(None if alone else snmp, web if web.exists() or file == web else None)
