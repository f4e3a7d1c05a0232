"""Words for people about new versions: how far a site is, why one waits, why one failed. Pure."""

from collections.abc import Mapping

from appliance.report.names import words
from hosting.console.texts import counted
from hosting.releases.update_report import UpdateReport

EXECUTIONS: Mapping[str, tuple[str, str]] = {
    "scheduled": ("off", "Waits"),
    "download": ("busy", "Getting the image"),
    "downloaded": ("busy", "Trying the image"),
    "proceeding": ("busy", "Switching"),
    "rejected": ("bad", "Refused there"),
    "canceled": ("warn", "Given up"),
}
"""How far a site is, but for `closed`, which went well or not."""

WAITS: Mapping[str, str] = {
    "cohort": "not among the first yet",
    "not before": "its time has not come",
    "paused": "the rollout is paused",
    "hold": "held by the site's admin",
    "site held": "held back here",
    "window": "outside its update window",
    "approval": "waits for the site's admin",
    "level": "does not update by itself",
    "cannot": "cannot replace its container",
    "engine": "its engine is too old",
    "version": "needs a version between",
    "platform": "no image for its machine",
    "denied": "failed there before",
    "downgrade": "has a newer version",
}
"""Why a site does not take a release now."""


def execution(name: str, result: str) -> tuple[str, str]:
    """Return level and words of how far an update is."""
    if name == "closed":
        return {"success": ("ok", "Installed"), "failure": ("bad", "Failed")}.get(result, ("off", "Ended"))
    return EXECUTIONS.get(name, ("off", words(name)))


def waits(reasons: tuple[str, ...] | list[str]) -> str:
    """Return in words why something waits."""
    return ", ".join(WAITS.get(reason, words(reason).lower()) for reason in reasons)


def counted_reasons(reasons: Mapping[str, int], known: Mapping[str, str] = WAITS) -> str:
    """Return reasons with how many sites have each, the most frequent first."""
    listed = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    named = ((known.get(name, words(name).lower()) or "not told", count) for name, count in listed)
    return ", ".join(f"{name}: {counted(count, 'site', 'sites')}" for name, count in named)


def doing(told: UpdateReport) -> str:
    """Return in one sentence what a site does with a version."""
    _, word = execution(told.execution, told.result)
    reason = waits(told.waits) if told.execution == "scheduled" else ""
    return f"Version {told.version}: {word.lower()}" + (f" ({reason})." if reason else ".")
