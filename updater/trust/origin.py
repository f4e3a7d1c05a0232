"""Which repository of signed configuration this site follows: that of the hosting server where it is enrolled."""

from dataclasses import dataclass

from appliance.common.message import Message
from appliance.settings.rows import Registration
from appliance.settings.store import SettingsStore
from appliance.settings.tables import ENROLMENT
from updater.errors import NotFollowingError


@dataclass(frozen=True, slots=True)
class Followed:
    """A repository, and who we are there."""

    url: str
    """Of the hosting server at the enrolment; `hosting.url`, where it is set, stands above it."""
    site_id: str
    root_sha256: str


def followed(store: SettingsStore) -> Followed:
    """Return the repository this site follows. Raises NotFollowingError."""
    rows = store.records(ENROLMENT, Registration)
    if not rows:
        raise NotFollowingError(
            Message("This site is not enrolled at a hosting server. Use `dca enrol`, or the page Setup of the web UI.")
        )
    root = rows[0].root_sha256
    if not root:
        raise NotFollowingError(
            Message(
                "The enrolment of this site names no root of trust, so that no configuration can be verified. "
                "Ask the hosting team for an enrolment string with root= in it, and enrol the site again."
            )
        )
    return Followed(rows[0].url, rows[0].site_id, root)
