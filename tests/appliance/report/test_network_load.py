"""The table of what a scan costs a network: from averages that were measured, and never a number nobody measured."""

from appliance.common.network.traffic import UnitCost
from appliance.report.network_load import EXPECTED, WEB_PAGE_BYTES, Row, table

UNITS = {
    "blank_address": UnitCost(250, 250 * 56),
    "answering_address": UnitCost(5, 5 * 300),
    "first_read": UnitCost(4, 4 * 2400),
    "first_read_http": UnitCost(4, 400),
    "poll": UnitCost(10, 6000),
    "poll_http": UnitCost(10, 500),
}


def by_name(rows: list[Row]) -> dict[str, tuple[int | None, int | None]]:
    return {row.name: (row.first_scan_bytes, row.poll_bytes) for row in rows}


def test_the_table_is_made_of_measured_averages() -> None:
    assert by_name(table(UNITS, printers=20, addresses=1000)) == {
        "web_page": (WEB_PAGE_BYTES, None),
        "blank_address": (56, 0),
        "printer": (300 + 2400 + 100, 650),
        "printer_in_subnet": (2800 + 253 * 56, 650),
        "network_of_13": (13 * 2800 + 241 * 56, 13 * 650),
        "this_site": (20 * 2800 + 980 * 56, 20 * 650),
    }


def test_what_was_not_measured_is_none_beside_what_is_expected() -> None:
    rows = table({}, printers=0, addresses=0)
    measured = {name: bytes_ for name, bytes_ in by_name(rows).items() if name != "web_page"}
    assert measured == {name: (None, 0 if name == "blank_address" else None) for name in measured}
    expected = {row.name: (row.expected_first_scan_bytes, row.expected_poll_bytes) for row in rows}
    assert expected["printer"] == (3_340, 800)
    assert expected["printer_in_subnet"] == (17_508, 800)
    assert expected["network_of_13"] == (56_916, 10_400)
    assert expected["blank_address"] == (EXPECTED.blank_address, 0)


def test_a_row_waits_for_everything_it_is_made_of() -> None:
    only_blank = by_name(table({"blank_address": UnitCost(9, 504)}, printers=2, addresses=2))
    assert only_blank["blank_address"] == (56, 0)
    assert only_blank["printer_in_subnet"] == (None, None)
    polled = by_name(table({"poll": UnitCost(2, 1200)}, printers=2, addresses=0))
    assert polled["this_site"] == (None, 1200)
    no_blank = by_name(table({name: UNITS[name] for name in ("answering_address", "first_read")}, printers=2, addresses=2))
    assert no_blank["this_site"] == (5400, None)
