"""What decides which devices a sweep finds: after a change of it the network is looked at again soon. Pure."""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.settings.model import Settings

ROUNDS: Final = 20_000
"""Makes it slow to try out communities on a note that got into the wrong hands."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Which addresses are asked, and how."""

    targets: tuple[str, ...]
    exclude: frozenset[str]
    networks: frozenset[str]
    asking: str
    """Port, pings, times and credentials, as JSON with the secrets."""
    definitions: str = ""
    """The vendor definitions, as a fingerprint."""

    @classmethod
    def of(cls, settings: Settings, definitions: str) -> "Deciding":
        """Return what decides by these settings and vendor definitions."""
        scan, snmp = settings.scan, settings.snmp.model_dump(mode="json")
        asking = {
            "icmp": scan.icmp,
            "http": scan.http,
            "silent": scan.silent_hours > 0,
            # Only where it is set: what an earlier version has noted stays true.
            **({"router_credential": scan.router_credential} if scan.router_credential else {}),
            **{name: snmp[name] for name in ("credentials", "port", "timeout_seconds", "retries")},
        }
        return cls(
            scan.targets,
            frozenset(scan.exclude),
            frozenset(settings.guardrails.networks),
            json.dumps(asking, sort_keys=True),
            definitions,
        )

    def finds_more_than(self, before: "Deciding") -> bool:
        """Return whether a sweep may find what one by `before` did not. One more exclusion brings nothing new."""
        return (
            self.targets != before.targets
            or not before.exclude <= self.exclude
            or self.networks != before.networks
            or self.asking != before.asking
            or self.definitions != before.definitions
        )

    def note(self) -> dict[str, Any]:
        """Return what is kept of it over a restart, beside the targets: no secret."""
        salt = secrets.token_hex(16)
        return {
            "exclude": sorted(self.exclude),
            "networks": sorted(self.networks),
            "asking": _digest(self.asking, salt),
            "salt": salt,
        }

    def finds_more_than_noted(self, noted: Mapping[str, Any]) -> bool:
        """Return the same of what `note` returned. What was noted by an earlier version says nothing of what it does not name."""
        exclude, networks, asking = noted.get("exclude"), noted.get("networks"), noted.get("asking")
        return (
            (isinstance(exclude, list) and not set(map(str, exclude)) <= self.exclude)
            or (isinstance(networks, list) and set(map(str, networks)) != self.networks)
            or (isinstance(asking, str) and asking != _digest(self.asking, str(noted.get("salt"))))
        )


def _digest(text: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), ROUNDS).hex()
