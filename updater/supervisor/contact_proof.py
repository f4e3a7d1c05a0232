"""Whether the collector of this version gets to the hosting server: asked of it while the version is on trial."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from appliance.common.errors import ControlError
from appliance.process.client import ControlClient
from updater.records.acknowledgement import Contact

ASK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ContactState:
    """How the first check-in and the first upload went; None while that is not known."""

    check_in: Contact | None = None
    upload: Contact | None = None
    text: str = ""

    @property
    def is_known(self) -> bool:
        """Whether both have ended."""
        return self.check_in is not None and self.upload is not None


class ContactProof:
    """Asks the collector."""

    def __init__(self, collector_socket: Path) -> None:
        self._collector = ControlClient(collector_socket, "collector", timeout=ASK_SECONDS)

    async def look(self) -> ContactState:
        """Return how far the collector is; it tries again by itself what has failed."""
        try:
            answer = await self._collector.call("POST", "/v1/contact", {})
        except ControlError:  # the deep check says what is wrong with it
            return ContactState()
        return ContactState(_contact(answer.get("check_in")), _contact(answer.get("upload")), str(answer.get("text") or ""))


def _contact(told: Any) -> Contact | None:
    return told if told in get_args(Contact) else None
