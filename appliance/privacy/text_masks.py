"""The masks of a site on one text: whatever leaves it, a reading, an event, a check-in or a support bundle, goes through here.

First what is known of the devices is looked for, however it is spelled; then addresses, MAC addresses, host names and phone numbers
by their form. A number that is billed by stays where its form alone speaks against it. Pure.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from appliance.common.message import Message
from appliance.privacy.addresses import (
    ip_address_forms,
    mac_address_forms,
    plain_mac,
    without_ip_addresses,
    without_mac_addresses,
)
from appliance.privacy.forms import Forms
from appliance.privacy.host_names import NameIndex, first_label, host_name_forms, without_host_names
from appliance.privacy.known_devices import OF_SERIAL, KnownDevices, mac_digits
from appliance.privacy.look_alikes import Replacement, replaced, searched
from appliance.privacy.numbers import spans_of, within
from appliance.privacy.phone_numbers import phone_number_forms, without_phone_numbers
from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.report import Device
from appliance.settings.model import PrivacySettings

MASKED = Message("masked at the site")

LONGEST = 1024
"""Characters of a text in a reading or an event."""
_DOTTED = re.compile(r"(?<!\d)(?<!\d\.)\d{1,3}(?:[._-]\d{1,3}){3,}(?!\d)")
_HEX_RUN = re.compile(r"[0-9a-f](?:[:._ -]{0,2}[0-9a-f]){11,}", re.IGNORECASE)
_KEY = re.compile(rf"(?<!\w){OF_SERIAL}")
_FORM_OF_KEY = re.compile(rf"{OF_SERIAL}[A-Z][A-Z &-]{{0,40}}:[A-Z0-9]{{4,40}}(?![\w.:-])")
"""The key of a device that is not known, as far as no address can look so."""
_MODEL = re.compile(r"(?:[a-z]+[ -]+){0,5}[^\s,;:|/]+")
"""Words of a family, and a number."""
_KINDS = (
    # A MAC address may be written as an IP address with something around it, not the other way round.
    ("mac", mac_address_forms),
    ("ip", ip_address_forms),
    ("host", host_name_forms),
    ("phone", phone_number_forms),
)
"""What is looked for by its form, in this order, and how to tell that it may be there."""
_NOTHING = KnownDevices()


class TextMasks:
    """Masks texts about one device, or about none."""

    def __init__(
        self,
        settings: PrivacySettings,
        pseudonymizer: Pseudonymizer,
        known: KnownDevices | None = None,
        device: Device | None = None,
        *,
        numbers: Sequence[str] = (),
    ) -> None:
        """`device` is whom the texts are about, `known` are all of the site, `numbers` those of the device that stay."""
        self._settings = settings
        self._pseudonymizer = pseudonymizer
        self._known = known or _NOTHING
        self._numbers = tuple(numbers)
        self._is_of_device = device is not None
        self._address = device.ip.lower() if device and device.ip else None
        self._mac = mac_digits(device.mac) if device else None
        self._model = _names_of_model(device)
        self._names = NameIndex()
        if device and device.hostname:
            self.know_name(device.hostname)

    def know_name(self, name: str) -> None:
        """Look for this host name of the device, unless it is nothing but words of its model."""
        for one in (name, first_label(name)):
            if one and not self.is_of_model(one):
                self._names.add(one)

    def text(self, text: str, *, phones: bool = True) -> str:
        """Return the text as it may leave the site; `phones`: also without phone numbers.

        The key of a device, which is made of maker and serial number, stays.
        """
        if OF_SERIAL not in text:
            return self._masked(text, phones=phones)
        pieces: list[str] = []
        last = 0
        for found in _KEY.finditer(text):
            key = self._key_at(text, found.start())
            if key and found.start() >= last:
                pieces += [self._masked(text[last : found.start()], phones=phones), key]
                last = found.start() + len(key)
        return "".join([*pieces, self._masked(text[last:], phones=phones)])

    def _key_at(self, text: str, begin: int) -> str | None:
        """Return the key of a device that stands here; in a text about no device also one that only its form tells."""
        known = self._known.key_at(text, begin)
        form = None if known or self._is_of_device else _FORM_OF_KEY.match(text, begin)
        return form[0] if form else known

    def _masked(self, text: str, *, phones: bool) -> str:
        text = self.known(text)
        for kind, forms in _forms_in(text) if len(text) <= LONGEST else _find_forms(text):
            text = self._without(kind, forms, text, phones=phones)
        return text

    def known(self, text: str) -> str:
        """Return the text without what is known of the devices of the site and masked, however it is spelled."""
        settings = self._settings
        if settings.host_name != "send":
            for index in filter(None, (self._names, self._known.names)):
                text = replaced(text, self._names_in(text, index))
        if settings.mac != "send" and (self._mac or self._known.macs) and _HEX_RUN.search(searched(text).text):
            text = replaced(text, self._macs_in(text))
        if settings.ip_address != "send":
            if self._address and self._address in searched(text).lowered:
                text = replaced(text, self._own_address_in(text))
            if _DOTTED.search(searched(text).text):
                text = replaced(text, self._addresses_in(text))
        return text

    def _without(self, kind: str, forms: Forms, text: str, *, phones: bool) -> str:
        settings, spare = self._settings, self._stays
        if kind == "ip" and settings.ip_address != "send":
            return without_ip_addresses(text, self._pseudonymizer.address, spare, forms)
        if kind == "mac" and settings.mac != "send":
            return without_mac_addresses(text, self.mac, spare, forms)
        if kind == "host" and settings.host_name != "send":
            return without_host_names(text, self.host_name, spare, forms)
        if kind == "phone" and phones and settings.phone_numbers == "mask":
            return without_phone_numbers(text, self._numbers, forms)
        return text

    def mac(self, mac: str) -> str:
        """Return what stands for a MAC address in a text."""
        return self._pseudonymizer.mac(mac) or f"[{MASKED}]"

    def host_name(self, name: str) -> str:
        """Return what stands for a host name in a text."""
        return self._pseudonymizer.host_name(name) or f"[{MASKED}]"

    def _stays(self, found: re.Match[str]) -> bool:
        """Return whether what was found is a number that is billed by, or a name that is told anyway."""
        if self._known.public and (found.groupdict().get("name") or "").lower().rstrip(".") in self._known.public:
            return True
        return bool(self._numbers) and within(*found.span(), spans_of(self._numbers, found.string))

    def _names_in(self, text: str, index: NameIndex) -> Iterator[Replacement]:
        for begin, end, name in index.spans(searched(text).lowered):
            if index is self._names or not self.is_of_model(name):
                yield Replacement(begin, end, self.host_name(name))

    def is_of_model(self, name: str) -> bool:
        """Return whether a name is that of the model, which is sent: many devices come with it."""
        return name.lower() in self._model

    def _macs_in(self, text: str) -> Iterator[Replacement]:
        for run in _HEX_RUN.finditer(searched(text).text):
            places = [place for place in range(*run.span()) if run.string[place].isalnum()]
            digits = "".join(run.string[place] for place in places).lower()
            first = 0
            while first <= len(digits) - 12:
                mac = digits[first : first + 12]
                if mac == self._mac or mac in self._known.macs:
                    yield Replacement(places[first], places[first + 11] + 1, self.mac(plain_mac(mac)))
                    first += 12
                else:
                    first += 1

    def _own_address_in(self, text: str) -> Iterator[Replacement]:
        """Yield where the address of the device stands as it is written there, whatever it is made of."""
        assert self._address is not None
        for found in re.finditer(rf"(?<![\w.:]){re.escape(self._address)}(?![\w:]|\.\d)", searched(text).lowered):
            yield Replacement(*found.span(), self._pseudonymizer.address(self._address))

    def _addresses_in(self, text: str) -> Iterator[Replacement]:
        for run in _DOTTED.finditer(searched(text).text):
            parts = list(re.finditer(r"\d+", run[0]))
            for first in range(len(parts) - 3):
                address = ".".join(str(int(part[0])) for part in parts[first : first + 4])
                if address == self._address or address in self._known.addresses:
                    begin, end = run.start() + parts[first].start(), run.start() + parts[first + 3].end()
                    yield Replacement(begin, end, self._pseudonymizer.address(address))


@lru_cache(maxsize=4096)
def _forms_in(text: str) -> tuple[tuple[str, Forms], ...]:
    """Return what a text holds by its form, as `_find_forms` does: nothing as a rule, and the same texts come again and again."""
    return _find_forms(text)


def _find_forms(text: str) -> tuple[tuple[str, Forms], ...]:
    seen = searched(text).text
    return tuple((kind, forms) for kind, find in _KINDS if (forms := find(seen)))


def _names_of_model(device: Device | None) -> frozenset[str]:
    """Return what a device is called for its model: as long as it says the same elsewhere, and the maker is something else."""
    if device is None or not device.model:
        return frozenset()
    model, maker, description = (text.lower() for text in (device.model, device.manufacturer or "", device.description or ""))
    number = model.split()[-1] if model.strip() else model
    if number in maker or not _MODEL.fullmatch(model):
        return frozenset()
    names = {model, number, f"{maker} {model}"}
    # No host name has a blank in it.
    return frozenset(name for name in names if " " in name or name in description.split())
