"""Which spelling of a serial number is the one."""

import pytest

from appliance.snmp.values import parse_oid
from tests.appliance.definitions.device import LIFE_COUNT, SERIAL, SYS_DESCR, Content, P, asked, of, read

HP_SERIAL, HP_DEVICE_ID = f"{P}.11.2.3.9.4.2.1.1.3.3.0", f"{P}.11.2.3.9.1.1.7.0"
ENTITY_SERIAL = "1.3.6.1.2.1.47.1.1.1.1.11.1"


@pytest.mark.parametrize(
    "elsewhere",
    [
        {HP_SERIAL: b"\x01\x15CNAB123456"},
        {HP_SERIAL: "cnab123456"},
        {SYS_DESCR: "HP ETHERNET MULTI-ENVIRONMENT,SN:CNAB123456,FN:X"},
        {HP_DEVICE_ID: "MFG:HP;MDL:X1;SN:CNAB123456;"},
        {ENTITY_SERIAL: "CNAB123456"},
    ],
)
def test_a_serial_number_filled_with_zeros_is_the_one_without_them_that_another_source_tells(elsewhere: dict[str, Content]) -> None:
    found = read(of("11.2.3.9.1", {SERIAL: "00CNAB123456", LIFE_COUNT: 7, **elsewhere})).device
    assert ((found.serial or "").upper(), found.key) == ("CNAB123456", "serial:HP:CNAB123456")


@pytest.mark.parametrize("elsewhere", [{}, {HP_SERIAL: "CNAB999999"}, {HP_SERIAL: "00CNAB123456"}])
def test_zeros_that_no_other_source_leaves_out_stay(elsewhere: dict[str, Content]) -> None:
    assert read(of("11.2.3.9.1", {SERIAL: "00CNAB123456", LIFE_COUNT: 7, **elsewhere})).device.serial == "00CNAB123456"


def test_the_private_serial_number_is_asked_only_where_the_standard_one_may_be_filled() -> None:
    assert parse_oid(HP_SERIAL) not in asked(of("11.2.3.9.1", {SERIAL: "CNAB123456", LIFE_COUNT: 7}))
    assert parse_oid(HP_SERIAL) in asked(of("11.2.3.9.1", {SERIAL: "00CNAB123456", LIFE_COUNT: 7}))
