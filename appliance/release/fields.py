"""How the fields of a signed document about releases are taken: each has a type and bounds, and none is unknown."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from appliance.common import strict_json
from appliance.common.clock import from_rfc3339
from appliance.common.errors import DcaError
from appliance.common.message import Message
from appliance.common.strict_json import LARGEST_WHOLE, is_whole

Value = TypeVar("Value")
ReleaseReason = Literal["too long", "too deep", "not json", "format", "invalid"]

FORMAT = 1
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class ReleaseError(DcaError):
    """A catalogue or a rollout is refused."""

    def __init__(self, reason: ReleaseReason, message: str) -> None:
        """`reason` is one word or two, for programs."""
        super().__init__(message)
        self.reason: ReleaseReason = reason


class Fields:
    """An object of a document, whose fields are taken one by one; each method raises ReleaseError, naming the field."""

    def __init__(self, raw: object, where: str, *names: str) -> None:
        """`where` is the place of the object in the document, `names` all that may be in it."""
        if not isinstance(raw, dict):
            raise malformed(f"{where} is no JSON object")
        if unknown := sorted(raw.keys() - set(names)):
            raise malformed(f"there is no {unknown[0][:60]!r} in {where}")
        self._raw: dict[str, Any] = raw
        self._where = where

    def whole(self, name: str, low: int = 1, high: int = LARGEST_WHOLE) -> int:
        """Return a whole number within bounds."""
        value = self._raw.get(name)
        if not is_whole(value) or not low <= value <= high:  # type: ignore[operator]
            raise self._invalid(name, f"has to be a whole number from {low} to {high}")
        return int(value)  # type: ignore[arg-type]

    def flag(self, name: str) -> bool:
        """Return a bool; what is left out is False."""
        value = self._raw.get(name, False)
        if not isinstance(value, bool):
            raise self._invalid(name, "has to be true or false")
        return value

    def text(self, name: str, most: int) -> str:
        """Return a text of at most so many characters; what is left out is empty."""
        value = self._raw.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise self._invalid(name, f"has to be a text of at most {most} characters")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], like: str) -> str:
        """Return a text of the form of `pattern`; `like` is an example."""
        value = self._raw.get(name)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._invalid(name, f"has to look like {like}")
        return value

    def digest(self, name: str) -> str:
        """Return a SHA-256 as registries write it."""
        return self.matching(name, DIGEST, "sha256: and 64 hex digits")

    def moment(self, name: str) -> datetime:
        """Return a moment (RFC 3339, with an offset), in UTC."""
        value = self._raw.get(name)
        try:
            if isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None:
                return from_rfc3339(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise self._invalid(name, "has to be a moment like 2026-11-26T12:00:00Z")

    def optional(self, name: str, take: Callable[[str], Value]) -> Value | None:
        """Return what `take` makes of a field, None where it is null or left out."""
        return None if self._raw.get(name) is None else take(name)

    def named(self, name: str, key: re.Pattern[str], most: int, take: Callable[[object, str], Value]) -> dict[str, Value]:
        """Return an object whose names have the form of `key`, each value as `take(value, where)` makes it; left out is empty."""
        raw = self._raw.get(name, {})
        if not isinstance(raw, dict):
            raise malformed(f"{name} of {self._where} is no JSON object")
        if len(raw) > most:
            raise self._invalid(name, f"may have {most} entries")
        for found in raw:
            if not key.fullmatch(found):
                raise malformed(f"{found[:80]!r} cannot stand in {name} of {self._where}")
        return {found: take(value, f"{name} {found}") for found, value in raw.items()}

    def listed(self, name: str, most: int, take: Callable[[object, str], Value]) -> tuple[Value, ...]:
        """Return a list, each item as `take(item, where)` makes it."""
        raw = self._raw.get(name)
        if not isinstance(raw, list):
            raise malformed(f"{name} of {self._where} is no list")
        if len(raw) > most:
            raise self._invalid(name, f"has {len(raw)} entries, more than the {most} that are taken")
        return tuple(take(item, f"{name} {number}") for number, item in enumerate(raw, 1))

    def object(self, name: str) -> object:
        """Return a field as it is, an empty object where it is left out."""
        return self._raw.get(name, {})

    def _invalid(self, name: str, what: str) -> ReleaseError:
        return invalid(f"{name} of {self._where} {what}")


def decode(content: bytes, what: str, most_bytes: int) -> Any:
    """Return the JSON in `content`. Raises ReleaseError."""
    try:
        raw = strict_json.decode(content, what, most_bytes)
    except strict_json.StrictJsonError as error:
        raise ReleaseError(error.reason, str(error)) from error
    if not isinstance(raw, dict) or not is_whole(raw.get("format")) or raw["format"] != FORMAT:
        raise malformed(f"the format of {what.lower()} is not {FORMAT}. A newer appliance may be able to read it")
    return raw


def malformed(what: str) -> ReleaseError:
    """Return the refusal of what has another form."""
    return ReleaseError("format", Message("What is said about releases cannot be used: %(what)s.", what=what))


def invalid(what: str) -> ReleaseError:
    """Return the refusal of what has the form, but cannot be."""
    return ReleaseError("invalid", Message("What is said about releases cannot be used: %(what)s.", what=what))
