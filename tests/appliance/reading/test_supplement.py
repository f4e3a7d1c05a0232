"""Merging into a reading: only what SNMP left open is filled, with its source; a supply only from its certain twin."""

from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.reading.parts import Parts, needs_supplement
from appliance.reading.supplement import supplement
from appliance.report import Device, Meter, Reading, Status, Supply, Tray

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def supply(kind: str = "toner", color: str | None = "black", **values: Any) -> Supply:
    given = {"index": "1", "type": kind, "class": "supplyThatIsConsumed", "color": color, "source": "SNMP", **values}
    return Supply.model_validate(given)


def reading(**values: Any) -> Reading:
    """Return a reading that lacks nothing but what `values` say."""
    device: dict[str, Any] = {"key": "serial:HP:S1", "ip": "127.0.0.1", "manufacturer": "Canon", "serial": "S1", "firmware": "1.0"}
    device |= values.pop("device", {})
    whole: dict[str, Any] = {
        "taken_at": NOON,
        "meters": {"total": Meter(value=5, unit="impressions", source="SNMP")},
        "supplies": (supply(level=50, capacity=100, percent=50, state="ok"),),
    }
    return Reading(device=Device(**device), **(whole | values))


def test_what_snmp_said_is_never_overwritten() -> None:
    before = reading(status=Status(printer="printing"), trays=(Tray(index="1"),), misc={"printer_uuid": "own"})
    parts = Parts(
        "IPP",
        device={"serial": "OTHER", "firmware": "2.0", "key": "serial:X:Y"},
        printer_status="idle",
        meters={"total": Meter(value=9, unit="impressions", source="IPP")},
        supplies=(supply(level=10, capacity=100, percent=10, state="low", source="IPP"),),
        trays=(Tray(index="9"),),
        misc={"printer_uuid": "other"},
    )
    assert supplement(before, parts) == before


@pytest.mark.parametrize(
    ("told", "kept"),
    [(["1", "1"], ["1", "1.2"]), (["7", "3", "7", "7"], ["7", "3", "7.2", "7.3"]), (["1", "1.2", "1"], ["1", "1.2", "1.3"])],
)
def test_no_two_supplies_of_another_source_have_one_index(told: list[str], kept: list[str]) -> None:
    rows = tuple(supply(index=index, source="LEDM") for index in told)
    assert [each.index for each in supplement(reading(supplies=()), Parts("LEDM", supplies=rows)).supplies] == kept


def test_what_is_missing_is_filled_with_its_source_and_its_reason_goes() -> None:
    before = reading(
        device={"serial": None, "firmware": None, "key": "mac:001122334455"},
        meters={},
        supplies=(),
        reasons={
            "device.serial": "not reported",
            "device.firmware": "placeholder",
            "meters.total": "not reported",
            "other": "stays",
        },
    )
    meter = Meter(value=9, unit="impressions", source="IPP printer-impressions-completed")
    row = supply(level=10, capacity=100, percent=10, state="low", source="IPP printer-supply")
    after = supplement(
        before, Parts("IPP", {"serial": "S9", "firmware": "2.0"}, "idle", {"total": meter}, (row,), (Tray(index="1"),))
    )
    assert (after.device.serial, after.device.firmware, after.status.printer) == ("S9", "2.0", "idle")
    assert (after.meters["total"], after.supplies, after.trays) == (meter, (row,), (Tray(index="1"),))
    assert after.sources == {"device.serial": "IPP", "device.firmware": "IPP", "status.printer": "IPP"}
    assert after.reasons == {"other": "stays"}


@pytest.mark.parametrize(
    ("own", "told", "taken"),
    [(50_000, 50_003, True), (50_000, 49_700, True), (5, 99, True), (50_000, 731, False), (50_000, 61_000, False)],
)
def test_the_parts_of_another_total_are_not_those_of_ours(own: int, told: int, taken: bool) -> None:
    def impressions(value: int) -> Meter:
        return Meter(value=value, unit="impressions", source="IPP")

    before = reading(meters={"total": impressions(own)}, reasons={"meters.total_mono": "not reported"})
    parts = {"total": told, "total_mono": told - 2, "total_color": 2, "blank_total": 1, "pages_total": 700}
    after = supplement(before, Parts("IPP", meters={name: impressions(value) for name, value in parts.items()}))
    assert ("total_mono" in after.meters, "total_color" in after.meters, "blank_total" in after.meters) == (taken,) * 3
    assert ("meters.total_mono" in after.reasons) is not taken
    assert after.meters["pages_total"].value == 700


