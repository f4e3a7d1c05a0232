"""The points of an update at which something can go wrong: every call that changes something, and every write between two calls."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.engine.door import Call, Trap, When
from tests.engine.site import REPOSITORY, Site

Fault = Literal["killed", "power cut", "engine killed", "engine and containerd killed"]
Kind = Literal["call", "look", "file"]

ENGINE_KILLS: dict[Fault, tuple[str, ...]] = {
    "engine killed": ("dockerd",),
    "engine and containerd killed": ("dockerd", "containerd"),
}
"""What ends; shims and containers run on until the engine is back, which stops them."""
LOOKS = 2
"""The gate has begun when the new container was looked at so often after its start."""
WATCH_SECONDS = 0.0005


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of an update."""

    step: str
    """As the journal of steps has it: `fence`, `stop old`, `create`, …"""
    kind: Kind
    when: When = "after"
    nth: int = 1
    """Which of the changing calls of the switcher, or which of those that hand over to it."""
    role: str = "switcher"

    @property
    def text(self) -> str:
        """Return it for people."""
        return f"{self.when} {self.step}" if self.kind == "call" else self.step


WRITES: dict[str, Callable[[Site, str], bool]] = {
    "snapshot is being written": lambda site, mark: (site.updates / "backup" / mark).exists(),
    "gate, new version says it is ready": lambda site, mark: b'"ready"' in _content(site, f"ack-{mark}.json"),
    "commit is written": lambda site, mark: _phase_is(site, mark, "committed"),
    "way back is decided": lambda site, mark: _phase_is(site, mark, "rolling_back"),
    "log of the new version is kept": lambda site, mark: (site.updates / "failed" / mark / "inspect.json").exists(),
    "denied is written": lambda site, mark: bool(_content(site, "denied.json").strip(b"[]\n ")),
    "history is written": lambda site, mark: mark.encode() in _content(site, "history.json"),
}


def step_of(call: Call, old: str) -> str:
    """Return the name of the step a changing call is; `old` is the id of the old container."""
    target = call.path.split("/")[2] if call.path.startswith("/containers/") else ""
    others = "switcher" if call.container == old else "new"
    part = {old: "old", call.container: "itself"}.get(target, others)
    match call.pattern:
        case "POST /containers/{id}/update":
            return "fence" if (call.body or {}).get("RestartPolicy", {}).get("Name") == "no" else "return policy"
        case "POST /containers/{id}/stop":
            return f"stop {part}"
        case "POST /containers/{id}/start":
            return f"start {part}"
        case "POST /containers/{id}/rename":
            return "rename" if "-prev-" in call.query else "rename back"
        case "POST /images/{name}/tag":
            return "keep image" if "tag=rollback-" in call.query else "retag"
        case "POST /containers/create":
            return f"create {others}"
        case "POST /networks/{id}/connect":
            return f"connect {others}"
        case "DELETE /containers/{id}":
            return f"remove {part}"
        case "DELETE /images/{name}":
            return f"untag {call.path.rpartition(REPOSITORY)[2]}"
    return call.pattern


def arm(site: Site, point: Point, mark: str, old: str, act: Callable[[Call], None]) -> Trap:
    """Let `act` happen at a point; return the trap, which tells when it has."""
    if point.kind == "call":
        return site.door.at(
            lambda call: call.changes and site.role(call.container) == point.role, act, when=point.when, nth=point.nth
        )
    if point.kind == "look":
        return _at_look(site, old, act)
    return _at_write(site, point, mark, act)


def _at_look(site: Site, old: str, act: Callable[[Call], None]) -> Trap:
    started: list[str] = []

    def matches(call: Call) -> bool:
        if site.role(call.container) != "switcher":
            return False
        if call.pattern == "POST /containers/{id}/start" and old not in call.path:
            started.append(call.path.split("/")[2])
        return bool(started) and call.pattern == "GET /containers/{id}/json" and started[0] in call.path

    return site.door.at(matches, act, when="before", nth=LOOKS)


def _at_write(site: Site, point: Point, mark: str, act: Callable[[Call], None]) -> Trap:
    trap = Trap(lambda _: False, act, "after")
    written = WRITES[point.step]

    def watch() -> None:
        while not trap.sprung.is_set() and not written(site, mark):
            time.sleep(WATCH_SECONDS)
        if not trap.sprung.is_set():
            last = next(call for call in reversed(site.door.calls) if site.role(call.container) == "switcher")
            act(last)
            trap.sprung.set()

    threading.Thread(target=watch, daemon=True).start()
    return trap


def _content(site: Site, name: str) -> bytes:
    try:
        return (site.updates / name).read_bytes()
    except OSError:
        return b""


def _phase_is(site: Site, mark: str, phase: str) -> bool:
    journal = site.journal
    return journal is not None and journal.transaction == mark and journal.phase == phase
