"""A site that its hosting server has turned away for now: it checks in once a day, and keeps its readings.

Kept with the enrolment, so that neither a restart asks more often nor a new enrolment is held up by what is over.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from appliance.common.backoff import jittered
from appliance.common.clock import from_rfc3339, to_rfc3339
from appliance.common.errors import RefusedError
from appliance.common.message import Message, message_of
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT

DAY_SECONDS = 86_400.0
UNREACHED_SECONDS = 3_600.0
"""A check-in that did not get as far as being answered yes or no is made again after this."""
_LONGEST = timedelta(seconds=2 * DAY_SECONDS)
_KEPT = "quiet"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Why the hosting server is left alone, and until when."""

    code: str
    """`revoked`, `expired` or `deactivated`."""
    text: str
    since: datetime
    next_check_in_at: datetime

    @classmethod
    def after(cls, error: RefusedError, now: datetime, before: "Quiet | None" = None) -> "Quiet":
        """Return what a refusal begins, or prolongs by a day."""
        since = before.since if before else now
        return cls(error.code, message_of(error), since, now + timedelta(seconds=jittered(DAY_SECONDS)))

    def postponed(self, now: datetime) -> "Quiet":
        """Return what stands after a check-in that the hosting server did not get."""
        return replace(self, next_check_in_at=now + timedelta(seconds=jittered(UNREACHED_SECONDS)))

    def due(self, now: datetime) -> bool:
        """Whether the next check-in is due; also where the clock was set back, so that nobody waits for a moment years away."""
        return not now < self.next_check_in_at <= now + _LONGEST

    def sentence(self) -> str:
        """Return what a person has to know."""
        return Message(
            "%(text)s Until then readings are taken and kept here, and the server is asked once a day; "
            '"Check in now" in the web UI asks at once.',
            text=self.text,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for the control API, and as it is kept."""
        return {
            "code": self.code,
            "text": self.text,
            "since": to_rfc3339(self.since),
            "next_check_in_at": to_rfc3339(self.next_check_in_at),
        }


def read_quiet(settings: SettingsStore) -> Quiet | None:
    """Return why this site is quiet, None when it is not. Raises SettingsError, DataFolderError."""
    for row in settings.documents(ENROLMENT):
        if not (kept := row.get(_KEPT)):
            continue
        try:
            moments = {name: from_rfc3339(kept[name]) for name in ("since", "next_check_in_at")}
            return Quiet(str(kept["code"]), str(kept["text"]), **moments)
        except (LookupError, TypeError, ValueError):
            return None  # the server says it again
    return None


def keep_quiet(settings: SettingsStore, quiet: Quiet | None) -> None:
    """Keep why this site is quiet, or that it is so no longer. Raises SettingsError, DataFolderError."""
    settings.change_documents(ENROLMENT, lambda rows: [row | {_KEPT: quiet.as_json() if quiet else None} for row in rows])
