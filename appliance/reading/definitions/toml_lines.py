"""In which line of a TOML file a key stands, so that an error can name it: tomllib does not tell."""

import re
from collections import Counter
from collections.abc import Mapping

Path = tuple[str, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.\"'-]+)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_INLINE_KEY = re.compile(r"[{,]\s*([A-Za-z0-9_-]+|\"[^\"]*\")\s*=")


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line (from 1) of each table and each key, by its path; members of an array of tables are numbered from 0.

    Keys of inline tables are found on the line where their table begins. What stands in multi-line texts may be taken for a key
    of its own: it is then simply never asked for.
    """
    lines: dict[Path, int] = {}
    counts: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _table(header[1] == "[[", tuple(part.strip("\"'") for part in header[2].split(".")), counts)
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            path = (*table, key[1].strip("\"'"))
            lines.setdefault(path, number)
            for inline in _INLINE_KEY.finditer(line, key.end()):
                lines.setdefault((*path, inline[1].strip('"')), number)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of `path`, or of the nearest part above it that has one; 1 where there is none."""
    for length in range(len(path), 0, -1):
        for found in (path[:length], (*path[:length], "0")):  # an array of tables begins where its first member does
            if found in lines:
                return lines[found]
    return 1


def _table(is_array: bool, names: Path, counts: Counter[Path]) -> Path:
    """Return the path of a header, with the number of the array member each of its parts stands for."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        last = position == len(names) - 1
        if last and is_array:
            counts[path] += 1
            path = (*path, str(counts[path] - 1))
        elif counts[path]:
            path = (*path, str(counts[path] - 1))
    return path
