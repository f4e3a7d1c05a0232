"""Who is offered which release: one change of the rollout, and the difference it makes in words. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from appliance.common.clock import to_rfc3339, written_moment
from appliance.common.message import Message
from appliance.release import Catalogue, ChannelRollout, Offer, Rollout
from hosting.configuration.difference import Change
from hosting.configuration.scope import group_scope
from hosting.errors import ConfigurationError

Action = Literal["offer", "hold", "unpin"]
NOTHING = Message("nothing")
_AS_OTHERS = Message("as others")
AT_ONCE = "none"


@dataclass(frozen=True, slots=True)
class Audience:
    """Which sites of a channel: all, those of a group, or one, by its id."""

    channel: str
    group: str | None = None
    site_id: str | None = None

    def offer(self, rollout: ChannelRollout) -> Offer | None:
        """Return what is offered to exactly this audience."""
        if self.site_id is not None:
            return rollout.sites.get(self.site_id)
        return rollout.groups.get(self.group) if self.group is not None else rollout.default


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be different; None keeps. `not_before` is a moment as text, `none` takes it away."""

    action: Action = "offer"
    version: str | None = None
    percent: int | None = None
    not_before: str | None = None
    paused: bool | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wished."""
        return self == Wish()


def changed(rollout: Rollout, audience: Audience, wish: Wish, catalogue: Catalogue | None) -> Rollout:
    """Return the rollout after a wish, its version as before. Raises ConfigurationError for what cannot be."""
    if audience.group is not None:
        group_scope(audience.group)
    before = rollout.channels.get(audience.channel, ChannelRollout())
    if wish.action == "unpin":
        after = _without(before, audience)
    else:
        offer = None if wish.action == "hold" else _offer(audience.offer(before), audience, wish, catalogue)
        after = _with(before, audience, offer)
    channels = {**rollout.channels, audience.channel: after}
    return replace(rollout, channels={name: each for name, each in channels.items() if each != ChannelRollout()})


def difference(before: Rollout, after: Rollout, names: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what is different; `names` are those of sites, by their ids."""
    old, new = dict(_offers(before, names)), dict(_offers(after, names))
    return tuple(
        _change(name, old.get(name, _AS_OTHERS), new.get(name, _AS_OTHERS))
        for name in sorted(old.keys() | new.keys())
        if old.get(name, _AS_OTHERS) != new.get(name, _AS_OTHERS)
    )


def _change(name: str, before: Offer | str | None, after: Offer | str | None) -> Change:
    then, now = (offer if isinstance(offer, str) else in_words(offer) for offer in (before, after))
    if then == now and isinstance(before, Offer) and isinstance(after, Offer):
        then = Message("%(offer)s (number %(counter)d)", offer=then, counter=before.counter)
        now = Message("%(offer)s (number %(counter)d)", offer=now, counter=after.counter)
    return Change(name, then, now)


def in_words(offer: Offer | None) -> str:
    """Return an offer in words: `0.2.0 to 10 %, not before 2027-01-31T22:00:00Z, paused`."""
    if offer is None:
        return NOTHING
    words = Message("%(version)s to %(percent)d %%", version=offer.version, percent=offer.percent)
    if offer.not_before:
        words = Message("%(offer)s, not before %(moment)s", offer=words, moment=to_rfc3339(offer.not_before))
    return Message("%(offer)s, paused", offer=words) if offer.paused else words


def _offer(before: Offer | None, audience: Audience, wish: Wish, catalogue: Catalogue | None) -> Offer:
    version = wish.version or (before.version if before else None)
    if version is None:
        raise ConfigurationError(Message("Nothing is offered to these sites themselves yet. Say which release: --version VERSION"))
    release = catalogue.find(version) if catalogue else None
    # A version that was withdrawn and given again is another release.
    is_another = wish.version is not None and release is not None and before is not None and release.counter != before.counter
    if before is None or before.version != version or is_another:
        if release is None:
            raise ConfigurationError(
                Message(
                    "There is no release %(version)s in the published catalogue of %(channel)s. See: dca-hosting release list",
                    version=version[:40],
                    channel=audience.channel,
                )
            )
        if wish.percent is None and audience.group is None and audience.site_id is None:
            raise ConfigurationError(Message("Say how many of all sites are offered the release, in percent: --percent N"))
        before = Offer(version, release.counter, seed=version)
    assert before is not None
    percent = before.percent if wish.percent is None else wish.percent
    if not 0 <= percent <= 100:
        raise ConfigurationError(Message("%(percent)d percent cannot be. Give a whole number from 0 to 100.", percent=percent))
    paused = before.paused if wish.paused is None else wish.paused
    return replace(before, percent=percent, not_before=_moment(wish.not_before, before.not_before), paused=paused)


def _moment(text: str | None, before: datetime | None) -> datetime | None:
    if text is None:
        return before
    if text.strip().lower() in ("", AT_ONCE):
        return None
    try:
        return written_moment(text.strip()).replace(microsecond=0)
    except ValueError as error:
        told = Message("%(text)s is no moment. Write 2027-01-31T22:00Z, for example.", text=repr(text[:40]))
        raise ConfigurationError(told) from error


def _with(channel: ChannelRollout, audience: Audience, offer: Offer | None) -> ChannelRollout:
    if audience.site_id is not None:
        return replace(channel, sites={**channel.sites, audience.site_id: offer})
    if audience.group is not None:
        return replace(channel, groups={**channel.groups, audience.group: offer})
    return replace(channel, default=offer)


def _without(channel: ChannelRollout, audience: Audience) -> ChannelRollout:
    if audience.site_id is not None:
        return replace(channel, sites={name: offer for name, offer in channel.sites.items() if name != audience.site_id})
    if audience.group is not None:
        return replace(channel, groups={name: offer for name, offer in channel.groups.items() if name != audience.group})
    raise ConfigurationError(Message("Only a group or a site can be unpinned. Name it: --group or --site"))


def _offers(rollout: Rollout, names: Mapping[str, str]) -> Iterator[tuple[str, Offer | None]]:
    for channel, offers in rollout.channels.items():
        if offers.default is not None:
            yield Message("%(channel)s, all sites", channel=channel), offers.default
        for group, offer in offers.groups.items():
            yield Message("%(channel)s, group %(group)s", channel=channel, group=group), offer
        for site_id, offer in offers.sites.items():
            yield Message("%(channel)s, site %(site)s", channel=channel, site=names.get(site_id, site_id)), offer
