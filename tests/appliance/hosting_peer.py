"""A hosting server whose answers the test decides, for what a real one says only on a bad day."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.appliance.transmission.peer import Received, Reply

SENTENCES = {
    "revoked": "This site was revoked.",
    "expired": "The time of this site is over.",
    "deactivated": "This site was deactivated.",
}


@dataclass
class Decided:
    """What is answered; to be served by `tests.appliance.transmission.peer.serving`."""

    refusal: str = ""
    """The code with which every call of the site is refused."""
    root: str | None = None
    """What enrolment answers as the root of trust, whatever it was asked for."""
    configuration: str | None = None
    rollout: str | None = None
    commands: list[dict[str, str]] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    """What the site said of itself, one for each check-in that told it."""
    bundles: list[bytes] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    """Calls that are answered 503 once."""

    @property
    def root_sha256(self) -> str:
        assert self.root is not None
        return hashlib.sha256(self.root.encode()).hexdigest()

    def answer(self, request: Received) -> Reply:
        call = request.target.rpartition("/")[2]
        if call == "enrol":
            return Reply({"site_id": "site-7"} | ({"root": self.root} if self.root is not None else {}), 201)
        if call in self.busy:
            self.busy.remove(call)
            return Reply({"error": "busy", "message": "Later."}, 503)
        if self.refusal:
            return Reply({"error": self.refusal, "message": SENTENCES.get(self.refusal, "No.")}, 403)
        if call == "readings":
            return Reply({"accepted": len(request.content["readings"]), "duplicate": 0})
        if call == "support-bundle":
            self.bundles.append(request.raw)
            return Reply({"bundle_id": f"bundle-{len(self.bundles)}"})
        if "state" in request.content:
            self.states.append(request.content["state"])
        said: dict[str, Any] = {"server_time": "2026-11-22T10:00:00Z", "commands": self.commands}
        markers = {"configuration": self.configuration, "rollout": self.rollout}
        return Reply(said | {name: marker for name, marker in markers.items() if marker})
