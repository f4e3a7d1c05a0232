"""What a failure of the container engine means, from its status and its own words. Pure.

Engines before 28.3 answer 500 to much that is the caller's business, and a registry's "too many requests" among it.
"""

from appliance.common.message import Message
from updater.errors import EngineError, EngineFailure

PORT_TAKEN = ("port is already allocated", "address already in use")
WORDS: dict[EngineFailure, tuple[str, ...]] = {
    "no space": ("no space left on device", "disk quota exceeded", "not enough space"),
    "rate limit": ("toomanyrequests", "too many requests", "rate limit"),
    "platform": ("no matching manifest", "match the specified platform", "exec format error", "cannot be used on this platform"),
    "login": ("unauthorized", "authentication required", "no basic auth credentials", "pull access denied", "insufficient_scope"),
    "conflict": (*PORT_TAKEN, "is already in use by container", "already in progress"),
    "not found": ("no such image", "no such container", "no such network", "manifest unknown"),
    "refused": (
        "oci runtime",
        "failed to create task",
        "executable file not found",
        "verification failed for digest",
        "unexpected commit digest",
    ),
    "unreachable": ("daemon is shutting down", "transport is closing", "code = unavailable"),
}
"""What the engine says, in the order in which it counts, whatever the status."""
ADVICE: dict[EngineFailure, str] = {
    "unreachable": Message("Check that it runs and that the socket is its own."),
    "no space": Message("Make room on the disk of the container engine, for example with `docker image prune`."),
    "rate limit": Message("The registry lets this address fetch nothing more for a while; it is tried again later."),
    "login": Message("Let the container engine log in to the registry, or have the hosting team publish the image as an archive."),
    "platform": Message("The hosting team has published nothing for the processor of this host."),
}
PORT_ADVICE = Message("Free the port; where no container and no program of this host has it, restart the container engine.")
DETAIL_CHARACTERS = 300
FORBIDDEN = 403


def failure_of(status: int | None, text: str) -> EngineFailure:
    """Return what kind of failure an answer is; `status` is that of HTTP, None inside of a stream."""
    lowered = text.lower()
    for kind, phrases in WORDS.items():
        if any(phrase in lowered for phrase in phrases):
            return kind
    by_status: dict[int, EngineFailure] = {
        401: "login",
        403: "refused",
        404: "not found",
        409: "conflict",
        429: "rate limit",
        502: "unreachable",
        503: "unreachable",
        504: "unreachable",
        507: "no space",
    }
    if status in by_status:
        return by_status[status]
    return "refused" if status is not None and 400 <= status < 500 else "broken"


def engine_error(doing: str, status: int | None, text: str) -> EngineError:
    """Return the error for people: `doing` is what was asked, as in `create the container dca`."""
    kind = failure_of(status, text)
    said = " ".join(text.split())[:DETAIL_CHARACTERS].rstrip(".")
    advice = PORT_ADVICE if any(phrase in text.lower() for phrase in PORT_TAKEN) else ADVICE.get(kind, "")
    return EngineError(f"The container engine did not {doing}: {said}. {advice}".rstrip(), kind, forbidden=status == FORBIDDEN)


def unreachable(host: str) -> EngineError:
    """Return that nobody answers at `host`."""
    return EngineError(f"The container engine does not answer at {host}. {ADVICE['unreachable']}", "unreachable")
