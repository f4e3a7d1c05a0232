"""The pages on which releases are looked at, and sites are offered them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tornado.web import HTTPError

from appliance.common.message import Message, message_of
from appliance.release import (
    CHANNEL_NAME,
    DEFAULT_CHANNEL,
    Catalogue,
    ChannelRollout,
    Offer,
    Release,
    Rollout,
    in_cohort,
    offer_for,
)
from appliance.report.names import words
from hosting.configuration.publication import NO_REPOSITORY, Publishing
from hosting.console import chart, texts, update_texts
from hosting.console.base import ConsoleHandler
from hosting.db import configuration, releases, sites
from hosting.db.connection.database import Connection
from hosting.db.releases import ReleaseCounts
from hosting.db.sites import Site
from hosting.errors import ConfigurationError, RepositoryError
from hosting.releases.publication import RolloutProposal, Rollouts
from hosting.releases.rollout import AT_ONCE, Audience, Wish, in_words
from web import quantities

DOTS = 80
"""The chart has at most so many points."""


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release as the page shows it."""

    release: Release
    counts: ReleaseCounts
    failed: Sequence[tuple[str, str, str]]
    """(site_id, name, reason) of sites at which it failed."""


@dataclass(frozen=True, slots=True)
class Published:
    """What the repository says of one channel; `fault` is why it says nothing."""

    channels: tuple[str, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)
    rollout: Rollout = field(default_factory=lambda: Rollout(0))
    fault: str = ""

    @property
    def offers(self) -> ChannelRollout:
        """Who is offered what in this channel."""
        return self.rollout.channels.get(self.catalogue.channel, ChannelRollout())


def look_at(publishing: Publishing, channel: str) -> Published:
    """Return what is published of a channel."""
    try:
        catalogues = publishing.published().catalogues()
        rollout = Rollouts(publishing).in_force()
    except (ConfigurationError, RepositoryError) as error:
        return Published(catalogue=Catalogue(channel), fault=message_of(error))
    return Published(tuple(catalogues), catalogues.get(channel, Catalogue(channel)), rollout)


class ReleasesPage(ConsoleHandler):
    """`/releases`: the releases of a channel, who is offered which, and how far the sites are."""

    async def get(self) -> None:
        """Show it; `?channel=NAME` for another channel, `?group=NAME` opens the page of a group."""
        channel = self.get_query_argument("channel", DEFAULT_CHANNEL)
        if not CHANNEL_NAME.fullmatch(channel):
            raise HTTPError(404)
        asked = self.open_group(f"/releases/{channel}")
        if asked is None:
            return
        published = await self.services.pages.run(lambda: look_at(self.services.publishing, channel))
        offered = published.offers.default

        def look(connection: Connection) -> dict[str, Any]:
            counts = releases.counts_by_version(connection)
            views = [
                _view(connection, release, counts.get(release.version, ReleaseCounts()))
                for release in published.catalogue.releases[::-1]
            ]
            known = {release.version for release in published.catalogue.releases}
            return {
                "views": views,
                "others": {version: each.running for version, each in counts.items() if version not in known and each.running},
                "arrivals": releases.arrivals(connection, offered.version) if offered else [],
                "names": sites.names_of(connection, list(published.offers.sites)),
                "groups": configuration.groups(connection),
            }

        found = await self.services.pages.read(look)
        moved = self._("Sites that moved to %(version)s") % {"version": offered.version} if offered else ""
        current = next((view for view in found["views"] if offered and view.release.version == offered.version), None)
        self.page(
            "releases.html",
            published=published,
            channel=channel,
            current=current,
            drawing=chart.draw(_growth(found["arrivals"]), moved, self.locale) if offered else None,
            asked=asked,
            **_words(),
            **found,
        )


def _view(connection: Connection, release: Release, counts: ReleaseCounts) -> ReleaseView:
    return ReleaseView(release, counts, releases.failed_sites(connection, release.version) if counts.failed else ())


def _words() -> dict[str, Any]:
    return {
        "number": quantities.number,
        "counted_sites": texts.counted_sites,
        "size": quantities.size,
        "in_words": in_words,
        "counted_reasons": update_texts.counted_reasons,
        "reason_words": words,
    }


