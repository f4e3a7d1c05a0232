"""Recordings of documents and IPP answers, `NAME.web.json`: the form is described in docs/protocol/recordings.md."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.errors import RecordingError
from simulator.web.pages import NOT_FOUND, Page, Question

SUFFIX = ".web.json"
_REQUEST_ID = slice(4, 8)
_RECORDED_ID = b"\0\0\0\1"
"""request-id of the requests that recordings are made of (RFC 8010 section 3.1.1)."""

_FIELDS = {
    "port": int,
    "tls": bool,
    "method": str,
    "path": str,
    "ipp_version": str,
    "status": int,
    "content_type": str,
    "location": str,
    "server": str,
    "text": str,
    "base64": str,
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A recorded question and its answer."""

    port: int
    tls: bool
    method: str
    path: str
    ipp_version: str
    page: Page


class RecordedPages:
    """Answers as a recorded device did."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = tuple(exchanges)

    @property
    def ports(self) -> frozenset[int]:
        """The ports at which it answered."""
        return frozenset(each.port for each in self._exchanges)

    def answer(self, question: Question, _seconds: float) -> Page:
        """Return what was recorded, 404 for what was not."""
        for each in self._exchanges:
            if (each.port, each.tls, each.method, each.path) != (question.port, question.tls, question.method, question.path):
                continue
            if each.ipp_version == question.ipp_version:
                return _for_request(each.page, question) if each.ipp_version else each.page
        return NOT_FOUND


def _for_request(page: Page, question: Question) -> Page:
    """Return an IPP answer with the number of the request it answers, if the recorded one had it right."""
    if page.body[_REQUEST_ID] != _RECORDED_ID:
        return page
    body = page.body[:4] + question.body[_REQUEST_ID] + page.body[8:]
    return replace(page, body=body)


def read_pages(file: Path) -> RecordedPages:
    """Return what a recording holds. Raises RecordingError naming the file and what is wrong."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("schema") != 1:
            raise ValueError("it is no recording with schema 1")
        return RecordedPages([_exchange(each) for each in document["exchanges"]])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordingError(f"The recording {file} cannot be used: {error}.") from error


def _exchange(written: dict[str, Any]) -> Exchange:
    for name, value in written.items():
        if name not in _FIELDS or not isinstance(value, _FIELDS[name]):
            raise ValueError(f"{name!r} is no field of an exchange, or of another kind")
    body = base64.b64decode(written["base64"], validate=True) if written.get("base64") else written.get("text", "").encode()
    headers = (written.get(name, "") for name in ("location", "server"))
    page = Page(body, written.get("content_type", ""), written["status"], *headers)
    return Exchange(
        written["port"],
        written.get("tls", False),
        written["method"],
        written["path"],
        written.get("ipp_version", ""),
        page,
    )
