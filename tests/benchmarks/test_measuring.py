"""Short runs of the benchmarks that measure: each brings all its rows with real figures, and names the peers that are missing."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _document
from benchmarks._figures import Bars, Figure, Reach, Report, as_markdown, as_text, report_of
from benchmarks._image_packages import HIDDEN
from benchmarks.footprint import not_shipped
from hosting.db.lists.devices import SORTS
from tests.children import run_child
from tests.conftest import ROOT
from tests.requirement import missing

DEADLINE = 170.0
NOT_MEASURED = 3


def quick(name: str) -> dict[str, Any]:
    """Return the report of a short run."""
    finished = run_child(["python", "-m", "benchmarks", name, "--quick", "--json"], folder=ROOT, deadline=DEADLINE)
    if finished.returncode == NOT_MEASURED:
        missing(finished.stderr.strip())
    assert finished.returncode == 0, finished.stderr
    report: dict[str, Any] = json.loads(finished.stdout)
    assert all(figure["ours"] is None or figure["ours"] >= 0 for figure in report["figures"])
    return report


def figures(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["what"]: figure for figure in report["figures"]}


def test_snmp_compares_our_client_with_the_others_and_the_printer_is_not_the_limit() -> None:
    report = quick("snmp")
    rows = figures(report)
    get = rows["v2c GET of 8 varbinds"]
    assert set(get["peers"]) == {"gufo-snmp", "pysnmp v1arch, tuples", "pysnmp"}
    assert (get["peers"]["gufo-snmp"] is None) == (report["versions"]["gufo-snmp"] is None)
    assert get["ours"] > 10 * get["peers"]["pysnmp"] > 0
    assert rows["v2c GETBULK of 42 varbinds, socket and reader"]["ours"] > 0
    assert rows["decode 8 varbinds (210 B)"]["ratio"] > 10
    told = re.search(r"found no request in ([\d.]+)% of its looks", report["details"])
    assert told
    assert float(told.group(1)) > 20


def test_wire_counts_as_the_kernel_does() -> None:
    rows = figures(quick("wire"))
    assert rows["our own count less that of nftables, at most"]["ours"] == 0
    # An echo request is 28 bytes; a printer has at least its name and a few levels to tell.
    assert 28 <= rows["blank address, routed"]["ours"] < 200
    assert 200 < rows["1 printer, first read"]["ours"] < rows["1 printer in a /24, first scan"]["ours"]
    assert rows["1 printer in a /24, first scan"]["ours"] < rows["13 printers in a /24, first scan"]["ours"]
    assert set(rows["blank address, routed"]["peers"]) == {"fping", "nmap -sU -p161", "nmap -Pn -sU -p161"}
    assert set(rows["1 printer, first read"]["peers"]) == {"snmpbulkwalk -Cr10", "snmpwalk", "one OID per GET"}


def test_a_server_process_takes_readings_and_check_ins_and_its_history_is_small_on_both_databases() -> None:
    rows = figures(quick("hosting"))
    assert rows["memory of a kept connection over HTTPS, of 40"]["ours"] > 0
    for name in ("SQLite", "PostgreSQL"):
        kept = rows[f"history on {name}, each reading"]
        if kept["ours"] is None:
            missing("no PostgreSQL server in /usr/lib/postgresql")
        # Of four printers there is no dictionary, and pages of the database are hardly filled.
        assert 20 < kept["ours"] < 600
        assert rows[f"roll-up on {name}"]["ours"] > 0
        assert rows[f"history read back from segments on {name}"]["ours"] > 0
        taken = rows[f"readings taken in on {name}, each CPU second, changes"]
        assert taken["ours"] > 0
        assert set(taken["peers"]) == ({"INSERT", "COPY"} if name == "PostgreSQL" else {"INSERT"})
        assert 0 < rows[f"check-in on {name} where nothing changed, 200 a second"]["ours"] < 1000


def test_lists_are_asked_for_in_every_order_at_both_ends_on_both_databases() -> None:
    rows = figures(quick("hosting_lists"))
    for name in ("SQLite", "PostgreSQL"):
        if f"devices made on {name}" not in rows:
            missing("no PostgreSQL server in /usr/lib/postgresql")
        for sort in SORTS:
            assert rows[f"by {sort}, first page, {name}"]["ours"] > 0
            assert rows[f"by {sort}, page 20, {name}"]["ours"] > 0
        assert "by the clock" in rows[f"one serial number, {name}"]["note"]


def test_configuration_counts_what_a_check_costs_and_times_a_publication() -> None:
    rows = figures(quick("configuration"))
    idle, changed, first = (rows[f"300 sites, {what}"] for what in ("idle poll", "changed configuration", "first fetch"))
    assert [row["verdict"] for row in (idle, first)] == ["met", "met"]
    # The snapshot is most of what a change costs; at first there are a root, targets and two documents more.
    assert 500 < idle["ours"] < rows["snapshot"]["ours"] < changed["ours"] < first["ours"]
    assert "B at IP level over HTTPS" in idle["note"]
    within, command = (rows[f"300 sites, {what}"]["ours"] for what in ("publish it from the console", "publish one site's change"))
    assert 0 < within < command < 30


def test_a_sweep_finds_every_address_that_answers() -> None:
    rows = figures(quick("sweep"))
    assert rows["/21, answering, of 256"]["ours"] == 256
    assert rows["/21, time"]["ours"] > 0
    assert set(rows["/21, time"]["peers"]) == {"fping", "nmap -sn", "onesixtyone"}


def test_reading_takes_time_and_everything_is_read() -> None:
    rows = figures(quick("read"))
    assert 0 < rows["poll of a printer, decoded and stored"]["ours"] < 100
    assert 0 < rows["full read of a printer, decoded and stored"]["ours"] < 100


def test_scale_reads_all_printers() -> None:
    rows = figures(quick("scale"))
    assert rows["50 printers, poll"]["ours"] > 0
    assert rows["50 printers, database after the first reading"]["ours"] > 0.1


def test_footprint_measures_each_process_and_the_growth_of_the_collector() -> None:
    rows = figures(quick("footprint"))
    assert rows["whole appliance idle, memory (PSS)"]["ours"] > 20
    assert "collector with 20 printers, growth in 9 polls more" in rows


def test_what_the_image_lacks_is_not_found_by_what_is_measured() -> None:
    hidden = not_shipped()
    assert {"pytest", "sqlalchemy"} <= set(hidden)
    assert not {"structlog", "tornado", "pydantic_core", "appliance", "updater", "socket"} & set(hidden)
    look = ["python", "-m", "benchmarks._image_packages", "timeit", "-n1", "-r1", "import pytest"]
    refused = run_child(look, folder=ROOT, environment={HIDDEN: ",".join(hidden)})
    assert "import of pytest halted" in refused.stderr
    assert run_child(look, folder=ROOT).returncode == 0


REPORT = Report(
    "example",
    [
        Figure("bytes", 50.0, "B", Reach(56, "at most"), {"fping": 336.0, "nmap": None}),
        Figure("rate", 900.0, "/s", Reach(1000, "at least"), {"other": 1800.0}, "more", "the disk is slow"),
        Figure("absent", None, "s", Reach(1, "at most")),
    ],
    {"fping": "5.1", "nmap": None},
    "One run.",
    Bars("Bytes & all", "B", {"ours": 50.0, "fping": 336.0}),
)


def test_the_table_tells_peers_ratio_reach_and_what_is_not_reached() -> None:
    table = as_text(REPORT.figures)
    head, bytes_, rate, absent, note = table.splitlines()
    assert re.split(r"\s{2,}", bytes_) == ["bytes", "50 B", "fping 336, nmap not installed", "6.72 x", "≤ 56", "met"]
    assert re.split(r"\s{2,}", rate) == ["rate", "900 /s", "other 1,800", "0.50 x", "≥ 1,000", "NOT met"]
    assert re.split(r"\s{2,}", absent) == ["absent", "-", "≤ 1", "not measured"]
    assert head.startswith("what")
    assert note == "rate: the disk is slow"
    assert not REPORT.kept
    assert as_markdown(REPORT.figures).count("\n|") == 4


def test_a_report_survives_json() -> None:
    assert report_of(json.loads(json.dumps(REPORT.to_json()))) == REPORT


def test_a_section_is_written_between_its_markers_and_the_rest_stays(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    document = tmp_path / "benchmarks.md"
    document.write_text("before\n<!-- begin example -->\nold\n<!-- end example -->\nafter\n")
    _document.write(REPORT, document)
    _document.write(REPORT, document)
    text = document.read_text()
    assert text.startswith("before\n<!-- begin example -->\n")
    assert text.endswith("\n<!-- end example -->\nafter\n")
    assert "old" not in text
    assert text.count("| bytes | 50 B |") == 1
    assert "nmap not installed" in text
    assert "Bytes &amp; all" in (tmp_path / "images" / "benchmark-example.svg").read_text()


def test_a_document_without_the_section_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    document = tmp_path / "benchmarks.md"
    document.write_text("nothing\n")
    with pytest.raises(ValueError, match="no section between <!-- begin example -->"):
        _document.write(REPORT, document)


def test_every_benchmark_that_measures_has_a_section_in_the_document() -> None:
    document = _document.DOCUMENT.read_text()
    for name in ("footprint", "read", "scale", "snmp", "sweep", "upload", "wire"):
        assert document.count(f"<!-- begin {name} -->") == document.count(f"<!-- end {name} -->") == 1
