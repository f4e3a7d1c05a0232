"""Whether the site has chosen its masks: before that nothing leaves it. Kept in the settings file beside the enrolment.

Chosen is what somebody kept on a page, and what was in force when the site was enrolled by its environment or a command; a site
that was enrolled before there was such a choice has made it. Only an enrolment from the pages waits for it.
"""

from dataclasses import asdict
from datetime import datetime

from appliance.common.clock import to_rfc3339
from appliance.settings.rows import By, Choice
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT, PRIVACY_CHOICE

ENROLLED_BY = "enrolled_by"
"""In its row: `page`, `command` or `environment`; in one of an earlier version there is none."""


def choice(settings: SettingsStore) -> Choice | None:
    """Return the choice, None while there is none, or none that can be read. Raises SettingsError, DataFolderError."""
    if settings.documents(PRIVACY_CHOICE):
        return next(iter(settings.records(PRIVACY_CHOICE, Choice)), None)
    return Choice("enrolled") if any(ENROLLED_BY not in row for row in settings.documents(ENROLMENT)) else None


def choose(settings: SettingsStore, by: By, now: datetime) -> None:
    """Note that the masks in force are chosen, unless they were before. Raises SettingsError, DataFolderError."""
    made = asdict(choice(settings) or Choice(by, to_rfc3339(now)))
    settings.change_documents(PRIVACY_CHOICE, lambda _rows: [made])
