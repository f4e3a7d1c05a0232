"""What two keys of devices have in common."""

import pytest

from appliance.report.device_keys import are_alike, are_of_one_serial, device_key, maker_in


@pytest.mark.parametrize(
    ("one", "other", "of_one_serial", "alike"),
    [
        ("serial:HP:CNCJF12345", "serial:HP:00CNCJF12345", True, True),
        ("serial:HP:CN-CJ F12345", "serial:HP:cncjf12345", True, True),
        ("serial:UTAX:CNCJF12345", "serial:KYOCERA:CNCJF12345", True, False),
        ("serial:HP:CNCJF12345", "serial:HP:CNCJF12346", False, False),
        ("mac:001122334455", "mac:001122334455", False, False),
        ("address:192.0.2.1", "serial:HP:192.0.2.1", False, False),
    ],
)
def test_keys_are_compared_by_serial_number_and_maker(one: str, other: str, of_one_serial: bool, alike: bool) -> None:
    assert (are_of_one_serial(one, other), are_alike(one, other)) == (of_one_serial, alike)


@pytest.mark.parametrize(
    ("key", "maker"),
    [
        (device_key("Konica Minolta", "A:1", None, "192.0.2.1"), "KONICA MINOLTA"),
        (device_key(None, "A1", None, "192.0.2.1"), "UNKNOWN"),
        (device_key("HP", None, "00:11:22:33:44:55", "192.0.2.1"), ""),
        (device_key("HP", None, None, "2001:db8::1"), ""),
    ],
)
def test_only_a_key_of_a_serial_number_names_a_maker(key: str, maker: str) -> None:
    assert maker_in(key) == maker
