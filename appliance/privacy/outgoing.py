"""What the store puts into the outbox: readings and events in the form the site lets out."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.events.sentences import device_name, sentence
from appliance.privacy.key import load_or_make_privacy_key
from appliance.privacy.masks import MASKED, NO_MASKS, mask, own_values
from appliance.privacy.phone_numbers import without_phone_numbers
from appliance.privacy.pseudonyms import Pseudonymizer, needs_key
from appliance.report import Device, Event, Reading
from appliance.settings.model import PrivacySettings

_ADDRESSES = frozenset({"address", "from", "to"})
_KEYS = frozenset({"by", "former_key", "key"})
_OF_SUPPLIES = {"old_serial": "serial", "new_serial": "serial", "old_percent": "percent", "new_percent": "percent"}


@dataclass(frozen=True, slots=True)
class Masking:
    """The masks of a site in force."""

    settings: PrivacySettings
    key: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: PrivacySettings, trust_folder: Path) -> "Masking":
        """Return the masks that `settings` ask for, with the key of the site where they need it.

        Raises SettingsError or DataFolderError when there should be a key and none can be had: nothing may be sent then.
        """
        return cls(settings, load_or_make_privacy_key(trust_folder) if needs_key(settings) else None)

    @property
    def mark(self) -> str:
        """A short text that changes with the masks and the key: what left the site under others is no base to send changes to."""
        said = self.settings.model_dump_json(exclude=NO_MASKS).encode() + (self.key or b"")
        return hashlib.sha256(said).hexdigest()[:16]

    def reading(self, reading: Reading) -> Reading:
        """Return the reading as it may leave the site."""
        return mask(reading, self.settings, self.key)

    def event(self, event: Event, device: Device) -> Event | None:
        """Return the event of `device` as it may leave the site, None when the site lets nothing of its kind out."""
        part = {"alert": "alerts", "supply": "supplies"}.get(event.kind.partition("_")[0])
        if part in self.settings.fields:
            return None
        pseudonymizer = Pseudonymizer(self.settings, self.key)
        own = own_values(device, self.settings, pseudonymizer)

        def text(said: str) -> str:
            shown = pseudonymizer.addresses_in(own(said))
            return without_phone_numbers(shown) if self.settings.phone_numbers == "mask" else shown

        def fact(name: str, value: Any) -> Any:
            if part and f"{part}.{_OF_SUPPLIES.get(name, name)}" in self.settings.fields:
                return None
            if not isinstance(value, str) or name in _OF_SUPPLIES:
                return value
            if name in _ADDRESSES:
                return pseudonymizer.address(value)
            return pseudonymizer.device_key(value) if name in _KEYS else text(value)

        detail = {name: fact(name, value) for name, value in event.detail.items()}
        if {"device.model", "device.manufacturer"} & set(self.settings.fields) and detail.get("by_name"):
            detail["by_name"] = f"[{MASKED}]"
        key = pseudonymizer.device_key(event.device) if event.device else None
        return event.model_copy(
            update={"device": key, "detail": detail, "text": sentence(event.kind, self._name(device, pseudonymizer), detail)}
        )

    def _name(self, device: Device, pseudonymizer: Pseudonymizer) -> str:
        left_out = {
            path.partition(".")[2]: None for path in self.settings.fields if path in ("device.model", "device.manufacturer")
        }
        return device_name(device.model_copy(update={**left_out, "key": pseudonymizer.device_key(device.key)}))
