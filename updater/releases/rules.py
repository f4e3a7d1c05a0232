"""Whether the version that the hosting team offers is installed here, and what it waits for. Pure: data in, data out.

What is signed offline (catalogue) says what a version is, what is signed online (rollout) who gets it: nothing is installed where
they disagree. What a person at the site asks for goes before its window, its hold and the level `notify`, before nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from appliance.common.message import Message, joined
from appliance.release import Catalogue, Offer, Release, Rollout, in_cohort, offer_for, version_key
from appliance.release.rollout import ChannelRollout
from updater.engine.capability import Possibility
from updater.records.denied import Denied

State = Literal["none", "available", "due"]
Wait = Literal[
    "site held", "paused", "not before", "cohort", "downgrade", "version", "denied", "platform", "engine", "cannot", "level",
    "approval", "hold", "window",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Here:
    """What this appliance is, and what its admin wants."""

    site_id: str
    group: str | None
    channel: str
    version: str
    counter: int
    """Of the installed version; 0 where it is not known."""
    platform: str
    """`linux/amd64` and the like."""
    api: str | None
    """The API version of the engine, None where there is none."""
    level: str
    image_updates: Possibility
    hold_until: date | None
    window_open: bool
    approved: str | None
    """The version that a person at the site asked for."""
    denied: Sequence[Denied]
    now: datetime
    """With the time zone of the site: a hold ends with its day."""
    brought: bool = False
    """A person has brought the version in a bundle: its turn has come here, whatever its day and its cohort."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done: nothing, wait, or install `release` now."""

    state: State
    release: Release | None
    waits: tuple[Wait, ...]
    text: str
    """One or two sentences for people."""


def installed_counter(catalogue: Catalogue | None, version: str, floor: int) -> int:
    """Return the counter of the installed version; `floor` is the last one that was known, for a version that was withdrawn."""
    release = catalogue.find(version) if catalogue else None
    return release.counter if release else floor


def decide(catalogue: Catalogue, rollout: Rollout | None, here: Here) -> Decision:
    """Return what is to be done about what is offered to this site."""
    offer = offer_for(rollout, here.channel, here.group, here.site_id) if rollout else None
    if offer is None:
        held = rollout is not None and _is_held(rollout, here)
        said = (
            Message("The hosting team offers this site no version: it is held back.")
            if held
            else Message("No version is offered to this site.")
        )
        return Decision("none", None, ("site held",) if held else (), said)
    release = catalogue.find(offer.version)
    if release is None or release.counter != offer.counter:
        return Decision(
            "none",
            None,
            (),
            Message(
                "Version %(version)s is offered, but the signed list of releases does not have it (any more): "
                "nothing is installed that both do not name.",
                version=offer.version,
            ),
        )
    if release.version == here.version:
        return Decision(
            "none", None, (), Message("This site runs version %(version)s, the one that is offered to it.", version=here.version)
        )
    waits = dict(_waits(offer, release, here))
    if not waits:
        return Decision("due", release, (), Message("Version %(version)s is to be installed now.", version=release.version))
    text = Message(
        "Version %(version)s is offered, and waits: %(reasons)s.",
        version=release.version,
        reasons=joined(*waits.values(), between="; "),
    )
    return Decision("available", release, tuple(waits), text)


def _is_held(rollout: Rollout, here: Here) -> bool:
    """Return whether somebody has said that this site, or its group, gets nothing."""
    channel = rollout.channels.get(here.channel, ChannelRollout())
    return here.site_id in channel.sites or (here.group is not None and here.group in channel.groups)


def _waits(offer: Offer, release: Release, here: Here) -> Iterator[tuple[Wait, str]]:
    yield from _of_the_offer(offer, here)
    yield from _of_the_release(release, here)
    yield from _of_the_site(release, here)


def _of_the_offer(offer: Offer, here: Here) -> Iterator[tuple[Wait, str]]:
    if offer.paused:
        yield "paused", Message("the hosting team has paused it")
    if here.brought:
        return
    if offer.not_before is not None and here.now < offer.not_before:
        moment = offer.not_before.strftime("%Y-%m-%d %H:%M")
        yield "not before", Message("the hosting team has set it for %(moment)s UTC", moment=moment)
    if not in_cohort(offer.seed, here.site_id, offer.percent):
        text = Message("it goes to %(percent)d %% of the sites first, and this one is not among them", percent=offer.percent)
        yield "cohort", text


def _of_the_release(release: Release, here: Here) -> Iterator[tuple[Wait, str]]:
    if _is_downgrade(release, here):
        text = Message(
            "it is older than version %(version)s, which runs here, and is not signed as a way back", version=here.version
        )
        yield "downgrade", text
    if release.min_version is not None and version_key(here.version) < version_key(release.min_version):
        yield "version", Message("it can only follow version %(version)s or a newer one", version=release.min_version)
    platform = release.platforms.get(here.platform)
    if platform is None:
        yield "platform", Message("it is not made for this machine (%(platform)s)", platform=here.platform)
    elif any(_is_meant(denied, release, platform.config) for denied in here.denied):
        yield "denied", Message("it was tried here and was no good; the admin of the site can allow it again")
    if here.api is not None and _numbers(here.api) < _numbers(release.min_engine_api):
        text = Message(
            "it needs a container engine with API %(least)s or newer, and this one has %(api)s",
            least=release.min_engine_api,
            api=here.api,
        )
        yield "engine", text


def _of_the_site(release: Release, here: Here) -> Iterator[tuple[Wait, str]]:
    if here.image_updates != "possible":
        yield "cannot", Message("this appliance cannot replace its own container here")
    if here.level in ("off", "config"):
        yield "level", Message("new versions are switched off at the site (update.level is %(level)s)", level=here.level)
    if here.approved == release.version:
        return
    if here.level == "notify":
        yield "approval", Message("the admin of the site has to approve it")
    if here.hold_until is not None and here.now.date() <= here.hold_until:
        yield "hold", Message("the admin of the site holds new versions until the end of %(day)s", day=here.hold_until)
    if not here.window_open:
        yield "window", Message("the window of the site is closed")


def _is_downgrade(release: Release, here: Here) -> bool:
    allowed = release.allow_downgrade_from is not None and here.counter <= release.allow_downgrade_from
    # Where no list has ever named the installed version, only the versions themselves can be compared.
    older = version_key(release.version) < version_key(here.version) if here.counter == 0 else release.counter <= here.counter
    return older and not allowed


def _is_meant(denied: Denied, release: Release, config: str) -> bool:
    return denied.config == config or (denied.version == release.version and denied.counter >= release.counter)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
