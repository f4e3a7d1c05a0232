"""Which of the known devices a trial reads."""

import pytest

from appliance.service.scans.devices import Known
from appliance.service.scans.trial_reading import MOST_DEVICES, choose


def known(*makers: str) -> list[Known]:
    """Return a device of each of these makers, in their order; those without one are known by their address."""
    keys = [f"serial:{maker}:{number}" if maker else f"address:10.0.0.{number}" for number, maker in enumerate(makers, 1)]
    return [Known(f"10.0.0.{number}", 161, key=key) for number, key in enumerate(keys, 1)]


def chosen(devices: list[Known], makers: set[str]) -> list[str]:
    return [device.address.rpartition(".")[2] for device in choose(devices, makers)]


def test_one_of_each_maker_comes_before_a_second_of_any() -> None:
    assert chosen(known("HP", "HP", "HP", "Ricoh", "Canon"), set()) == ["5", "1", "4", "2", "3"]


def test_makers_of_definitions_that_came_are_read_first() -> None:
    assert chosen(known("Brother", "Canon", "HP", "OKI", "Ricoh", "Xerox"), {"xerox", "Ricoh"})[:2] == ["5", "6"]


@pytest.mark.parametrize("count", [0, 1, MOST_DEVICES, MOST_DEVICES + 1, 1000])
def test_no_more_are_read_than_a_few(count: int) -> None:
    assert len(choose(known(*["HP"] * count), set())) == min(count, MOST_DEVICES)


def test_devices_without_a_serial_number_are_read_too() -> None:
    assert chosen(known("", "HP"), set()) == ["1", "2"]
