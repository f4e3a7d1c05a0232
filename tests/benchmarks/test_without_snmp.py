"""What arrives of the demo's printers without SNMP: the table of the document is what the command measures now."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks._fleet import Printers
from benchmarks.without_snmp import arrived, items_of, read_all
from simulator.demo.check import compare
from simulator.fleet import DEFAULT_BASE, Options, generated_fleet
from simulator.truth import fleet_truth
from tests.children import run_child
from tests.conftest import ROOT, StartSimulator


def test_the_table_of_the_document_is_what_arrives_now() -> None:
    finished = run_child(["python", "-m", "benchmarks", "without_snmp", "--json"], folder=ROOT, deadline=120)
    assert finished.returncode == 0, finished.stderr
    report: dict[str, Any] = json.loads(finished.stdout)
    section = re.search(
        r"<!-- begin without_snmp -->(.*)<!-- end without_snmp -->", (ROOT / "docs" / "benchmarks.md").read_text(), re.DOTALL
    )
    assert section
    table = report["details"].partition("\n\n")[0]
    assert table in section[1], "run `python -m benchmarks without_snmp --write`"
    figures = {figure["what"]: figure["ours"] for figure in report["figures"]}
    assert figures["of them without SNMP"] == figures["by IPP"] + figures["by web documents"]
    assert figures["of them without SNMP"] > 0.8 * figures["items the 13 printers tell over SNMP"]
    assert len(table.splitlines()) == 2 + 13 + 1


def test_each_printer_tells_without_snmp_exactly_what_its_truth_says(start_simulator: StartSimulator) -> None:
    words = ("--snmp-off", "", "--web-port", "631=0", "--web-port", "80=0", "--web-port", "443=0")
    simulator = start_simulator(*words)
    readings = asyncio.run(read_all(Printers(simulator.addresses, simulator.port, simulator.web)))
    for truth, reading in zip(simulator.printers, readings, strict=True):
        assert reading is not None
        comparison = compare([reading], [truth], [truth], datetime.now(UTC))
        assert comparison.differences == [], truth["name"]
        assert comparison.items > 15


def printer() -> dict[str, Any]:
    fleet = generated_fleet(None, DEFAULT_BASE, Options(seconds_per_page=0))
    return dict(fleet_truth(fleet, 0)["printers"][0])


def reading_of(truth: dict[str, Any]) -> dict[str, Any]:
    """Return a reading that says all of it."""
    meters = {name: meter | {"source": "LEDM ProductUsageDyn"} for name, meter in truth["meters"].items()}
    supplies = [row | {"source": "IPP printer-supply"} for row in truth["supplies"]]
    return {**truth, "meters": meters, "supplies": supplies, "sources": {"device.serial": "LEDM ProductConfigDyn"}}


def test_what_arrives_is_counted_by_its_source() -> None:
    truth = printer()
    found = arrived(truth, reading_of(truth))
    assert len(found.sources) == len(found.items) == len(items_of(truth))
    assert found.by("documents") == 1 + 2
    assert found.by("IPP") == len(found.items) - 3
    assert found.otherwise == {}


@pytest.mark.parametrize("value", [None, "unknown", "another"])
def test_what_does_not_arrive_or_is_another_is_not_counted(value: str | None) -> None:
    truth = printer()
    reading = reading_of(truth) | {"device": truth["device"] | {"location": value}}
    found = arrived(truth, reading)
    assert len(found.sources) == len(found.items) - 1
    assert found.otherwise == ({("device", "location"): "another for Reception"} if value == "another" else {})
    assert arrived(truth, None).sources == {}
