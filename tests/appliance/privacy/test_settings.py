"""Only the site decides about its privacy, and a mask that makes no sense is named."""

import pytest

from appliance.common.errors import SettingsError
from appliance.settings.layers import resolve


@pytest.mark.parametrize(
    ("field", "value"),
    [("phone_numbers", "send"), ("ip_address", "send"), ("fields", []), ("console", "mask"), ("mac", "pseudonym")],
)
def test_the_hosting_server_can_never_set_a_mask(field: str, value: object) -> None:
    with pytest.raises(SettingsError, match=rf"may not set privacy\.{field}: only the site decides that"):
        resolve({"privacy": {field: value}}, {}, {})


def test_the_site_and_its_environment_can() -> None:
    effective = resolve({}, {"privacy": {"mac": "mask"}}, {"privacy": {"location": "mask"}})
    assert (effective.settings.privacy.mac, effective.settings.privacy.location) == ("mask", "mask")
    assert effective.layer_of("privacy.mac") == "site"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("device.serial", "is always sent"),
        ("device.key", "is always sent"),
        ("meters", "is always sent"),
        ("taken_at", "is always sent"),
        ("supplies.type", "is no field of a reading that can be left out"),
        ("device.colour", "is no field"),
        ("misc.", "is no field"),
        ("misc.a.b", "is no field"),
        ("", "is no field"),
    ],
)
def test_a_path_that_cannot_be_left_out_is_named_with_the_reason(path: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as caught:
        resolve({}, {"privacy": {"fields": [path]}}, {})
    assert repr(path) in str(caught.value)
    assert "privacy.fields.0" in str(caught.value)


def test_phone_numbers_are_masked_where_nobody_decided() -> None:
    assert resolve({}, {}, {}).settings.privacy.phone_numbers == "mask"
