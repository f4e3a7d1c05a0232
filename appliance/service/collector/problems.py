"""What is wrong right now, for the status page and the hosting server: one sentence a problem, until it is over."""

from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now

log = structlog.get_logger()


class Problems:
    """Standing problems by name. Reporting the same again keeps its beginning; each change is logged once."""

    def __init__(self) -> None:
        self._standing: dict[str, dict[str, Any]] = {}

    def report(self, name: str, text: str) -> None:
        """Say that `name` (a slug such as `store`) is wrong, in one sentence for a person."""
        standing = self._standing.get(name)
        if standing and standing["text"] == text:
            return
        log.warning(text, problem=name)
        self._standing[name] = {"name": name, "text": text, "since": standing["since"] if standing else to_rfc3339(utc_now())}

    def clear(self, name: str) -> None:
        """Say that `name` is over, if it ever was."""
        if self._standing.pop(name, None):
            log.info("problem is over", problem=name)

    def set(self, name: str, text: str | None) -> None:
        """Report `text`, or clear the problem when it is None."""
        if text is None:
            self.clear(name)
        else:
            self.report(name, text)

    def as_json(self) -> list[dict[str, Any]]:
        """Return all standing problems, the oldest first."""
        return sorted(self._standing.values(), key=lambda problem: str(problem["since"]))
