"""Patterns of definitions, which others write: they run in time that grows with the text alone, by RE2.

RE2 has no look-ahead, look-behind or back-references; what must not match is a pattern of its own (`not_model`, `not_label`,
`not_pattern`). Digits, words and their borders are those of ASCII. Length, size and groups of a pattern are bounded, and so is the
text.

RE2 is loaded with the first pattern that is compiled; those that come with the program wait for a device that they are for.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Protocol

LONGEST_PATTERN = 400
LONGEST_TEXT = 512
"""Characters of a text that are looked at: sysDescr has at most 255 (RFC 3418), labels are shorter."""
MOST_STEPS = 300
"""Instructions a pattern may have: a search takes at most this many steps a character."""
MOST_GROUPS = 12
_MEMORY = 256 * 1024
_LOOKS = ("(?=", "(?!", "(?<=", "(?<!", "(?<")


class Match(Protocol):
    """What was found."""

    def __getitem__(self, group: int) -> str | None:
        """Return a group."""
        ...

    def groups(self) -> tuple[str | None, ...]:
        """Return all groups."""
        ...

    def groupdict(self) -> dict[str, str | None]:
        """Return the named groups."""
        ...


class Pattern:
    """A pattern of a definition."""

    def __init__(self, text: str, *, tested: bool = False) -> None:
        """Compile it, or, of one that is tested, when it is first used. Raises ValueError, which says what to write instead."""
        self.text = text
        if tested:
            return
        if len(text) > LONGEST_PATTERN:
            raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters, this one has {len(text)}")
        if self.steps > MOST_STEPS or self._compiled.groups > MOST_GROUPS:
            raise ValueError(f"this pattern is too large: {MOST_STEPS} steps and {MOST_GROUPS} groups are the most; repeat less")

    @cached_property
    def _compiled(self) -> Any:
        return _compile(self.text)

    @property
    def names(self) -> frozenset[str]:
        """Of its named groups."""
        return frozenset(self._compiled.groupindex)

    @property
    def steps(self) -> int:
        """The instructions it is made of."""
        return int(self._compiled.programsize)

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def search(self, text: str) -> Match | None:
        """Return the first place in `text` where it fits."""
        found: Match | None = self._compiled.search(text[:LONGEST_TEXT])
        return found

    def match(self, text: str) -> Match | None:
        """Return where it fits at the beginning of `text`."""
        found: Match | None = self._compiled.match(text[:LONGEST_TEXT])
        return found

    def cost(self, text: str) -> int:
        """Return the steps that a search of `text` takes at most, and what each search takes by itself."""
        return 500 + self.steps * min(len(text), LONGEST_TEXT)


def fits(wanted: Pattern | None, unwanted: Pattern | None, texts: Iterable[str]) -> bool:
    """Return whether one of `texts` has `wanted` and none has `unwanted`; where a pattern is missing, nothing is asked of it."""
    known = list(texts)
    if wanted is not None and not any(wanted.search(text) for text in known):
        return False
    return unwanted is None or not any(unwanted.search(text) for text in known)


def _compile(text: str) -> Any:
    import re2  # noqa: PLC0415 - with its own libraries 5 MB, for sites that read nothing that needs it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise ValueError(_reason(text, error)) from error


def _reason(text: str, error: Exception) -> str:
    told = error.args[0] if error.args else ""
    reason = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    if any(reason.endswith(f": {look}") for look in _LOOKS) and any(look in text for look in _LOOKS):
        return (
            "a pattern has no look-ahead and no look-behind: write what must not be there as a pattern of its own, in not_model, "
            "not_label or not_pattern"
        )
    if "escape sequence" in reason:
        return f"this is no valid regular expression of RE2 ({reason[:80]}): it has no back-references, and \\z in place of \\Z"
    return f"this is no valid regular expression: {reason[:80]}"
