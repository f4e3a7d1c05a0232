"""What the tests run in processes of their own: `python -m tests.appliance.settings.children WHAT PATH COUNT`."""

import functools
import itertools
import sys
from pathlib import Path
from typing import Any

from appliance.settings.store import SettingsStore

Row = dict[str, Any]


def _replace(row: Row, _rows: list[Row]) -> list[Row]:
    return [row]


def _add(row: Row, rows: list[Row]) -> list[Row]:
    return [*rows, row]


def write_forever(store: SettingsStore, _count: int) -> None:
    """Change a setting and a large table again and again; tell each number once it is written."""
    for number in itertools.count(1):
        store.change_site({"site": {"name": f"Site {number}"}})
        row = {"number": number, "filler": "x" * 20_000}
        store.change_documents("sessions", functools.partial(_replace, row))
        print(number, flush=True)


def add_documents(store: SettingsStore, count: int) -> None:
    """Add documents one by one, and as often set an interval."""
    for number in range(count):
        store.change_documents("sessions", functools.partial(_add, {"number": number}))
        store.change_site({"scan": {"read_minutes": 10 + number % 5}})


if __name__ == "__main__":
    what = {"write": write_forever, "add": add_documents}[sys.argv[1]]
    what(SettingsStore(Path(sys.argv[2]), {}), int(sys.argv[3]))
