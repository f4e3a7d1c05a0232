"""Whether a free text holds anything that sites mask: no part of it is to be cut out then, for a part has no form. Pure."""

from functools import lru_cache

from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.privacy.text_masks import TextMasks
from appliance.settings.model import PrivacySettings

_EVERYTHING = PrivacySettings(ip_address="mask_last_octet", host_name="mask", mac="mask", phone_numbers="mask")


@lru_cache(maxsize=1024)
def holds_secrets(text: str, host_name: str | None) -> bool:
    """Return whether a text has an address, a host name, a phone number in it, or the name of the device itself."""
    masks = TextMasks(_EVERYTHING, Pseudonymizer(_EVERYTHING, bytes(32)))
    if host_name:
        masks.know_name(host_name)
    return masks.text(text) != text
