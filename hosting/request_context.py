"""Which request the lines of the log are about: the code that writes one need not know it, on whatever thread it runs."""

import re
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any
from weakref import WeakMethod

REQUEST_ID_HEADER = "X-Request-Id"
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

Fields = Callable[[], Mapping[str, str]]
_fields: ContextVar[WeakMethod[Fields] | None] = ContextVar("request_fields", default=None)


def request_id(given: str | None) -> str:
    """Return the id a proxy has given a request, where it is one that can stand in a log; else a new one."""
    return given if given and _GIVEN.fullmatch(given) else secrets.token_hex(8)


def enter(fields: Fields) -> None:
    """Let the lines of the log from here on be about a request: what `fields`, a method, returns at that moment stands in each.

    The context outlives the request as long as its connection, so it holds nothing of it.
    """
    _fields.set(WeakMethod(fields))


def add_request(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add to a line of the log which request it is about, as a processor of structlog. What the line says itself stays."""
    held = _fields.get()
    fields = held() if held else None
    if fields is not None:
        for name, value in fields().items():
            event.setdefault(name, value)
    return event
