"""Changes of members that can be judged by themselves, applied to a stored reading without looking at the rest of it. Pure.

From one round to the next counters, levels and states change, and little else. A reading that is stored was valid when it came, so
with values that are valid for such members it is valid again. That the result is the reading the site means, in the very form in
which this server writes one, its digest tells. All other changes are for `appliance.report.changes.rebuild`.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from pydantic_core import from_json, to_json

from appliance.common.clock import to_rfc3339
from appliance.report import Change, Status, Supply
from appliance.report.changes import digest_of

Members = dict[str, Any]
_NUMBER_LIMIT = 2**63


def apply(base: str, change: Change) -> tuple[Members, str] | None:
    """Return what `change` makes of a stored reading, as JSON values and as it is to be stored; None where it cannot tell."""
    if not base.startswith('{"taken_at":'):  # stored by a server before this one, with what has its default
        return None
    members: Members = from_json(base)
    try:
        for name, patch in change.patch.items():
            if not _APPLY[name](members, patch):
                return None
    except (KeyError, IndexError, AttributeError, TypeError, ValueError):  # a member that is not known, or not there
        return None
    text = to_json(members).decode()
    return (members, text) if digest_of(text) == change.digest and members["device"]["key"] == change.device else None


def _literal(part: type[Status] | type[Supply], name: str) -> frozenset[str]:
    """Return the words of a member but for its default, which is left out of what is stored."""
    field = part.model_fields[name]
    return frozenset(get_args(field.annotation)) - {field.default}


_PRINTER, _DEVICE, _STATE = _literal(Status, "printer"), _literal(Status, "device"), _literal(Supply, "state")


def _whole(value: Any) -> bool:
    return type(value) is int and -_NUMBER_LIMIT < value < _NUMBER_LIMIT


def _moment(members: Members, patch: Any) -> bool:
    moment = datetime.fromisoformat(patch)
    members["taken_at"] = patch
    return 1970 <= moment.year <= 9998 and to_rfc3339(moment) == patch


def _meters(members: Members, patch: Any) -> bool:
    meters = members["meters"]
    for name, inner in patch.items():
        [(member, value)] = inner.items()
        if member != "value" or not _whole(value) or value < 0:
            return False
        meters[name]["value"] = value
    return True


def _misc(members: Members, patch: Any) -> bool:
    misc = members["misc"]
    for name, value in patch.items():
        if name not in misc or not (_whole(value) or isinstance(value, str | bool)):
            return False
        misc[name] = value
    return True


def _status(members: Members, patch: Any) -> bool:
    return _put(members["status"], patch, {"printer": _PRINTER.__contains__, "device": _DEVICE.__contains__})


def _supplies(members: Members, patch: Any) -> bool:
    supplies = members["supplies"]
    judges = {"level": _whole, "percent": _percent, "state": _STATE.__contains__}
    return all(position.isdecimal() and _put(supplies[int(position)], inner, judges) for position, inner in patch.items())


def _percent(value: Any) -> bool:
    return type(value) is float and math.isfinite(value) and 0 <= value <= 100


def _put(part: Members, patch: Any, judges: Mapping[str, Callable[[Any], bool]]) -> bool:
    """Change members of a part that are there; one that is null is left out from now on."""
    for name, value in patch.items():
        if name not in part:
            return False
        if value is None and name in judges:
            del part[name]
        elif judges[name](value):
            part[name] = value
        else:
            return False
    return True


_APPLY: Mapping[str, Callable[[Members, Any], bool]] = {
    "taken_at": _moment,
    "meters": _meters,
    "misc": _misc,
    "status": _status,
    "supplies": _supplies,
}
