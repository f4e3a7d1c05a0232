"""Whatever a device says: nothing fails, nothing is told twice, no number is invented."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from appliance.events.comparison import between
from appliance.events.memory import Memory, parse_memory
from appliance.events.sentences import sentence
from appliance.report import Reading
from tests.appliance.events.samples import Past, alert, reading, toner

STATES = ["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"]
SUPPLIES = st.lists(
    st.builds(
        toner,
        st.none() | st.floats(0, 100),
        st.sampled_from(STATES),
        index=st.sampled_from(["1.1", "1.2"]),
        serial=st.sampled_from([None, "S1", "S2"]),
    ),
    max_size=3,
).map(tuple)
ALERTS = st.lists(
    st.builds(alert, st.sampled_from(["jam", "other", "subunitPowerSaver"]), st.none() | st.text(max_size=20)), max_size=3
)
READINGS = st.builds(
    lambda supplies, alerts, meters, partial: reading(supplies=supplies, alerts=tuple(alerts), partial=partial, **meters),
    SUPPLIES,
    ALERTS,
    st.dictionaries(st.sampled_from(["total", "duplex"]), st.integers(0, 2**63 - 1)),
    st.booleans(),
)


@given(st.lists(READINGS, max_size=8))
def test_any_sequence_of_readings_can_be_followed(readings: list[Reading]) -> None:
    past = Past()
    for one in readings:
        told = past.then(one)
        assert past.last is not None
        assert all(one.meters[name] == meter for name, meter in past.last.meters.items())
        assert set(one.meters) - set(past.last.meters) == {
            path.partition(".")[2] for path in past.last.reasons if path.startswith("meters.")
        }
        for kind, detail in told:
            assert sentence(kind, "HP LaserJet", detail).startswith("HP LaserJet")
            if kind == "counter_reset":
                assert detail["new"] < detail["old"]


@given(READINGS)
def test_the_same_reading_again_tells_nothing(one: Reading) -> None:
    past = Past(one)
    again = past.then(one)
    assert [kind for kind, _ in again if kind not in ("supply_replaced", "supply_low", "supply_empty", "supply_full")] == []
    assert past.kinds(one) == past.kinds(one)


def test_the_memory_comes_back_from_json_as_it_was() -> None:
    memory = between(None, reading(total=5, supplies=(toner(5.0, serial="S1"),), alerts=(alert(),)), None).memory
    assert parse_memory(memory.to_json()) == memory


def test_a_memory_nobody_understands_is_none() -> None:
    texts: list[Any] = ["", None, "{}", "no json", "[1]", '{"meters": 7}']
    assert [parse_memory(text) for text in texts] == [None] * 6
    assert parse_memory('{"zeros": [], "of a later version": 1}') == Memory()


def test_memory_stays_small_whatever_a_device_invents() -> None:
    past = Past()
    for number in range(30):
        rows = tuple(toner(50.0, index=f"{number}.{row}") for row in range(20))
        past.then(reading(supplies=rows, alerts=tuple(alert("other", "x" * number + "y" * row) for row in range(20)), partial=True))
    assert len(past.memory) < 60_000
