"""JSON that came from afar and was signed: its limits are looked at before it is decoded, and it has one meaning. Pure."""

import json
import math
import re
from typing import Any, Final, Literal

StrictJsonReason = Literal["too long", "too deep", "not json"]

MOST_LEVELS: Final = 32
LARGEST_WHOLE = 2**53
"""The largest whole number that every reader of JSON keeps exactly."""

_JSON_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class StrictJsonError(Exception):
    """Something is no JSON that is taken; `str(error)` is a sentence."""

    def __init__(self, reason: StrictJsonReason, message: str) -> None:
        """`reason` is two words, for programs."""
        super().__init__(message)
        self.reason: StrictJsonReason = reason


def decode(content: bytes, what: str, most_bytes: int) -> Any:
    """Return what `content` says; `what` names it in a sentence: "The configuration". Raises StrictJsonError."""
    require_length(len(content), what, most_bytes)
    if levels(content) > MOST_LEVELS:
        raise StrictJsonError("too deep", f"{what} is nested deeper than the {MOST_LEVELS} levels that are taken.")
    try:
        raw = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        # Half of a surrogate pair, `"\ud800"`, is no text that could be kept or shown.
        json.dumps(raw, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise StrictJsonError("not json", f"{what} is not UTF-8: byte {error.start} cannot be read.") from error
    except UnicodeEncodeError as error:
        raise StrictJsonError("not json", f"{what} holds half of a character (a lone surrogate).") from error
    except ValueError as error:
        # The library names line and column; the number with thousands of digits it refuses is in none of its sentences.
        raise StrictJsonError("not json", f"{what} is not JSON: {error}.") from error
    return raw


def encode(content: Any) -> bytes:
    """Return the one way to write something: sorted keys, nothing between them."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def require_length(length: int, what: str, most_bytes: int) -> None:
    """Raise StrictJsonError for more bytes than are taken."""
    if length > most_bytes:
        raise StrictJsonError("too long", f"{what} has {length} bytes, more than the {most_bytes} that are taken.")


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def levels(content: bytes) -> int:
    """Return how deep `content` is nested, whatever it is, in time and memory that grow with its length alone."""
    depth = deepest = 0
    for bracket in _BRACKET.findall(_JSON_STRING.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
