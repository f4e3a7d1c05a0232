"""The masks of a site: from the reading that is kept to the one that is sent. Pure.

- A value that is left out is null, and `reasons` says "masked at the site"; a pseudonym or a shortened address says so as well.
- Addresses, host names and MAC addresses, of whatever device, and phone numbers are also looked for inside other texts.
- Serial number and meters are always sent; serial and part numbers and firmware are never changed, whatever they look like.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from appliance.privacy.billed_numbers import known_numbers
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.misc_masks import MiscMasks
from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.privacy.text_masks import LONGEST, MASKED, TextMasks
from appliance.report import Reading
from appliance.settings.model import PrivacySettings

_EMPTY: Mapping[tuple[str, str], Any] = {
    ("status", "printer"): "unknown",
    ("status", "device"): "unknown",
    ("status", "errors"): [],
    ("status", "console"): [],
    ("supplies", "state"): "unknown",
    ("trays", "state"): "unknown",
}
"""What stands for nothing where null does not; everywhere else null does."""
_STAYS = {
    "device": frozenset(("key", "ip", "mac", "serial", "firmware")),
    "alerts": frozenset(("severity", "group", "code")),
    "supplies": frozenset(("index", "type", "class", "unit", "state", "serial", "part_number")),
    "trays": frozenset(("index", "state")),
}
"""What is no text: numbers that are billed by, words of the MIBs, and what is masked as a whole. All else is masked as a text."""

OUT_OF_LOCATION, OUT_OF_HOST_NAME = ", a location", ", a host name"
"""How the source of an asset number ends that stands in a text which means something else."""

NO_MASKS = {"support_bundle"}
"""What the privacy settings say beside the masks."""

Change = Callable[[str], str]


@dataclass(slots=True)
class _Document:
    """A reading as plain values, and by dotted path what was masked in it."""

    values: dict[str, Any]
    masked: set[str]

    def leave_out(self, path: str) -> None:
        """Leave out what is at `path`, such as `device.location`, `alerts`, `supplies.serial` or `misc.printer_name`."""
        part, _, name = path.partition(".")
        before = self.values[part]
        if part == "access":
            self.values[part], found = None, before is not None
        elif not name:
            self.values[part] = {} if isinstance(before, dict) else []
            found = bool(before)
        elif isinstance(before, list | tuple):
            nothing = _EMPTY.get((part, name))
            found = any(row[name] != nothing for row in before)
            self.values[part] = [row | {name: nothing} for row in before]
        elif part in ("misc", "meters"):
            found = before.pop(name, None) is not None
        else:
            nothing = _EMPTY.get((part, name))
            found = before[name] not in (nothing, None, [], ())
            before[name] = nothing
        if found:
            self.masked.add(path)

    def change(self, path: str, holder: dict[str, Any], name: str, change: Callable[[Any], Any]) -> None:
        """Change what stands at `holder[name]`; `path` is where that is in the reading."""
        masked = change(holder[name])
        if masked != holder[name]:
            holder[name] = masked
            self.masked.add(path)


def mask(reading: Reading, settings: PrivacySettings, key: bytes | None, known: KnownDevices | None = None) -> Reading:
    """Return the reading as it may leave the site: the same one where nothing has to be masked.

    `key` is the privacy key of the site; it may be None where `pseudonyms.needs_key(settings)` is false. `known` are the devices of
    the site.
    """
    pseudonymizer = Pseudonymizer(settings, key)
    texts = TextMasks(settings, pseudonymizer, known, reading.device, numbers=known_numbers(reading))
    document = _Document(reading.model_dump(), set())
    _mask_device(document, settings, pseudonymizer)
    for path in ("device.location", "device.asset_number", "status.console"):
        if getattr(settings, path.partition(".")[2]) == "mask":
            document.leave_out(path)
    _mask_borrowed_asset_number(document, settings, texts)
    for path in settings.fields:
        document.leave_out(path)
    _mask_misc(document, MiscMasks(settings, texts))
    _mask_texts(document, texts)
    key_sent = pseudonymizer.device_key(reading.device.key)
    values = document.values
    said = {name: changed(values[name], texts.text) for name in ("sources", "reasons")}
    if not document.masked and key_sent == reading.device.key and all(values[name] == masked for name, masked in said.items()):
        return reading
    values["device"]["key"] = key_sent
    values["sources"] = said["sources"]
    values["reasons"] = said["reasons"] | dict.fromkeys(sorted(document.masked), MASKED)
    return Reading.model_validate(values)


def active_masks(settings: PrivacySettings) -> dict[str, Any]:
    """Return the masks in force, by the name of their setting; what is sent as it is does not appear."""
    masks = settings.model_dump(mode="json", exclude=NO_MASKS)
    return {name: value for name, value in masks.items() if value not in ("send", [])}


def _mask_device(document: _Document, settings: PrivacySettings, pseudonymizer: Pseudonymizer) -> None:
    device = document.values["device"]
    for mode, name, form in (
        (settings.ip_address, "ip", pseudonymizer.address),
        (settings.host_name, "hostname", pseudonymizer.host_name),
        (settings.mac, "mac", pseudonymizer.mac),
    ):
        if mode != "send" and device[name] is not None:
            device[name] = form(device[name])
            document.masked.add(f"device.{name}")


def _mask_borrowed_asset_number(document: _Document, settings: PrivacySettings, texts: TextMasks) -> None:
    """Mask an asset number that a definition has taken out of a location or a host name as what it is taken from."""
    device, source = document.values["device"], document.values["sources"].get("device.asset_number", "")
    if device["asset_number"] is None:
        return
    if source.endswith(OUT_OF_LOCATION) and settings.location == "mask":
        document.leave_out("device.asset_number")
    elif source.endswith(OUT_OF_HOST_NAME) and settings.host_name != "send":
        document.change("device.asset_number", device, "asset_number", texts.host_name)


def _mask_texts(document: _Document, texts: TextMasks) -> None:
    """Mask what texts repeat or name. Serial and part numbers and firmware stay as they are."""
    values, device = document.values, document.values["device"]
    text = partial(changed, change=texts.text)
    for name in device.keys() - _STAYS["device"]:
        # Plain digits alone are the number of an asset, not of a phone.
        phones = name != "asset_number" or not re.fullmatch("[0-9]+", device[name] or "")
        if f"device.{name}" not in document.masked:
            document.change(f"device.{name}", device, name, partial(changed, change=partial(texts.text, phones=phones)))
    document.change("status.console", values["status"], "console", text)
    for part in ("alerts", "supplies", "trays"):
        for row in values[part]:
            for name in row.keys() - _STAYS[part]:
                document.change(f"{part}.{name}", row, name, text)
    for name, meter in values["meters"].items():
        document.change(f"meters.{name}", meter, "source", text)


def _mask_misc(document: _Document, masks: MiscMasks) -> None:
    misc = document.values["misc"]
    for name, value in misc.items():
        masks.take_names(name, value)
    for name in misc:
        document.change(f"misc.{name}", misc, name, partial(masks.value, name))


def changed(value: Any, change: Change) -> Any:
    """Return `value` with every text in it changed, at any depth."""
    if isinstance(value, str):
        return change(value)[:LONGEST]
    if isinstance(value, Mapping):
        return {name: changed(inner, change) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(changed(inner, change) for inner in value)
    return value
