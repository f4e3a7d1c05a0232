"""What a reading has to agree with: the objects of the recording, looked at here without the code under test."""

from dataclasses import dataclass

from appliance.report import Reading
from appliance.snmp.values import Objects, Oid, Value, parse_oid
from tests.recordings.recording import Recording

SUPPLY = parse_oid("1.3.6.1.2.1.43.11.1.1")
UNIT, CAPACITY, LEVEL = 7, 8, 9
LIFE_COUNT = parse_oid("1.3.6.1.2.1.43.10.2.1.4")
SERIAL = parse_oid("1.3.6.1.2.1.43.5.1.1.17")
DESCRIPTION = parse_oid("1.3.6.1.2.1.25.3.2.1.3.1")
IN_PERCENT = 19


@dataclass(frozen=True)
class Level:
    """The numbers of one supply."""

    level: int
    capacity: int
    percent: float | None


def rows(objects: Objects, column: Oid) -> dict[int, Value]:
    """Return the cells of a column by the last number of their index."""
    return {oid[-1]: value for oid, value in objects.items() if oid[: len(column)] == column}


def number(value: Value) -> int:
    assert isinstance(value.content, int)
    return value.content


def levels(objects: Objects) -> dict[str, Level]:
    """Return every supply level by its index; the percentage only where level and capacity are real."""
    units, capacities = rows(objects, (*SUPPLY, UNIT)), rows(objects, (*SUPPLY, CAPACITY))
    found = {}
    for index, cell in rows(objects, (*SUPPLY, LEVEL)).items():
        level, capacity = number(cell), number(capacities[index])
        whole = 100 if index in units and number(units[index]) == IN_PERCENT else capacity
        found[str(index)] = Level(level, capacity, 100 * level / whole if level >= 0 and whole > 0 else None)
    return found


def assert_agrees(reading: Reading, recording: Recording) -> None:
    """Check serial, meters and every supply level of `reading` against the recording and what is known to be true of it."""
    objects, expected = recording.objects(), recording.expected()
    for serial in rows(objects, SERIAL).values():
        assert isinstance(serial.content, bytes)
        assert reading.device.serial == serial.content.decode()
        assert expected.get("serial") in {None, reading.device.serial}
    counts = [number(cell) for cell in rows(objects, LIFE_COUNT).values()]
    standard = [meter.value for meter in reading.meters.values() if meter.source.startswith("prtMarkerLifeCount")]
    assert standard == counts
    _assert_supplies_agree(reading, levels(objects))
    _assert_expected_percentages(reading, recording)
    if model := expected.get("hardware"):
        _assert_model(reading, model, objects)


def _assert_supplies_agree(reading: Reading, truth: dict[str, Level]) -> None:
    standard = [supply for supply in reading.supplies if supply.source.startswith("prtMarkerSuppliesLevel")]
    assert [supply.index for supply in standard] == sorted(truth, key=int)
    for supply in standard:
        known = truth[supply.index]
        assert (supply.level, supply.capacity) == (known.level, known.capacity)
        if known.percent is None:
            assert supply.percent is None
        else:
            assert supply.percent is not None
            assert abs(supply.percent - known.percent) < 0.01


def _assert_expected_percentages(reading: Reading, recording: Recording) -> None:
    supplies = {supply.index: supply for supply in reading.supplies}
    trays = {tray.index: tray for tray in reading.trays}
    for row in recording.expected().get("printer_supplies") or []:
        index = row["oid"].rpartition(".")[2]
        if row["type"] == "input":
            assert (trays[index].level, trays[index].capacity) == (row["raw_level"], row["raw_capacity"])
        elif row["percent_is_placeholder"] or row["capacity_is_placeholder"]:
            assert supplies[index].percent is None
        else:
            percent = supplies[index].percent
            assert percent is not None
            assert abs(percent - row["current_percent"]) <= 0.5


def _assert_model(reading: Reading, hardware: str, objects: Objects) -> None:
    """The other project takes some models from private objects; then the model is the one in hrDeviceDescr or sysDescr."""
    model = reading.device.model
    if model is None:
        assert DESCRIPTION not in objects
        return
    standard = b" ".join(
        value.content
        for oid in (DESCRIPTION, parse_oid("1.3.6.1.2.1.1.1.0"))
        if (value := objects.get(oid)) and isinstance(value.content, bytes)
    )
    private = reading.sources.get("device.model", "").rpartition(" ")[2]
    named = objects.get(parse_oid(private)) if private.startswith("1.3.6.1.4.1.") else None
    assert model in hardware or model in standard.decode() or (named is not None and model.encode() in bytes(named.content or b""))
