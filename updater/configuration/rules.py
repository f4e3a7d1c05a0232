"""What to do with the signed documents a repository has for this site. Pure: data in, data out.

- What has the marker of what was dealt with last is left alone: kept, failed or held, it stays so until another is published. Only
  what was refused is judged again, for the site may have moved its guardrails since.
- One document that is refused refuses all of them: the layers were made to go together.
- Nothing here trusts a document: its signatures were verified by `updater.trust.client`, its content is judged by the model.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from appliance.common.clock import to_rfc3339
from appliance.common.message import Message, joined, messages_from, with_messages
from appliance.common.network.traffic import Traffic
from appliance.common.record import record_of
from appliance.common.signed_documents import NO_MARKER
from appliance.settings.configuration_state import Configuration, Received, ReceivedLayer
from appliance.settings.document import (
    Document,
    DocumentError,
    ReceivedLayerName,
    marker,
    parse_document,
    too_long,
)

CheckWhat = Literal["off", "unchanged", "applied", "refused", "failed"]
Step = Literal["nothing", "settle", "judge"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A document that a repository has for this site, its signatures verified."""

    layer: ReceivedLayerName
    path: str
    length: int
    sha256: str
    content: bytes | None
    """None: longer than it may be, and not fetched."""
    signed_by: str = ""
    told_version: int = 0
    """What those who signed it call it, for reports."""

    def document(self) -> Document:
        """Return the document. Raises DocumentError, which names the path."""
        try:
            if self.content is None:
                raise too_long(self.length)
            return parse_document(self.content, self.layer)
        except DocumentError as error:
            raise DocumentError(error.reason, f"{self.path} was refused. {error}") from error


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a check for configuration went: what its process tells the supervisor."""

    what: CheckWhat
    text: str
    reason: str = ""
    marker: str = ""
    """Of what was dealt with."""
    traffic: Traffic = field(default_factory=Traffic)

    @property
    def ok(self) -> bool:
        """Whether the repository was reached and all it has verified."""
        return self.what in ("off", "unchanged", "applied")

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        document: dict[str, Any] = with_messages(
            {
                "what": self.what,
                "text": self.text,
                "reason": self.reason,
                "marker": self.marker,
                "traffic": self.traffic.as_json(),
            }
        )
        return document

    @classmethod
    def from_json(cls, value: Any) -> "CheckResult":
        """Return what `to_json` wrote. Raises ValueError for anything else."""
        result = record_of(cls, messages_from(value))
        return replace(result, traffic=Traffic.from_json(value["traffic"]))


def marker_of(offers: Sequence[Offer]) -> str:
    """Return the marker of what is offered."""
    return marker([(offer.path, offer.sha256) for offer in offers])


def next_step(received: Received, offered: str) -> Step:
    """Return what to do about an offer with this marker."""
    if received.marker == offered and received.state != "refused":
        return "nothing"
    in_force = received.in_force.marker if received.in_force else NO_MARKER
    return "settle" if in_force == offered else "judge"


def configuration_of(offers: Sequence[Offer], now: datetime) -> tuple[Configuration, dict[str, bytes]]:
    """Return what the documents set together, and the texts of their definitions by SHA-256. Raises DocumentError."""
    layers, texts = [], {}
    for offer in offers:
        document = offer.document()
        hashes = {}
        for name, text in document.definitions.items():
            content = text.encode()
            hashes[name] = hashlib.sha256(content).hexdigest()
            texts[hashes[name]] = content
        layers.append(
            ReceivedLayer(offer.layer, offer.path, document.version, offer.sha256, document.settings, hashes, offer.signed_by)
        )
    return Configuration(tuple(layers), to_rfc3339(now), marker_of(offers)), texts


def describe(configuration: Configuration | None) -> str:
    """Return a configuration in words: `global version 3, site version 7`."""
    if configuration is None or not configuration.layers:
        return Message("none of the hosting server")
    return joined(*map(_described, configuration.layers), between=", ")


def _described(layer: ReceivedLayer) -> Message:
    match layer.layer:
        case "global":
            return Message("global version %(number)d", number=layer.version)
        case "group":
            return Message("group version %(number)d", number=layer.version)
        case "assigned":
            return Message("site version %(number)d", number=layer.version)
