"""What changed since it was last told, so that only that has to be sent. Pure; both sides of the wire use it.

- A patch is a JSON merge patch (RFC 7396) with one addition: applied to a list, an object changes the elements at the positions
  that are its names. A list that grows or shrinks is given whole.
- A change names the reading it builds on by device and moment, and carries a digest of the reading it leads to. So neither another
  base nor another understanding of the patch goes unnoticed: what is rebuilt is the reading itself, or nothing.
- The digest leaves out what has its default. A reader that knows more fields than the writer comes to the same one.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

from appliance.common.files import to_json
from appliance.report import Change, Reading

DIGEST_BYTES = 6

_UNORDERED = ("meters", "misc", "reasons", "sources")


def change_between(base: str, now: str) -> str | None:
    """Return the JSON of a `report.Change` that leads from one reading to another, both as JSON; None: send the reading itself.

    That is so for another device, for a change that is no shorter than the reading, and for the few differences no patch can say.
    """
    before, after = from_json(base), from_json(now)
    key = after["device"]["key"]
    if before["device"]["key"] != key:
        return None
    reading = Reading.model_validate(after)
    change = {
        "device": key,
        "base": before["taken_at"],
        "digest": digest(reading),
        "patch": difference(before, after),
    }
    text = to_json(change).decode()
    rebuilt = rebuild(base, Change.model_validate(change))
    return text if rebuilt == reading and len(text) < len(now) else None


def rebuild(base: str, change: Change) -> Reading | None:
    """Return the reading `change` leads to from `base`, a reading as JSON; None when it is not the one that was meant."""
    try:
        reading = Reading.model_validate(patched(from_json(base), change.patch))
    except (ValueError, IndexError):  # the patch was made for another reading
        return None
    return reading if reading.device.key == change.device and digest(reading) == change.digest else None


def digest(reading: Reading) -> str:
    """Return the digest of a reading: 48 bits of SHA-256 over what it says, as 8 characters of base64url."""
    return digest_of(compact(reading))


def compact(reading: Reading) -> str:
    """Return a reading as the JSON its digest is of: without what has its default, members of free name in their order."""
    ordered = {name: dict(sorted(members.items())) for name in _UNORDERED if (members := getattr(reading, name))}
    return reading.model_copy(update=ordered).model_dump_json(exclude_defaults=True)


def digest_of(text: str) -> str:
    """Return the digest of a reading that `compact` wrote."""
    return _digest(text.encode())


def state_digest(state: Mapping[str, Any]) -> str:
    """Return the digest of what a site says of itself in a check-in, whatever the order of its members."""
    return _digest(json.dumps(state, sort_keys=True, separators=(",", ":")).encode())


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()[:DIGEST_BYTES]).decode()


def difference(base: Any, now: Any) -> Any:
    """Return the patch that makes `now` of `base`, for JSON values that are not equal; a member that is null counts as missing."""
    if isinstance(base, dict) and isinstance(now, dict):
        patch = {name: None for name in base if base[name] is not None and now.get(name) is None}
        for name, value in now.items():
            former = base.get(name)
            if value is not None and (former != value or type(former) is not type(value)):
                patch[name] = difference(former, value)
        return patch
    if isinstance(base, list) and isinstance(now, list) and len(base) == len(now):
        pairs = enumerate(zip(base, now, strict=True))
        return {str(position): difference(before, after) for position, (before, after) in pairs if before != after}
    return now


def patched(base: Any, patch: Any) -> Any:
    """Return what `patch` makes of `base`. Raises ValueError or IndexError for a patch that was made for something else."""
    if not isinstance(patch, dict):
        return patch
    if isinstance(base, list):
        elements = list(base)
        for position, inner in patch.items():
            elements[int(position)] = patched(elements[int(position)], inner)
        return elements
    members = dict(base) if isinstance(base, dict) else {}
    for name, inner in patch.items():
        if inner is None:
            members.pop(name, None)
        else:
            members[name] = patched(members.get(name), inner)
    return members
