"""Phone numbers are found by their form; other numbers stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.privacy.phone_numbers import MASKED, without_phone_numbers


@pytest.mark.parametrize(
    "number",
    [
        "Tel. 030/1234567",
        "Phone: 5551234",
        "Fax from 0301234567",
        "Fax to: +49 (0)30 123456",
        "Dialing 5551234",
        "Call 1-800-555-0199",
        "Call service: 555-123-4567",
        "For service call (555) 123-4567.",
        "Help desk 4711234",
        "+49 30 1234567",
        "+1 (212) 555 0100",
        "0049 30 1234567",
        "0800 123 456",
        "(030) 1234567",
        "(030)1234567",
        "020 7946 0958",
        "01 23 45 67 89",
        "01.23.45.67.89",
        "0711 - 123456",
        "555-123-4567",
        "Room 12, ext. 4711",
        "電話 03-1234-5678",
        "Fax-Nr.: 12345678",
        "Telefonnr. 123456",
        "Phone-No: 5551234",
        "Hotline: 116117",
        "+ 49 89 123456",
        "8 (495) 123-45-67",
        "138 0013 8000",
        "1800 123 456",
    ],
)
def test_a_phone_number_is_masked(number: str) -> None:
    masked = without_phone_numbers(f"Toner low. {number}")
    assert MASKED in masked
    assert sum(character.isdigit() for character in masked.replace("Room 12", "")) == 0


@pytest.mark.parametrize(
    "text",
    [
        "S/N 0123456789",
        "Serial VNB3K12345",
        "Black Toner, PN 006R01509;SN48178080E0000481",
        "Firmware 1.2.3.4",
        "Net 9.26, Controller 200709110910, Engine 05.09.00",
        "SS 100.002.057.09608, NC 100.002.09608",
        "System 55.40.61,ESS1.208.6,IOT 64.24.0",
        "OS 01.01.15.47 02-10-2010;Engine 1.01.25;NIC V4.01.09",
        "192.168.100.200",
        "Call 192.168.100.200",
        "Call service 49.38.07",
        "Service error 49.4C02",
        "Call for service C6000",
        "CALL SERVICE 900.01",
        "Error 13.20.00",
        "Fax pages 123456",
        "Fax memory 100 %",
        "Fax 22/11/2026 10:00",
        "22.11.2026 08:00",
        "02/11/2026",
        "2026-11-22T10:00:00+0100",
        "Total 1234567890",
        "Total 123 456 789",
        "Tray 02 500 sheets",
        "W2020A 0801234567",
        "00:1b:a9:0b:a7:52",
        "1200 x 1200 dpi",
        "Dial 0",
    ],
)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert without_phone_numbers(text) == text


def test_a_known_serial_or_part_number_stays_whatever_it_looks_like() -> None:
    assert without_phone_numbers("Toner 030-1234567 low") == f"Toner {MASKED} low"
    assert without_phone_numbers("Toner 030-1234567 low", ["030-1234567"]) == "Toner 030-1234567 low"


def test_what_stands_around_a_number_stays() -> None:
    assert without_phone_numbers("Room 7 (Tel. 030 1234567), 2nd floor") == f"Room 7 (Tel. {MASKED}), 2nd floor"


@given(st.text(alphabet="0123456789 ()+-./:,telTELcalfxphon#", max_size=200))
def test_masking_is_stable_and_never_grows_beyond_the_limit(text: str) -> None:
    once = without_phone_numbers(text)
    assert len(once) <= 1024
    assert without_phone_numbers(once) == once
