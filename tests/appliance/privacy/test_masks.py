"""What is sent: each mask leaves its value out wherever it stands, and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.privacy.masks import active_masks, mask
from appliance.privacy.phone_numbers import MASKED as PHONE
from appliance.privacy.pseudonyms import Pseudonymizer, needs_key
from appliance.privacy.text_masks import MASKED
from appliance.report import Alert, Device, Reading, Status, Supply, Tray
from appliance.settings.model import PrivacySettings
from appliance.settings.reading_fields import ALWAYS_SENT, MAY_BE_LEFT_OUT
from tests.appliance.privacy.samples import KEY, full_reading


def masked(reading: Reading | None = None, /, **settings: Any) -> Reading:
    return mask(reading or full_reading(), PrivacySettings.model_validate({"phone_numbers": "send", **settings}), KEY)


def test_nothing_is_changed_where_nothing_is_masked() -> None:
    reading = full_reading()
    assert masked(reading) is reading


def test_phone_numbers_are_masked_unless_the_site_lets_them_out() -> None:
    sent = mask(full_reading(), PrivacySettings(), None)
    assert sent.device.location == f"Room 7, Tel. {PHONE}"
    assert sent.alerts[0].description == f"Paper jam. Call {PHONE}"
    assert sent.reasons["device.location"] == sent.reasons["alerts.description"] == MASKED


def test_serial_and_part_numbers_meters_and_firmware_are_never_taken_for_phone_numbers() -> None:
    before, sent = full_reading(), mask(full_reading(), PrivacySettings(), None)
    assert sent.supplies == before.supplies
    assert sent.meters == before.meters
    assert sent.misc == before.misc
    assert (sent.device.serial, sent.device.firmware, sent.device.key) == (
        before.device.serial,
        before.device.firmware,
        before.device.key,
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [("10.0.42.7", "10.0.42.x"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::x"), ("fe80::1%eth0", "fe80::x"), ("::1", "::x")],
)
def test_the_last_octet_or_the_last_64_bits_are_masked(address: str, shown: str) -> None:
    sent = masked(full_reading(ip=address), ip_address="mask_last_octet")
    assert sent.device.ip == shown
    assert sent.reasons["device.ip"] == MASKED


@pytest.mark.parametrize("mode", ["mask_last_octet", "pseudonym"])
@pytest.mark.parametrize("address", ["10.0.42.7", "2001:db8:1:2:3:4:5:6"])
def test_a_masked_address_is_nowhere_in_what_is_sent(mode: str, address: str) -> None:
    reading = full_reading(ip=address, key=f"address:{address}", description=f"Brother at {address}")
    reading = reading.model_copy(
        update={"status": Status(console=(f"IP {address}",)), "reasons": {"reading": f"{address} did not answer."}}
    )
    assert address in reading.to_json()
    assert address not in masked(reading, ip_address=mode).to_json()


def test_other_addresses_on_the_panel_are_masked_too_and_versions_are_not() -> None:
    reading = full_reading().model_copy(
        update={"status": Status(console=("Gateway 10.0.42.1", "Error 1.2.3.4.5", "FW 100.002.057.09608"))}
    )
    assert masked(reading, ip_address="mask_last_octet").status.console == (
        "Gateway 10.0.42.x",
        "Error 1.2.3.4.5",
        "FW 100.002.057.09608",
    )
    assert masked(ip_address="mask_last_octet").device.firmware == "1.2.3.4"


def test_a_pseudonym_is_the_same_for_the_same_value_and_another_with_another_key() -> None:
    settings = PrivacySettings(ip_address="pseudonym")
    one, other = Pseudonymizer(settings, KEY), Pseudonymizer(settings, bytes(32))
    assert one.address("10.0.42.7") == one.address("10.0.42.7") != one.address("10.0.42.8")
    assert one.address("2001:db8::1") == one.address("2001:DB8:0::1")
    assert one.address("10.0.42.7") != other.address("10.0.42.7")
    assert "10.0.42" not in one.address("10.0.42.7")


@pytest.mark.parametrize("mode", ["mask_last_octet", "pseudonym"])
def test_a_device_key_that_tells_the_address_becomes_a_pseudonym_that_stays_the_same(mode: str) -> None:
    keys = {masked(full_reading(key="address:10.0.42.7"), ip_address=mode).device.key for _ in range(2)}
    assert len(keys) == 1
    assert "10.0" not in keys.pop()
    assert (
        masked(full_reading(key="address:10.0.42.8"), ip_address=mode).device.key
        != masked(full_reading(key="address:10.0.42.9"), ip_address=mode).device.key
    )


@pytest.mark.parametrize("mode", ["mask", "pseudonym"])
def test_a_masked_mac_is_nowhere_in_what_is_sent(mode: str) -> None:
    sent = masked(full_reading(key="mac:001ba90ba752"), mac=mode)
    assert "001ba90ba752" not in sent.to_json().lower().replace(":", "")
    assert sent.device.key.startswith("mac:mac-")
    assert (sent.device.mac is None) == (mode == "mask")


@pytest.mark.parametrize("mode", ["mask", "pseudonym"])
def test_a_masked_host_name_is_nowhere_in_what_is_sent(mode: str) -> None:
    reading = full_reading().model_copy(update={"status": Status(console=("brw001ba90ba752 ready",))})
    sent = masked(reading, host_name=mode)
    assert "brw001ba90ba752" not in sent.to_json().lower()
    assert (sent.device.hostname is None) == (mode == "mask")
    assert sent.device.model == "HL-L6400DW"


@pytest.mark.parametrize(("setting", "path"), [("location", "device.location"), ("asset_number", "device.asset_number")])
def test_a_masked_field_is_null_and_the_reasons_say_so(setting: str, path: str) -> None:
    sent = masked(**{setting: "mask"})
    assert getattr(sent.device, setting) is None
    assert sent.reasons[path] == MASKED


def test_a_masked_panel_is_empty() -> None:
    sent = masked(console="mask")
    assert sent.status.console == ()
    assert sent.reasons["status.console"] == MASKED
    assert sent.status.errors == ("lowToner",)


@pytest.mark.parametrize(
    "path",
    [
        *(f"{part}.{name}" for part, names in MAY_BE_LEFT_OUT.items() for name in sorted(names)),
        *("alerts", "supplies", "trays", "misc", "misc.printer_name", "meters.total", "access"),
    ],
)
def test_any_field_the_settings_allow_can_be_left_out(path: str) -> None:
    before = full_reading()
    sent = masked(before, fields=[path])
    had = json.loads(before.to_json())
    has = json.loads(sent.to_json())
    part, _, name = path.partition(".")
    if not name:
        assert not has[part]
    elif part in ("alerts", "supplies", "trays"):
        assert all(row[name] in (None, "unknown") for row in has[part])
    else:
        assert has[part].get(name) in (None, "unknown", [])
    told = (
        [row.get(name) for row in had[part]]
        if isinstance(had[part], list) and name
        else [had[part].get(name)]
        if name
        else [had[part]]
    )
    if any(value not in (None, "unknown", []) for value in told):
        assert sent.reasons[path] == MASKED
    assert sent.device.serial == "E12345"


def test_the_fields_the_settings_know_are_those_of_the_report() -> None:
    assert MAY_BE_LEFT_OUT["device"] == set(Device.model_fields) - {"key", "serial"}
    assert MAY_BE_LEFT_OUT["status"] == set(Status.model_fields)
    for name, row in (("alerts", Alert), ("supplies", Supply), ("trays", Tray)):
        assert MAY_BE_LEFT_OUT[name] == {field for field, info in row.model_fields.items() if not info.is_required()}
    assert {"device.key", "device.serial", "meters"} < ALWAYS_SENT


def test_serial_number_and_meters_are_sent_with_every_mask_on() -> None:
    everything: dict[str, Any] = {
        "ip_address": "pseudonym",
        "host_name": "mask",
        "mac": "mask",
        "location": "mask",
        "asset_number": "mask",
        "console": "mask",
    }
    sent = masked(
        **everything, phone_numbers="mask", fields=["alerts", "supplies", "trays", "misc", "device.model", "device.manufacturer"]
    )
    assert sent.device.serial == "E12345"
    assert sent.meters["total"].value == 1_234_567_890
    assert sent.device.key == "serial:BROTHER:E12345"


def test_active_masks_name_what_is_not_sent_as_it_is() -> None:
    assert active_masks(PrivacySettings()) == {"phone_numbers": "mask"}
    assert active_masks(PrivacySettings(phone_numbers="send")) == {}
    chosen = PrivacySettings(ip_address="pseudonym", fields=("trays",))
    assert active_masks(chosen) == {"ip_address": "pseudonym", "phone_numbers": "mask", "fields": ["trays"]}


def test_the_key_is_needed_only_for_pseudonyms() -> None:
    assert not needs_key(PrivacySettings(location="mask", console="mask", host_name="mask"))
    assert needs_key(PrivacySettings(ip_address="mask_last_octet"))
    assert needs_key(PrivacySettings(host_name="pseudonym"))


TEXT = st.text(max_size=60)
MISC = st.recursive(
    TEXT | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(
    hostname=TEXT | st.none(),
    location=TEXT | st.none(),
    ip=TEXT | st.just("10.0.42.7"),
    mac=TEXT | st.none(),
    console=st.lists(TEXT, max_size=3),
    misc=st.dictionaries(TEXT, MISC, max_size=3),
    mode=st.sampled_from(["mask_last_octet", "pseudonym"]),
)
def test_whatever_a_device_says_can_be_masked(
    hostname: str | None, location: str | None, ip: str, mac: str | None, console: list[str], misc: dict[str, Any], mode: str
) -> None:
    reading = full_reading(hostname=hostname, location=location, ip=ip, mac=mac)
    reading = reading.model_copy(update={"status": Status(console=tuple(console)), "misc": misc})
    sent = masked(reading, ip_address=mode, host_name="pseudonym", mac="mask", phone_numbers="mask")
    assert Reading.model_validate_json(sent.to_json()) == sent
