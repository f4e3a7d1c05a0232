"""What says that there is none counts for nothing, whoever says it."""

import pytest

from appliance.reading.sources.ipp import decode_answer
from appliance.reading.sources.ipp_parts import parts_of_ipp
from tests.appliance.definitions.device import LIFE_COUNT, P, of, read
from tests.appliance.http.documents import TEXT, attribute, ipp_answer

SYS_LOCATION = "1.3.6.1.2.1.1.6.0"
HP_LOCATION, HP_ASSET_NUMBER = (f"{P}.11.2.3.9.4.2.1.1.3.{number}.0" for number in (11, 12))

NONE = pytest.mark.parametrize("none", ["NULL", "(null)", "unknown"])


@NONE
@pytest.mark.parametrize(
    ("name", "attribute_name"),
    [
        ("location", "printer-location"),
        ("firmware", "printer-firmware-string-version"),
        ("description", "printer-make-and-model"),
        ("serial", "printer-serial-number"),
    ],
)
def test_ipp_that_says_that_there_is_none_tells_nothing(name: str, attribute_name: str, none: str) -> None:
    assert name not in parts_of_ipp(decode_answer(ipp_answer(attribute(TEXT, attribute_name, none)))).device


@NONE
def test_a_1284_device_id_that_says_that_there_is_none_tells_nothing(none: str) -> None:
    answer = ipp_answer(attribute(TEXT, "printer-device-id", f"MFG:{none};MDL:{none};SN:{none};"))
    assert parts_of_ipp(decode_answer(answer)).device == {}


@NONE
def test_an_asset_number_that_says_that_there_is_none_is_null_with_its_reason(none: str) -> None:
    found = read(of("11.2.3.9.1", {LIFE_COUNT: 7, HP_ASSET_NUMBER: none}))
    assert found.device.asset_number is None
    assert found.reasons["device.asset_number"] == "placeholder"


@NONE
def test_the_private_location_stands_in_for_one_that_says_that_there_is_none(none: str) -> None:
    found = read(of("11.2.3.9.1", {LIFE_COUNT: 7, SYS_LOCATION: none, HP_LOCATION: "Archive"}))
    assert found.device.location == "Archive"
    assert "device.location" not in found.reasons
