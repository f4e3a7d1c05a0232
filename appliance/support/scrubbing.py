"""What may be in a support bundle: every text without the secrets in force and without what the site masks."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from appliance.common.default_communities import is_default
from appliance.common.log import HIDDEN, is_secret, without_secret_parts
from appliance.privacy.outgoing import Masking
from appliance.settings.layers import Effective
from appliance.store.rows import DeviceRow

SHORTEST_SECRET = 3
_STAYS = re.compile(r"serial|part_number|firmware|version|sha256|digest|marker|transaction|site_name|(?:\A|_)at\Z|since|timestamp")
"""Names of what is no text: numbers that are billed by, versions, moments, hashes, and what the site calls itself."""


class Scrubber:
    """Takes out of texts and values what must not leave the site."""

    def __init__(self, secrets: Iterable[str], masking: Masking) -> None:
        """`secrets` are those in force; `masking` holds the masks of the site."""
        wanted = {form for secret in secrets for form in (secret, json.dumps(secret, ensure_ascii=False)[1:-1])}
        self._secrets = [secret for secret in sorted(wanted, key=len, reverse=True) if _is_secret(secret)]
        self._masking = masking

    def know(self, devices: Iterable[DeviceRow]) -> None:
        """Mask the names and addresses of these devices wherever a text repeats them."""
        for row in devices:
            self._masking.known.add(row.reading.device)
            self._masking.known.add_address(row.address)

    def text(self, text: str) -> str:
        """Return `text` without secrets, and masked."""
        return self._masking.text(self._without_secrets(text))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return without_secret_parts(text)

    def value(self, value: Any, name: str = "") -> Any:
        """Return a JSON value without secrets, and masked, at any depth; numbers that are billed by and those of versions stay."""
        if value and is_secret(name):
            return HIDDEN
        if isinstance(value, str):
            return self._without_secrets(value) if _STAYS.search(name) else self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, name) for inner in value]
        return value

    def device(self, row: DeviceRow) -> dict[str, Any]:
        """Return a device as it may leave the site, without what its panel shows."""
        sent = self._masking.reading(row.reading)
        return {
            "device": sent.device.model_dump(mode="json"),
            "status": sent.status.model_dump(mode="json", exclude={"console"}),
            "meters": len(sent.meters),
            "supplies": len(sent.supplies),
            "first_seen_at": row.first_seen_at.isoformat(),
            "last_seen_at": row.last_seen_at.isoformat(),
            "agent": dict(row.agent),
            "failure": row.failure,
        }


def _is_secret(text: str) -> bool:
    return len(text) >= SHORTEST_SECRET and not is_default(text)


def secrets_of(effective: Effective) -> list[str]:
    """Return every text of the settings in force whose name says that it is a secret."""
    return _secrets_in("", effective.settings.model_dump(mode="json"))


def _secrets_in(name: str, value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [secret for key, inner in value.items() for secret in _secrets_in(key, inner)]
    if isinstance(value, list):
        return [secret for inner in value for secret in _secrets_in(name, inner)]
    return [value] if value and isinstance(value, str) and is_secret(name) else []
