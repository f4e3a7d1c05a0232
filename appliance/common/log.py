"""Structured logs: JSON lines, or text, on standard output and in a rotated file, secrets removed."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Literal

import structlog

from appliance.common.plain import plain

LOG_FILE_BYTES = 2_000_000
LOG_FILES_KEPT = 4
SECRET_NAMES = (
    "password",
    "passphrase",
    "community",
    "token",
    "secret",
    "authorization",
    "cookie",
    "private_key",
    "localized_key",
    "enrolment_code",
    "signature",
)
HIDDEN = "(hidden)"
CODE_IN_ADDRESS = re.compile(r"([#&?](?:enrol|token|password)=)[^&\s\"']+")
USER_IN_ADDRESS = re.compile(r"(//)[^/\s@]+(?=@)")
MALFORMED = "Malformed HTTP message"
BEFORE_VALUE = re.compile(r"[^:'\"]*")


def is_secret(name: str) -> bool:
    """Return whether a field of this name holds a secret."""
    return any(secret in name.lower() for secret in SECRET_NAMES)


def without_secret_parts(text: str) -> str:
    """Return a text whose web addresses hold no user, password, code or token."""
    return USER_IN_ADDRESS.sub(rf"\1{HIDDEN}", CODE_IN_ADDRESS.sub(rf"\1{HIDDEN}", text))


def without_sent_values(record: logging.LogRecord) -> bool:
    """Take what a client sent out of a line of Tornado about a request it cannot read; a filter, and all lines pass.

    Tornado quotes the value of the header, or the part of the body, that is wrong: a token or a cookie as well as any other.
    """
    if isinstance(record.args, tuple) and record.args:
        *others, reason = record.args
        if str(record.msg).startswith(MALFORMED) or str(reason).startswith("Invalid "):
            found = BEFORE_VALUE.match(str(reason))
            record.args = (*others, found[0].strip() if found else "")
    return True


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name says it is a secret, at any depth, and secrets inside web addresses."""
    for name in event:
        event[name] = _without_secrets(name, event[name])
    return event


def _without_secrets(name: object, value: Any) -> Any:
    if is_secret(str(name)):
        return HIDDEN
    if isinstance(value, str):
        return without_secret_parts(value)
    if isinstance(value, Mapping):
        return {inner: _without_secrets(inner, content) for inner, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_without_secrets("", content) for content in value]
    return value


def _as_text(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return an event as one line of text, a traceback below it; nothing in it can look like another line."""
    time, level, name = event.pop("time", ""), event.pop("level", ""), event.pop("event", "")
    exception = event.pop("exception", None)
    words = [f"{key}={plain(str(value))}" for key, value in event.items() if value is not None]
    line = " ".join([str(time), f"{level:7}", plain(str(name)), *words])
    below = [f"    {plain(each)}" for each in str(exception).splitlines()] if exception else []
    return "\n".join([line, *below])


class _Constant:
    """A processor that adds the same fields to every event."""

    def __init__(self, **fields: str) -> None:
        self._fields = fields

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.update(self._fields)
        return event


def configure_logging(
    component: str,
    *,
    level: str = "INFO",
    folder: Path | None = None,
    stream: Any = None,
    form: Literal["json", "text"] = "json",
    context: Sequence[structlog.typing.Processor] = (),
) -> None:
    """Send structlog and standard logging of this process to `stream` (standard output) and `folder`/`component`.log.

    `context` adds to each event what it is about, where it is logged.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        *context,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Here and not above: loggers keep those processors for good, also in a process that is forked and has another name.
            _Constant(component=component),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else _as_text,
        ],
    )
    handlers = _handlers(component, folder, stream)
    for handler in handlers:
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = handlers
    root.setLevel(level.upper())
    # A full disk loses log lines, never the work: logging reports its own trouble on stderr and goes on.
    logging.raiseExceptions = False
    # Requests are logged by the servers themselves; Alembic tells its progress at INFO, of no interest to an operator.
    for noisy in ("tornado.access", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("tornado.general").addFilter(without_sent_values)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _handlers(component: str, folder: Path | None, stream: Any) -> list[logging.Handler]:
    handlers: list[logging.Handler] = [logging.StreamHandler(stream or sys.stdout)]
    if folder is not None:
        handlers.append(
            RotatingFileHandler(folder / f"{component}.log", maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT, encoding="utf-8")
        )
    return handlers
