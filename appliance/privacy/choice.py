"""Whether the site has chosen its masks: before that nothing leaves it. Kept in the settings file beside the enrolment.

Chosen is what somebody kept on a page, and what was in force when the site was enrolled by its environment or a command; a site
that was enrolled before there was such a choice has made it. Only an enrolment from the pages waits for it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from appliance.common.clock import to_rfc3339
from appliance.settings.store import SettingsStore

By = Literal["page", "command", "environment", "enrolled"]

ENROLMENT = "enrolment"
"""The table with where the site is enrolled."""
ENROLLED_BY = "enrolled_by"
"""In its row: `page`, `command` or `environment`; in one of an earlier version there is none."""
_TABLE = "privacy_choice"


@dataclass(frozen=True, slots=True)
class Choice:
    """When the masks were chosen first, and by what."""

    by: By
    at: str = ""
    """Empty where the site was enrolled before there was a choice."""


def choice(settings: SettingsStore) -> Choice | None:
    """Return the choice, None while there is none. Raises SettingsError, DataFolderError."""
    for row in settings.documents(_TABLE):
        return Choice(row["by"], str(row["at"]))
    return Choice("enrolled") if any(ENROLLED_BY not in row for row in settings.documents(ENROLMENT)) else None


def choose(settings: SettingsStore, by: By, now: datetime) -> None:
    """Note that the masks in force are chosen, unless they were before. Raises SettingsError, DataFolderError."""
    before = choice(settings)
    made = asdict(before or Choice(by, to_rfc3339(now)))
    settings.change_documents(_TABLE, lambda rows: rows or [made])
