"""New versions as the page shows them: what is offered, why it waits, what is under way, and what became of earlier ones. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.common.message import Message
from appliance.report.condition import Level

WAITS: Mapping[str, str] = {
    "approval": Message("It waits for somebody to install it: this site wants to be asked."),
    "window": Message("It waits for the window in which this site lets versions be installed."),
    "hold": Message("New versions are held until the end of the day below."),
    "cohort": Message("The hosting team hands it out to a part of the sites first; it is not the turn of this one yet."),
    "not before": Message("The hosting team hands it out later."),
    "paused": Message("The hosting team has paused it."),
    "site held": Message("The hosting team holds it back for this site."),
    "level": Message("The intelligent update of this site takes no versions."),
    "cannot": Message("This appliance cannot install it by itself. How to do it by hand stands below."),
    "engine": Message("The container engine of this host is too old for it. Update the engine."),
    "version": Message("It needs a newer version than this one first."),
    "platform": Message("There is no image of it for this kind of machine."),
    "denied": Message("It was tried here and taken back. It is left alone until you allow it again, or a newer one comes."),
    "downgrade": Message("It is older than what is installed."),
}
"""Why a version waits, by the words of the supervisor."""
OVERRULED = frozenset({"approval", "window", "hold"})
"""What a person overrules by installing it: the rest is not for the site to decide, or cannot be done."""
BY_THE_HOST = OVERRULED | {"cannot"}
STAGES: tuple[tuple[str, str], ...] = (
    ("checking", Message("Checking")),
    ("downloading", Message("Downloading")),
    ("loading", Message("Unpacking")),
    ("preflight", Message("Trying the image out")),
    ("preparing", Message("Preparing the switch")),
    ("switching", Message("Switching")),
    ("gate", Message("Watching the new version")),
    ("finishing", Message("Finishing")),
)
_OTHER_STAGES: Mapping[str, str] = {"rolling_back": Message("Going back to the version before"), "stuck": Message("Stuck")}
_OUTCOMES: Mapping[str, tuple[Level, str]] = {
    "installed": ("ok", Message("Installed")),
    "rolled_back": ("bad", Message("Taken back by itself")),
    "failed": ("warn", Message("Not installed")),
    "refused": ("warn", Message("Refused")),
    "superseded": ("off", Message("Left to somebody else")),
    "stuck": ("bad", Message("Stuck")),
}
_UNDER_WAY = frozenset({"prepared", "switching", "committed", "rolling_back", "stuck"})


BUNDLE = Message("A bundle")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """What is being done now."""

    title: str
    """Which version, or that it is a bundle, whose version is not known yet."""
    stage: str
    text: str
    percent: int | None
    step: int
    steps: int
    stuck: bool


@dataclass(frozen=True, slots=True)
class PastVersion:
    """What became of one installation."""

    at: str | None
    level: Level
    title: str
    from_version: str
    to_version: str
    text: str
    by: str
    seconds: float | None
    away_seconds: float | None
    log: str


@dataclass(frozen=True, slots=True)
class Denied:
    """A version this site leaves alone."""

    version: str
    at: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class VersionsView:
    """Everything of it that a page shows."""

    level: Level
    title: str
    offered: str
    """The version that is offered, empty where there is none."""
    notes: str
    waits: tuple[str, ...]
    text: str
    under_way: UnderWay | None
    can_install: bool
    can_be_wanted: bool
    """Whether a person can have an agent of the host install it, which otherwise waits for him."""
    can_roll_back: bool
    back_to: str
    hold_until: str
    window: str
    next_window_at: str | None
    command: str
    from_archive: bool
    """Whether the commands load the image from a file, because it is in no registry."""
    degraded: str
    past: tuple[PastVersion, ...]
    denied: tuple[Denied, ...]
    mark: str
    """Changes whenever there is something new to read."""


def versions_view(update: Mapping[str, Any], installed: str) -> VersionsView:
    """Return what the page shows; `update` is that part of the status of the supervisor, `installed` the version that runs."""
    image = update.get("image") or {}
    decision = image.get("decision") or {}
    offered = str(decision.get("version") or "") if decision.get("state") in ("available", "due") else ""
    asked = update.get("image_updates") != "unknown"  # until the engine has been asked nobody knows that it cannot
    waits = tuple(wait for wait in decision.get("waits") or () if asked or wait != "cannot") if offered else ()
    history = image.get("history") or []
    under_way = _under_way(image, offered)
    level, title = _state(offered, waits, under_way, image.get("degraded"))
    past = tuple(map(_past, history))
    denied = tuple(_denied(row) for row in image.get("denied") or [])
    back_to = _back_to(history, installed, {row.version for row in denied})
    return VersionsView(
        level,
        title,
        offered,
        str(decision.get("notes") or "") if offered else "",
        tuple(WAITS.get(wait, wait) for wait in waits),
        decision.get("text") or "",
        under_way,
        can_install=bool(offered) and asked and under_way is None and OVERRULED.issuperset(waits),
        can_be_wanted=under_way is None and "cannot" in waits and bool(OVERRULED & set(waits)) and BY_THE_HOST.issuperset(waits),
        can_roll_back=bool(back_to) and under_way is None and update.get("image_updates") == "possible",
        back_to=back_to,
        hold_until=str(image.get("hold_until") or ""),
        window=str(image.get("window") or ""),
        next_window_at=image.get("next_window_at"),
        command=str(image.get("command") or "") if offered else "",
        from_archive=" load --input " in str(image.get("command") or ""),
        degraded=image.get("degraded") or "",
        past=past,
        denied=denied,
        mark=hashlib.sha256(repr((offered, history[:1], image.get("denied"), image.get("command"))).encode()).hexdigest()[:12],
    )


def _back_to(history: Sequence[Mapping[str, Any]], installed: str, denied: set[str]) -> str:
    """Return the version before the installed one, empty where there is none to go back to."""
    last = next((row for row in history if row.get("outcome") == "installed"), {})
    before = str(last.get("from_version") or "")
    return before if last.get("to_version") == installed and before not in denied else ""


def _state(offered: str, waits: tuple[str, ...], under_way: UnderWay | None, degraded: object) -> tuple[Level, str]:
    if under_way:
        return ("bad", Message("Stuck")) if under_way.stuck else ("busy", Message("Being installed"))
    if degraded:
        return "bad", Message("Ends too often")
    if not offered:
        return "ok", Message("Up to date")
    if not waits:
        return "busy", Message("Is installed soon")
    return ("warn", Message("Left alone")) if "denied" in waits else ("busy", Message("A new version waits"))


def _under_way(image: Mapping[str, Any], offered: str) -> UnderWay | None:
    progress, phase = image.get("progress") or {}, image.get("transaction")
    if not progress and not image.get("installing") and phase not in _UNDER_WAY:
        return None
    stage = str(progress.get("stage") or ("switching" if phase in _UNDER_WAY else "checking"))
    names = [name for name, _ in STAGES]
    installing = str(image.get("installing") or offered)
    return UnderWay(
        BUNDLE if installing == "a bundle" else Message("Version %(version)s", version=installing),
        dict(STAGES).get(stage) or _OTHER_STAGES.get(stage, stage),
        progress.get("text") or "",
        progress.get("percent"),
        names.index(stage) + 1 if stage in names else len(names),
        len(names),
        stage == "stuck" or phase == "stuck",
    )


def _past(row: Mapping[str, Any]) -> PastVersion:
    level, title = _OUTCOMES.get(str(row.get("outcome")), ("off", str(row.get("outcome"))))
    return PastVersion(
        row.get("finished_at") or row.get("started_at"),
        level,
        title,
        str(row.get("from_version") or ""),
        str(row.get("to_version") or ""),
        row.get("text") or "",
        str(row.get("by") or ""),
        row.get("seconds"),
        row.get("seconds_without_web"),
        str(row.get("log") or ""),
    )


def _denied(row: Mapping[str, Any]) -> Denied:
    return Denied(str(row.get("version") or ""), row.get("at"), row.get("reason") or "")
