"""The rollout, `config/global/rollout.json`: which version is offered to whom, from when. Signed online.

The most specific offer wins: of the site, then of its group, then of all. One that is null holds its site or group back.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from appliance.common.clock import to_rfc3339
from appliance.common.signed_documents import GROUP_NAME, NO_MARKER
from appliance.common.strict_json import encode
from appliance.release.catalogue import CHANNEL_NAME
from appliance.release.fields import FORMAT, Fields, decode
from appliance.release.versions import VERSION

ROLLOUT_PATH = "config/global/rollout.json"
ROLLOUT_BYTES = 256 * 1024
CHANNELS = 16
GROUPS = 1000
SITES = 1000
_SITE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SEED = re.compile(r"[0-9A-Za-z._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Offer:
    """One version for some sites."""

    version: str
    counter: int
    percent: int = 100
    """How many of the sites may have it, 0 to 100."""
    seed: str = "0"
    """Decides, with the site id, which sites those are."""
    not_before: datetime | None = None
    paused: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the rollout has of it."""
        return {
            "version": self.version,
            "counter": self.counter,
            "percent": self.percent,
            "seed": self.seed,
            "not_before": None if self.not_before is None else to_rfc3339(self.not_before),
            "paused": self.paused,
        }


@dataclass(frozen=True, slots=True)
class ChannelRollout:
    """Who gets what of one channel; None holds back."""

    default: Offer | None = None
    groups: Mapping[str, Offer | None] = field(default_factory=dict)
    sites: Mapping[str, Offer | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """Who gets what."""

    version: int
    """Of this document; rises by one with each that is published."""
    channels: Mapping[str, ChannelRollout] = field(default_factory=dict)


def in_cohort(seed: str, site_id: str, percent: int) -> bool:
    """Return whether a site is among the first `percent` of all; it stays among them when the number grows."""
    number = int(hashlib.sha256(f"{seed}|{site_id}".encode()).hexdigest(), 16)
    return number % 10_000 < percent * 100


def offer_for(rollout: Rollout, channel: str, group: str | None, site_id: str) -> Offer | None:
    """Return what is offered to a site, None where nothing is, or it is held back."""
    found = rollout.channels.get(channel, ChannelRollout())
    if site_id in found.sites:
        return found.sites[site_id]
    if group is not None and group in found.groups:
        return found.groups[group]
    return found.default


def rollout_marker(content: bytes | None) -> str:
    """Return the short name of a rollout as it was published, None for none."""
    return NO_MARKER if content is None else hashlib.sha256(content).hexdigest()[:16]


def write_rollout(rollout: Rollout) -> bytes:
    """Return the one way to write a rollout."""
    channels = {
        channel: {
            "default": _written(at.default),
            "groups": {name: _written(offer) for name, offer in at.groups.items()},
            "sites": {name: _written(offer) for name, offer in at.sites.items()},
        }
        for channel, at in rollout.channels.items()
    }
    return encode({"format": FORMAT, "version": rollout.version, "channels": channels})


def parse_rollout(content: bytes) -> Rollout:
    """Return the rollout in `content`. Raises ReleaseError."""
    fields = Fields(decode(content, "The rollout", ROLLOUT_BYTES), "the rollout", "format", "version", "channels")
    return Rollout(fields.whole("version"), fields.named("channels", CHANNEL_NAME, CHANNELS, _channel))


def _channel(raw: object, where: str) -> ChannelRollout:
    fields = Fields(raw, where, "default", "groups", "sites")
    return ChannelRollout(
        fields.optional("default", lambda name: _offer(fields.object(name), f"{name} of {where}")),
        fields.named("groups", GROUP_NAME, GROUPS, _offer_or_none),
        fields.named("sites", _SITE_ID, SITES, _offer_or_none),
    )


def _offer_or_none(raw: object, where: str) -> Offer | None:
    return None if raw is None else _offer(raw, where)


def _offer(raw: object, where: str) -> Offer:
    fields = Fields(raw, where, "version", "counter", "percent", "seed", "not_before", "paused")
    return Offer(
        version=fields.matching("version", VERSION, "0.2.0"),
        counter=fields.whole("counter"),
        percent=fields.whole("percent", 0, 100),
        seed=fields.matching("seed", _SEED, "0.2.0 or another short word"),
        not_before=fields.optional("not_before", fields.moment),
        paused=fields.flag("paused"),
    )


def _written(offer: Offer | None) -> dict[str, Any] | None:
    return None if offer is None else offer.to_json()