def test_the_key_stays_so_that_a_device_that_sleeps_keeps_its_own() -> None:
    before = reading(device={"serial": None, "key": "mac:001122334455"})
    assert supplement(before, Parts("IPP", {"serial": "S9"})).device.key == "mac:001122334455"


@pytest.mark.parametrize(
    "kinds", [("toner", "tonerCartridge"), ("tonerCartridge", "toner"), ("ink", "inkCartridge"), ("opc", "opc")]
)
def test_a_supply_is_completed_from_the_row_that_is_the_same(kinds: tuple[str, str]) -> None:
    before = reading(
        supplies=(supply(kinds[0], level=-3, capacity=-2, state="some_remaining"),), reasons={"supplies.1.percent": "special"}
    )
    twin = supply(kinds[1], index="7", level=40, capacity=100, unit="percent", percent=40, state="ok", serial="C1", source="LEDM")
    after = supplement(before, Parts("LEDM", supplies=(twin,)))
    [row] = after.supplies
    assert (row.index, row.type, row.percent, row.level, row.capacity, row.state, row.serial) == (
        *("1", kinds[0], 40, 40, 100, "ok", "C1"),
    )
    assert row.source == "SNMP, LEDM"
    assert after.reasons == {}


@pytest.mark.parametrize(
    "offered",
    [
        (supply(color="cyan", percent=40, serial="C1"),),
        (supply(color=None, percent=40, serial="C1"),),
        (supply("opc", percent=40, serial="C1"),),
        (supply("other", percent=40, serial="C1"),),
        (supply(percent=40, serial="C1"), supply(percent=60, serial="C2")),
        (supply(percent=40, serial="C1", **{"class": "receptacleThatIsFilled"}),),
    ],
)
def test_a_supply_that_is_not_certainly_the_same_is_left_alone(offered: tuple[Supply, ...]) -> None:
    before = reading(supplies=(supply(level=-2, state="unknown"),))
    assert supplement(before, Parts("LEDM", supplies=offered)).supplies == before.supplies


def test_two_rows_of_snmp_that_look_alike_are_left_alone() -> None:
    before = reading(supplies=(supply(level=-2), supply(index="2", level=-2)))
    assert supplement(before, Parts("LEDM", supplies=(supply(percent=40, serial="C1"),))).supplies == before.supplies


def test_a_real_level_stays_beside_a_serial_number_from_elsewhere() -> None:
    before = reading(supplies=(supply(level=700, capacity=-2, state="unknown"),))
    [row] = supplement(before, Parts("LEDM", supplies=(supply(level=40, capacity=100, percent=40, serial="C1"),))).supplies
    assert (row.level, row.capacity, row.percent, row.serial) == (700, -2, None, "C1")


def test_a_whole_reading_needs_nothing() -> None:
    assert not needs_supplement(reading())


@pytest.mark.parametrize(
    ("values", "open_item"),
    [
        ({"device": {"serial": None}}, "serial"),
        ({"device": {"firmware": None}}, "firmware"),
        ({"meters": {}}, "total"),
        ({"supplies": ()}, "supplies"),
        ({"supplies": (supply(level=-3, state="some_remaining"),)}, "levels"),
        ({"supplies": (supply(state="unknown"),)}, "levels"),
        ({"device": {"manufacturer": "HP"}}, "cartridge_serials"),
    ],
)
def test_what_is_open_is_known(values: dict[str, Any], open_item: str) -> None:
    found = needs_supplement(reading(**values))
    assert found
    assert [
        name for name in ("serial", "firmware", "total", "supplies", "levels", "cartridge_serials") if getattr(found, name)
    ] == [open_item]


@pytest.mark.parametrize("row", [supply("wasteToner", None, **{"class": "receptacleThatIsFilled"}), supply(state="unrestricted")])
def test_receptacles_and_unrestricted_supplies_leave_nothing_open(row: Supply) -> None:
    assert not needs_supplement(reading(supplies=(row,)))


def test_what_lasts_has_no_level_and_no_meter() -> None:
    meter = Meter(value=9, unit="impressions", source="LEDM")
    row = supply(level=40, capacity=100, percent=40, state="ok", serial="C1")
    lasting = Parts("LEDM", {"serial": "S9"}, "idle", {"total": meter}, (row,), (Tray(index="1"),)).lasting()
    assert (lasting.device, lasting.printer_status, lasting.meters, lasting.trays) == ({"serial": "S9"}, None, {}, ())
    assert [(each.serial, each.level, each.percent, each.state) for each in lasting.supplies] == [("C1", None, None, "unknown")]
