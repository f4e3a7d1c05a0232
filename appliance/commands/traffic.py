"""`dca traffic`: what the appliance costs the network, by day and purpose, and what a scan costs."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence

from appliance.commands.tables import table
from appliance.common.network.traffic import PURPOSES, Traffic
from appliance.common.paths import Paths
from appliance.report.network_load import WEB_PAGE_SOURCE, Row
from appliance.store.reader import Reader
from appliance.store.traffic_report import Day, traffic_report

LOAD_HEADINGS = ("BYTES OF", "FIRST SCAN", "EACH LATER POLL")
FORMER_PURPOSES = {"read": "reads before this version"}


def run(arguments: argparse.Namespace) -> int:
    """Print the counts. Raises StoreError when the collector has never run here."""
    report = traffic_report(Reader(Paths.from_environment().readings), arguments.days)
    if arguments.json:
        json.dump(report.as_json(), sys.stdout, indent=2)
        print()
        return 0
    print(table([_load_line(row) for row in report.network_load], LOAD_HEADINGS, frozenset({1, 2})))
    print(f"IP level, both ways; averages of what this site has measured. Web page: {WEB_PAGE_SOURCE}.")
    if report.days:
        print()
        print(_days(report.days))
    else:
        print("No traffic was counted yet.")
    return 0


def _load_line(row: Row) -> list[str]:
    texts = {
        "web_page": "a web page, for comparison",
        "blank_address": "a blank address",
        "printer": "a printer",
        "this_site": f"this site: {_printers(row.printers)}, {row.addresses:,} addresses",
    }
    name = texts.get(row.name, f"{_printers(row.printers)} in a /24")
    if row.name == "web_page":
        return [name, f"{row.first_scan_bytes:,}", ""]
    first = _bytes(row.first_scan_bytes, row.expected_first_scan_bytes)
    return [name, first, _bytes(row.poll_bytes, row.expected_poll_bytes)]


def _printers(count: int) -> str:
    return "1 printer" if count == 1 else f"{count:,} printers"


def _bytes(measured: int | None, expected: int | None) -> str:
    return f"not measured yet (about {expected:,})" if measured is None else f"{measured:,}"


def _days(days: Sequence[Day]) -> str:
    """Return a table of bytes: a line a day, a column a purpose."""
    known = [purpose for purpose in PURPOSES if any(purpose in day.traffic for day in days)]
    former = sorted({purpose for day in days for purpose in day.traffic} - set(PURPOSES))
    shown = [*known, *former]
    headings = ("DAY", *(FORMER_PURPOSES.get(purpose, purpose).upper().replace("_", " ") for purpose in shown), "ALL")
    lines = [[day.day, *(_of(day.traffic, purpose) for purpose in shown), f"{day.bytes:,}"] for day in days]
    return table(lines, headings, frozenset(range(1, len(headings))))


def _of(traffic: Mapping[str, Traffic], purpose: str) -> str:
    return f"{traffic[purpose].bytes:,}" if purpose in traffic else "-"
