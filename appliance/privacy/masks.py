"""The masks of a site: from the reading that is kept to the one that is sent. Pure.

- A value that is left out is null, and `reasons` says "masked at the site"; a pseudonym or a shortened address says so as well.
- Address, host name and MAC address of a device are also looked for inside other texts, where a panel or a name repeats them.
- Serial number and meters are always sent.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance.common.message import Message
from appliance.privacy.phone_numbers import without_phone_numbers
from appliance.privacy.pseudonyms import Pseudonymizer
from appliance.report import Device, Reading
from appliance.settings.model import PrivacySettings

MASKED = Message("masked at the site")

_LONGEST = 1024
_SHORTEST_NAME = 4
"""A host name shorter than this is not looked for in other texts: it would be found in words."""
_EMPTY: Mapping[tuple[str, str], Any] = {
    ("status", "printer"): "unknown",
    ("status", "device"): "unknown",
    ("status", "errors"): [],
    ("status", "console"): [],
    ("supplies", "state"): "unknown",
    ("trays", "state"): "unknown",
}
"""What stands for nothing where null does not; everywhere else null does."""
_TELLS_NUMBERS = re.compile(r"firmware|version|serial|mac|oid|state|counter|uptime|_id\Z", re.IGNORECASE)
"""Names in `misc` whose digits are no phone numbers, whatever they look like."""

NO_MASKS = {"support_bundle"}
"""What the privacy settings say beside the masks."""

ONLY_PHONES = {"phone_numbers": "mask"}
"""The masks in force where the site has set none."""

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
        if not name:
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

    def change(self, path: str, holder: dict[str, Any], name: str, change: Change) -> None:
        """Change the texts at `holder[name]`; `path` is where that is in the reading."""
        changed = _changed(holder[name], change)
        if changed != holder[name]:
            holder[name] = changed
            self.masked.add(path)


def mask(reading: Reading, settings: PrivacySettings, key: bytes | None) -> Reading:
    """Return the reading as it may leave the site: the same one where nothing has to be masked.

    `key` is the privacy key of the site; it may be None where `pseudonyms.needs_key(settings)` is false.
    """
    if active_masks(settings) == ONLY_PHONES and not _tells_phone_number(reading):
        return reading
    pseudonymizer = Pseudonymizer(settings, key)
    document = _Document(reading.model_dump(), set())
    own = own_values(reading.device, settings, pseudonymizer)
    _mask_device(document, settings, pseudonymizer)
    for path in ("device.location", "device.asset_number", "status.console"):
        if getattr(settings, path.partition(".")[2]) == "mask":
            document.leave_out(path)
    for path in settings.fields:
        document.leave_out(path)
    _mask_texts(document, reading, settings, pseudonymizer, own)
    key_sent = pseudonymizer.device_key(reading.device.key)
    if not document.masked and key_sent == reading.device.key:
        return reading
    document.values["device"]["key"] = key_sent
    document.values["sources"] = _changed(document.values["sources"], own)
    document.values["reasons"] = _changed(document.values["reasons"], own) | dict.fromkeys(sorted(document.masked), MASKED)
    return Reading.model_validate(document.values)


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


def own_values(device: Device, settings: PrivacySettings, pseudonymizer: Pseudonymizer) -> Change:
    """Return what replaces the masked address, MAC address and host name of the device wherever a text repeats them."""
    replacements: list[tuple[re.Pattern[str], str]] = []
    name = device.hostname or ""
    if settings.host_name != "send" and len(name) >= _SHORTEST_NAME and name.lower() not in (device.model or "").lower():
        form = pseudonymizer.host_name(name) or f"[{MASKED}]"
        replacements.append((re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE), form))
    if settings.ip_address != "send" and device.ip:
        form = pseudonymizer.address(device.ip)
        replacements.append((re.compile(rf"(?<![\w.:]){re.escape(device.ip)}(?![\w:]|\.\d)", re.IGNORECASE), form))
    if settings.mac != "send" and device.mac:
        digits = re.findall("[0-9a-f]{2}", device.mac.lower())
        if len(digits) == 6:
            replacements.append((re.compile("[:-]?".join(digits), re.IGNORECASE), pseudonymizer.mac(device.mac) or f"[{MASKED}]"))

    def change(text: str) -> str:
        for pattern, form in replacements:
            text = pattern.sub(form.replace("\\", r"\\"), text)
        return text

    return change


def _mask_texts(
    document: _Document, reading: Reading, settings: PrivacySettings, pseudonymizer: Pseudonymizer, own: Change
) -> None:
    """Mask what free texts repeat or name: addresses, names, phone numbers. Serial and part numbers stay as they are."""
    known = _known_numbers(reading)

    def phones(text: str) -> str:
        return without_phone_numbers(text, known) if settings.phone_numbers == "mask" else text

    def free(text: str) -> str:
        return phones(pseudonymizer.addresses_in(own(text)))

    values = document.values
    for name in ("location", "asset_number", "hostname"):
        if f"device.{name}" not in document.masked:
            document.change(f"device.{name}", values["device"], name, free)
    document.change("device.description", values["device"], "description", lambda text: phones(own(text)))
    document.change("status.console", values["status"], "console", free)
    for part, names in (("alerts", ("description",)), ("supplies", ("description", "source")), ("trays", ("name", "media"))):
        for row in values[part]:
            for name in names:
                document.change(f"{part}.{name}", row, name, own if name == "source" else free)
    for name in values["misc"]:
        document.change(f"misc.{name}", values["misc"], name, own if _TELLS_NUMBERS.search(name) else free)
    for name, meter in values["meters"].items():
        document.change(f"meters.{name}", meter, "source", own)


def _tells_phone_number(reading: Reading) -> bool:
    """Return whether there is a phone number anywhere: nearly always there is none, and nothing else to do."""
    device, known = reading.device, _known_numbers(reading)
    texts = [device.location, device.asset_number, device.hostname, device.description, *reading.status.console]
    texts += [alert.description for alert in reading.alerts] + [supply.description for supply in reading.supplies]
    texts += [text for tray in reading.trays for text in (tray.name, tray.media)]
    if any(text and without_phone_numbers(text, known) != text for text in texts):
        return True
    said = {name: value for name, value in reading.misc.items() if not _TELLS_NUMBERS.search(name)}
    return bool(_changed(said, lambda text: without_phone_numbers(text, known)) != said)


def _known_numbers(reading: Reading) -> list[str]:
    """Return the serial and part numbers of the device, which are no phone numbers."""
    parts = (text for row in reading.supplies for text in (row.serial, row.part_number))
    return [text for text in (reading.device.serial, *parts) if text]


def _changed(value: Any, change: Change) -> Any:
    """Return `value` with every text in it changed, at any depth."""
    if isinstance(value, str):
        return change(value)[:_LONGEST]
    if isinstance(value, Mapping):
        return {name: _changed(inner, change) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_changed(inner, change) for inner in value)
    return value
