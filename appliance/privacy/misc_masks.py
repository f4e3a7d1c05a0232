"""The masks on what a reading has in `misc`, where the name of a value may tell more than its form. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from appliance.privacy.addresses import plain_mac
from appliance.privacy.known_devices import mac_digits
from appliance.privacy.text_masks import LONGEST, TextMasks
from appliance.privacy.vocabulary import ORDINARY
from appliance.settings.model import PrivacySettings

_BILLED_BY = re.compile(r"firmware|version|serial|part_?(?:no|number)", re.IGNORECASE)
"""Names in `misc` under which a single word is a number that is billed by, and stays."""
_TELLS_NUMBERS = re.compile(r"oid|counter|uptime|_id\Z", re.IGNORECASE)
"""Names in `misc` whose digits alone are no phone numbers, whatever they look like."""
_TELLS_MAC = re.compile(r"mac|bssid|ethernet|hw_?addr", re.IGNORECASE)
_TELLS_NAME = re.compile(
    r"(?:\A|_)(?:host|dns|netbios|bonjour|node|sys|system|printer|device|computer|service|net|server)_?name\Z|hostname|domain|fqdn|workgroup",
    re.IGNORECASE,
)
"""Names in `misc` under which a single word is a host name."""


class MiscMasks:
    """Masks what stands in `misc`, at any depth."""

    def __init__(self, settings: PrivacySettings, texts: TextMasks) -> None:
        self._settings = settings
        self._texts = texts

    def take_names(self, name: str, value: Any) -> None:
        """Have host names that stand here looked for in the other texts as well."""
        if isinstance(value, Mapping):
            for inner, member in value.items():
                self.take_names(inner, member)
        elif isinstance(value, str) and self._is_host_name(name, value):
            self._texts.know_name(value)

    def value(self, name: str, value: Any) -> Any:
        """Return the value called `name` as it may leave the site."""
        if isinstance(value, Mapping):
            return {self._texts.text(inner): self.value(inner, member) for inner, member in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(name, member) for member in value)
        if not isinstance(value, str):
            return value
        return self._text(name, value)[:LONGEST]

    def _text(self, name: str, text: str) -> str:
        if _BILLED_BY.search(name):
            return text if len(text.split()) == 1 else self._texts.known(text)
        if self._settings.host_name != "send" and self._is_host_name(name, text) and not self._texts.is_of_model(text):
            return self._texts.host_name(text)
        if self._settings.mac != "send" and _TELLS_MAC.search(name) and (mac := mac_digits(text)):
            return self._texts.mac(plain_mac(mac))
        return self._texts.text(text, phones=not (text.isdigit() and _TELLS_NUMBERS.search(name)))

    @staticmethod
    def _is_host_name(name: str, text: str) -> bool:
        return bool(_TELLS_NAME.search(name)) and len(text.split()) == 1 and text.lower() not in ORDINARY
