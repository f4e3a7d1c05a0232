"""Words for people about new versions: how far a site is, why one waits, why one failed. Pure."""

from collections.abc import Mapping, Sequence

from tornado.locale import Locale

from appliance.common.message import Message
from appliance.report.names import small_words, words
from hosting.console.texts import counted_sites
from hosting.releases.update_report import UpdateReport
from web.translations import worded

EXECUTIONS: Mapping[str, tuple[str, str]] = {
    "scheduled": ("off", Message("Waits")),
    "download": ("busy", Message("Getting the image")),
    "downloaded": ("busy", Message("Trying the image")),
    "proceeding": ("busy", Message("Switching")),
    "rejected": ("bad", Message("Refused there")),
    "canceled": ("warn", Message("Given up")),
}
"""How far a site is, but for `closed`, which went well or not."""

ENDINGS: Mapping[str, tuple[str, str]] = {"success": ("ok", Message("Installed")), "failure": ("bad", Message("Failed"))}
"""How a `closed` one went, by its result."""

DOING: Mapping[str, str] = {
    "scheduled": Message("waits"),
    "download": Message("getting the image"),
    "downloaded": Message("trying the image"),
    "proceeding": Message("switching"),
    "rejected": Message("refused there"),
    "canceled": Message("given up"),
    "success": Message("installed"),
    "failure": Message("failed"),
}
"""The same, within a sentence."""

WAITS: Mapping[str, str] = {
    "cohort": Message("not among the first yet"),
    "not before": Message("its time has not come"),
    "paused": Message("the rollout is paused"),
    "hold": Message("held by the site's admin"),
    "site held": Message("held back here"),
    "window": Message("outside its update window"),
    "approval": Message("waits for the site's admin"),
    "level": Message("does not update by itself"),
    "cannot": Message("cannot replace its container"),
    "engine": Message("its engine is too old"),
    "version": Message("needs a version between"),
    "platform": Message("no image for its machine"),
    "denied": Message("failed there before"),
    "downgrade": Message("has a newer version"),
}
"""Why a site does not take a release now."""


def execution(name: str, result: str) -> tuple[str, str]:
    """Return level and words of how far an update is."""
    if name == "closed":
        return ENDINGS.get(result, ("off", Message("Ended")))
    return EXECUTIONS.get(name, ("off", words(name)))


def waits(reasons: Sequence[str], reader: Locale) -> str:
    """Return in words why something waits."""
    return ", ".join(worded(WAITS.get(reason, small_words(reason)), reader) for reason in reasons)


def counted_reasons(reasons: Mapping[str, int], reader: Locale, known: Mapping[str, str] = WAITS) -> str:
    """Return reasons with how many sites have each, the most frequent first."""
    listed = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    named = ((worded(known.get(name, small_words(name)) or Message("not told"), reader), count) for name, count in listed)
    return ", ".join(f"{name}: {counted_sites(count, reader)}" for name, count in named)


def doing(told: UpdateReport, reader: Locale) -> str:
    """Return in one sentence what a site does with a version."""
    if told.execution == "closed":
        state = DOING.get(told.result, Message("ended"))
    else:
        state = DOING.get(told.execution, small_words(told.execution))
    reason = waits(told.waits, reader) if told.execution == "scheduled" else ""
    values = {"version": told.version, "state": worded(state, reader), "reason": reason}
    if reason:
        return reader.translate("Version %(version)s: %(state)s (%(reason)s).") % values
    return reader.translate("Version %(version)s: %(state)s.") % values
