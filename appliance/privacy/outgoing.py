"""What the store puts into the outbox: readings and events in the form the site lets out."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.events.sentences import device_name, sentence
from appliance.privacy.billed_numbers import known_numbers
from appliance.privacy.key import load_or_make_privacy_key
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.masks import NO_MASKS, changed, mask
from appliance.privacy.pseudonyms import Pseudonymizer, needs_key
from appliance.privacy.text_masks import MASKED, TextMasks
from appliance.report import Device, Event, Reading
from appliance.settings.model import PrivacySettings

_ADDRESSES = frozenset({"address", "from", "to"})
_KEYS = frozenset({"by", "former_key", "key"})
_NUMBERS = frozenset({"old_serial", "new_serial"})
_OF_SUPPLIES = {"old_serial": "serial", "new_serial": "serial", "old_percent": "percent", "new_percent": "percent"}


@dataclass(frozen=True, slots=True)
class Masking:
    """The masks of a site in force."""

    settings: PrivacySettings
    key: bytes | None = field(default=None, repr=False)
    known: KnownDevices = field(default_factory=KnownDevices, repr=False, compare=False)

    @classmethod
    def of(cls, settings: PrivacySettings, trust_folder: Path, known: KnownDevices | None = None) -> "Masking":
        """Return the masks that `settings` ask for, with the key of the site where they need it.

        `known` are the devices of the site.
        Raises SettingsError or DataFolderError when there should be a key and none can be had: nothing may be sent then.
        """
        return cls(settings, load_or_make_privacy_key(trust_folder) if needs_key(settings) else None, known or KnownDevices())

    @property
    def mark(self) -> str:
        """A short text that changes with the masks and the key: what left the site under others is no base to send changes to."""
        said = self.settings.model_dump_json(exclude=NO_MASKS).encode() + (self.key or b"")
        return hashlib.sha256(said).hexdigest()[:16]

    def reading(self, reading: Reading) -> Reading:
        """Return the reading as it may leave the site; from now on other texts do not tell of its device either."""
        self.known.add(reading.device)
        self.known.numbers[reading.device.key] = known_numbers(reading)
        return mask(reading, self.settings, self.key, self.known)

    def text(self, text: str) -> str:
        """Return a text about no device, such as a line of a log, as it may leave the site."""
        return TextMasks(self.settings, Pseudonymizer(self.settings, self.key), self.known).text(text)

    def event(self, event: Event, device: Device) -> Event | None:
        """Return the event of `device` as it may leave the site, None when the site lets nothing of its kind out."""
        part = {"alert": "alerts", "supply": "supplies"}.get(event.kind.partition("_")[0])
        if part in self.settings.fields:
            return None
        pseudonymizer = Pseudonymizer(self.settings, self.key)
        told = (value for name, value in event.detail.items() if name in _NUMBERS and isinstance(value, str))
        numbers = self.known.numbers.get(device.key) or tuple(filter(None, (device.serial, device.firmware)))
        texts = TextMasks(self.settings, pseudonymizer, self.known, device, numbers=(*numbers, *told))

        def fact(name: str, value: Any) -> Any:
            if part and f"{part}.{_OF_SUPPLIES.get(name, name)}" in self.settings.fields:
                return None
            if name in _OF_SUPPLIES:
                return value
            if name in _ADDRESSES and isinstance(value, str):
                return pseudonymizer.address(value)
            return pseudonymizer.device_key(value) if name in _KEYS and isinstance(value, str) else changed(value, texts.text)

        detail = {name: fact(name, value) for name, value in event.detail.items()}
        if {"device.model", "device.manufacturer"} & set(self.settings.fields) and detail.get("by_name"):
            detail["by_name"] = f"[{MASKED}]"
        key = pseudonymizer.device_key(event.device) if event.device else None
        name = self._name(device, pseudonymizer, texts)
        return event.model_copy(update={"device": key, "detail": detail, "text": sentence(event.kind, name, detail)})

    def _name(self, device: Device, pseudonymizer: Pseudonymizer, texts: TextMasks) -> str:
        kept = {
            name: None if f"device.{name}" in self.settings.fields else changed(getattr(device, name), texts.text)
            for name in ("model", "manufacturer")
        }
        return device_name(device.model_copy(update={**kept, "key": pseudonymizer.device_key(device.key)}))