def _growth(moments: Sequence[datetime]) -> list[tuple[datetime, int]]:
    """Return how many had come at each of some moments, given when each came."""
    counts = {moment: number for number, moment in enumerate(moments, 1)}
    points = list(counts.items())
    step = -(-len(points) // DOTS) or 1
    return [*points[:-1:step], *points[-1:]]


def offer_of_site(rollout: Rollout, site: Site) -> tuple[str, str]:
    """Return what a site is offered in words, and by what: `site`, `group`, `all`, or nothing."""
    channel = site.update_channel or DEFAULT_CHANNEL
    offers = rollout.channels.get(channel, ChannelRollout())
    offer = offer_for(rollout, channel, site.group_name, site.site_id)
    by = "site" if site.site_id in offers.sites else "group" if site.group_name in offers.groups else "all" if offer else ""
    words = in_words(offer)
    if offer and not in_cohort(offer.seed, site.site_id, offer.percent):
        words = Message("%(offer)s; this site is not among them yet", offer=words)
    return words, by


@dataclass(frozen=True, slots=True)
class _Subject:
    """Whom a page is about: `title` for people, and the names of sites it speaks of."""

    audience: Audience
    title: str
    names: Mapping[str, str]


class RolloutPage(ConsoleHandler):
    """`/releases/CHANNEL/all`, `…/group/NAME`, `…/site/ID`: look at an offer, change it, compare, publish."""

    async def get(self, channel: str, *words: str) -> None:
        """Show what is offered."""
        await self._show(await self._subject(channel, *words))

    async def post(self, channel: str, *words: str) -> None:
        """Compare what the form asks for with what is in force, or publish it as it was compared."""
        subject, actor = await self._subject(channel, *words), self.actor
        base, publishes = self.get_body_argument("base", ""), self.get_body_argument("action", "compare") == "publish"

        def work(publishing: Publishing) -> RolloutProposal:
            rollouts = Rollouts(publishing)
            proposal = rollouts.prepare(subject.audience, self._wish(), subject.names)
            if publishes and proposal.changes:
                if base != str(proposal.base):
                    raise ConfigurationError(Message("Somebody else published in the meantime. Compare again."))
                rollouts.publish(proposal, actor=actor)
            return proposal

        try:
            proposal = await self.services.publish(work)
        except (ConfigurationError, RepositoryError) as error:
            self.set_status(422 if isinstance(error, ConfigurationError) else 503)
            await self._show(subject, fault=message_of(error))
            return
        if publishes:
            self.redirect(self.url(self.request.path, done="rollout" if proposal.changes else "same"))
            return
        await self._show(subject, proposal=proposal)

    async def _subject(self, channel: str, kind: str, name: str = "") -> _Subject:
        """Return what the address names. Raises HTTPError 404."""
        if kind == "all":
            return _Subject(Audience(channel), Message("all sites"), {})
        if kind == "group":
            return _Subject(Audience(channel, group=name), Message("group %(name)s", name=name), {})
        site = await self.services.pages.read(lambda connection: sites.site_by_id(connection, name))
        if site is None:
            raise HTTPError(404)
        return _Subject(Audience(channel, site_id=name), Message("site %(name)s", name=site.name), {name: site.name})

    def _wish(self) -> Wish:
        """Return what the form asks for. Raises ConfigurationError for a share that is no number."""
        match self.get_body_argument("do", "offer"):
            case "hold":
                return Wish("hold")
            case "unpin":
                return Wish("unpin")
            case "pause":
                return Wish(paused=True)
            case "resume":
                return Wish(paused=False)
        percent = self.get_body_argument("percent", "").strip()
        if not percent.isdecimal() or len(percent) > 3:
            raise ConfigurationError(Message("The share of the sites has to be a whole number from 0 to 100."))
        moment = self.get_body_argument("not_before", "").strip() or AT_ONCE
        return Wish(version=self.get_body_argument("version", "") or None, percent=int(percent), not_before=moment)

    async def _show(self, subject: _Subject, *, proposal: RolloutProposal | None = None, fault: str = "") -> None:
        audience = subject.audience
        published = await self.services.pages.run(lambda: look_at(self.services.publishing, audience.channel))
        offer = audience.offer(published.offers)
        typed = {name: self.get_body_argument(name, "") for name in ("do", "version", "percent", "not_before")}
        self.page(
            "rollout.html",
            subject=subject,
            audience=audience,
            published=published,
            offer=offer,
            is_own=_is_own(published.offers, audience),
            proposal=proposal,
            fault=fault or published.fault,
            lacking=published.fault == NO_REPOSITORY,
            typed=typed,
            shown=typed if typed["do"] == "offer" else _form_of(offer, published.catalogue),
            **_words(),
        )


def _is_own(offers: ChannelRollout, audience: Audience) -> bool:
    """Return whether something is said about exactly these sites, be it that they are held back."""
    if audience.site_id is not None:
        return audience.site_id in offers.sites
    return audience.group in offers.groups if audience.group is not None else offers.default is not None


def _form_of(offer: Offer | None, catalogue: Catalogue) -> dict[str, str]:
    """Return what the form is filled with: the offer there is, or the newest release for nobody yet."""
    newest = catalogue.releases[-1].version if catalogue.releases else ""
    if offer is None:
        return {"version": newest, "percent": "10", "not_before": ""}
    moment = offer.not_before.strftime("%Y-%m-%dT%H:%M") if offer.not_before else ""
    return {"version": offer.version, "percent": str(offer.percent), "not_before": moment}
