"""Each vendor definition on a device made up from the facts: what goes in as private objects comes out as items of the reading."""

import pytest

from appliance.reading.definitions.definitions import builtin_definitions
from tests.appliance.definitions.device import Device, P, meters, read
from tests.appliance.definitions.made_up import IDENTITY, METERS


@pytest.mark.parametrize(("device", "fields"), [each[1:] for each in IDENTITY], ids=[each[0] for each in IDENTITY])
def test_who_a_device_is_stands_in_its_private_objects(device: Device, fields: dict[str, str]) -> None:
    reading = read(device)
    found = reading.device.model_dump()
    assert {name: found[name] for name in fields} == fields
    for name in fields:
        assert name == "model" or P in reading.sources[f"device.{name}"]


@pytest.mark.parametrize(("device", "counts"), [each[1:] for each in METERS], ids=[each[0] for each in METERS])
def test_the_meters_stand_in_private_objects(device: Device, counts: dict[str, int]) -> None:
    found = meters(device)
    assert {name: found.get(name) for name in counts} == counts


def test_every_vendor_with_objects_has_a_made_up_device() -> None:
    tested = {name.partition(",")[0].partition(" (")[0] for name, *_ in (*IDENTITY, *METERS)}
    with_objects = {each.vendor for each in builtin_definitions().definitions if list(each.content.asked())}
    assert with_objects <= tested
