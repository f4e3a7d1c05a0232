"""What is sent of a reading: the newest one before and after masking, line by line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.common.errors import DcaError
from appliance.common.message import Message
from appliance.privacy.known_devices import KnownDevices
from appliance.privacy.outgoing import Masking
from appliance.privacy.text_masks import MASKED
from appliance.report import Reading
from appliance.settings.model import PrivacySettings
from appliance.store.rows import DeviceRow

SEND, LEFT_OUT, PSEUDONYM = (
    ("send", Message("Send as they are")),
    ("mask", Message("Leave out")),
    ("pseudonym", Message("Send a pseudonym")),
)
CHOICES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("ip_address", Message("IP addresses"), (SEND, ("mask_last_octet", Message("Without the last part")), PSEUDONYM)),
    ("host_name", Message("Host names"), (SEND, LEFT_OUT, PSEUDONYM)),
    ("mac", Message("MAC addresses"), (SEND, LEFT_OUT, PSEUDONYM)),
    ("location", Message("Locations"), (SEND, LEFT_OUT)),
    ("asset_number", Message("Asset numbers"), (SEND, LEFT_OUT)),
    ("console", Message("Texts of the panel"), (SEND, LEFT_OUT)),
    ("phone_numbers", Message("Phone numbers in any text"), (SEND, LEFT_OUT)),
)
"""Setting, title, and its values with their words."""
FIELDS = (*(name for name, _, _ in CHOICES), "fields", "support_bundle")


@dataclass(frozen=True, slots=True)
class Line:
    """A value of a reading: as it is kept here, and as it is sent; None: it is not."""

    path: str
    kept: str
    sent: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A reading before and after masking; `error` says why there is none."""

    device: str = ""
    lines: tuple[Line, ...] = ()
    sent: str = ""
    error: str = ""


def preview(devices: list[DeviceRow], settings: PrivacySettings, trust_folder: Path) -> Preview | None:
    """Return what these masks make of the newest reading, None while there is no reading."""
    if not devices:
        return None
    newest = max(devices, key=lambda row: row.last_seen_at).reading
    try:
        known = KnownDevices(row.reading.device for row in devices)
        masked = Masking.of(settings, trust_folder, known).reading(newest)
    except DcaError as error:
        return Preview(error=str(error))
    sent = json.dumps(json.loads(masked.to_json()), indent=1, ensure_ascii=False)
    return Preview(newest.device.key, tuple(_lines(newest, masked)), sent)


def _lines(kept: Reading, sent: Reading) -> Iterator[Line]:
    """Yield the values that are not sent as they are kept."""
    before, after = dict(_flat(kept)), dict(_flat(sent))
    for path, value in before.items():
        if after.get(path) != value:
            yield Line(path, value, after.get(path))


def _flat(reading: Reading) -> Iterator[tuple[str, str]]:
    document: dict[str, Any] = json.loads(reading.to_json())
    document["reasons"] = {path: reason for path, reason in document["reasons"].items() if reason != MASKED}
    yield from _leaves("", document)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _leaves(f"{path} {number}", inner)
    elif value is not None:
        yield path, str(value)
