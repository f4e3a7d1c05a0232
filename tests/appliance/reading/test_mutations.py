"""Whatever a device sends, its reading holds what is known and nothing invented."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.reading.build import build_reading
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.reading.device import follow_up
from appliance.reading.sources import objects as mib
from appliance.reading.view import integer
from appliance.report import Reading
from appliance.snmp.values import Objects, Oid, Tag, Value, parse_oid
from tests.appliance.reading.printer import TAKEN_AT
from tests.recordings.recording import recordings

COLUMNS = sorted({*builtin_definitions().allowed, mib.SYS_DESCR.oid})
TEXTS = st.sampled_from(
    [
        b"",
        b"\x00",
        b"Black Toner, PN 006R01509;SN1",
        b"Samsung X;V1.1.1;S/N",
        b"MFG:;MDL:;",
        b"HP " * 300,
        b"7792",
        b"-3",
        b"1.1." * 250,
    ]
)
INTEGERS = st.one_of(st.integers(-5, 130), st.integers(-(2**63), 2**64), st.sampled_from([2**31 - 1, -(2**31), 2**63, 10**30]))
OIDS = st.lists(st.integers(0, 2**32 - 1), max_size=12).map(tuple)
VALUES = st.one_of(
    st.builds(Value, st.sampled_from(list(Tag)), INTEGERS),
    st.builds(Value, st.sampled_from(list(Tag)), st.one_of(TEXTS, st.binary(max_size=40))),
    st.builds(Value, st.just(Tag.OBJECT_IDENTIFIER), OIDS),
    st.just(Value(Tag.NULL, None)),
)
INDEXES = st.one_of(
    st.tuples(st.integers(0, 3), st.integers(0, 4)),
    st.lists(st.integers(0, 3), max_size=4).map(tuple),
    st.lists(st.integers(0, 2**32 - 1), max_size=20).map(tuple),
)
NAMES = st.builds(lambda column, index: (*column, *index), st.sampled_from(COLUMNS), INDEXES)
DEVICES = st.dictionaries(NAMES, VALUES, max_size=60)
ADDRESSES = st.sampled_from(["192.0.2.10", "::1", "printer.example", ""])


def check(objects: Objects, address: str) -> None:
    """Build the reading and check that each number in it comes from the device."""
    reading = build_reading(objects, address, taken_at=TAKEN_AT)
    assert Reading.model_validate(json.loads(reading.to_json())) == reading
    numbers = {integer(value) for value in objects.values()}
    for supply in reading.supplies:
        if not supply.source.startswith(mib.PRT_MARKER_SUPPLIES_LEVEL.name):
            assert parse_oid(supply.source.split(" ")[1]) in objects
            continue
        assert supply.level is None or supply.level in numbers
        assert supply.capacity is None or supply.capacity in numbers
        if supply.percent is not None:
            assert 0 <= supply.percent <= 100
            assert supply.level is not None
            whole = 100 if supply.unit == "percent" else supply.capacity
            assert whole is not None
            assert supply.percent == pytest.approx(min(100, 100 * supply.level / whole), abs=0.01)
    for name, meter in reading.meters.items():
        assert meter.value in numbers or name == "total" or not meter.source.startswith(mib.PRT_MARKER_LIFE_COUNT.name)
        if meter.source.startswith(mib.PRT_MARKER_LIFE_COUNT.name):
            assert sum(integer(objects[_instance(source)]) or 0 for source in meter.source.split("+")) == meter.value
        else:
            assert all(parse_oid(source.split(" ")[1]) in objects for source in meter.source.split(" + "))
    for field in type(reading.device).model_fields:
        assert (getattr(reading.device, field) is None) == (f"device.{field}" in reading.reasons)
    follow_up(objects, address)


def _instance(source: str) -> Oid:
    name, *index = source.split(".")
    assert name == mib.PRT_MARKER_LIFE_COUNT.name
    return mib.PRT_MARKER_LIFE_COUNT.instance(*map(int, index))


@given(DEVICES, ADDRESSES)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_objects_give_a_reading_without_invented_numbers(objects: Objects, address: str) -> None:
    check(objects, address)


@pytest.mark.recordings
@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_a_real_device_that_errs_gives_a_reading_without_invented_numbers(data: st.DataObject) -> None:
    known = [recording for recording in recordings("full") if recording.name != "kyocera_cs-4053ci"]
    if not known:
        pytest.skip("no recordings: set DCA_RECORDINGS to their folder")
    objects = {
        oid: value for oid, value in data.draw(st.sampled_from(known)).objects().items() if builtin_definitions().allows(oid)
    }
    victims = data.draw(st.lists(st.sampled_from(sorted(objects)), max_size=20, unique=True))
    for oid in victims:
        changed = data.draw(st.one_of(st.none(), VALUES))
        if changed is None:
            del objects[oid]
        else:
            objects[oid] = changed
    check(objects, "192.0.2.10")
