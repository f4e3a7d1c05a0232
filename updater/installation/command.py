"""`python -m updater install`: install a version up to the hand-over to the switcher. Its result is JSON.

Killed anywhere before the hand-over it has changed nothing; what it has fetched is there for the next time.
"""

import argparse
import contextlib
import errno
import secrets
import sys
import time
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError, SettingsError
from appliance.common.files import to_json
from appliance.common.log import configure_logging
from appliance.common.message import Message, message_of, with_messages
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.store import SettingsStore
from updater.engine.engine import Engine
from updater.errors import (
    BundleError,
    EngineError,
    NoRoomError,
    NotFollowingError,
    NotInstalledError,
    PreflightError,
    SwitchError,
    TransportError,
    TrustError,
)
from updater.installation.installation import AUTO, Installation, Order
from updater.installation.rollback import go_back
from updater.records import history, progress
from updater.records.history import Result
from updater.records.locks import held_for_install

log = structlog.get_logger()

PATIENCE_SECONDS = 60.0
"""For an engine that is being restarted."""


@dataclass(frozen=True, slots=True)
class InstallOutcome:
    """How it ended, as far as it goes here."""

    what: Literal["switching", "failed", "refused", "nothing"]
    transaction: str
    reason: str
    """One word, or two; empty when the switcher has taken over."""
    text: str


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--by", required=True, metavar="WHO", help="an account, console or auto")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--version", default="", metavar="V", help="this version, at once")
    what.add_argument("--bundle", type=Path, metavar="FILE", help="the version in a bundle, at once")
    what.add_argument("--back", action="store_true", help="the version before")
    parser.add_argument("--allow-expired", action="store_true", help="also a bundle whose signatures have expired")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Standard output is for the result.
    configure_logging("update", level="INFO", stream=sys.stderr)
    order = Order(options.by, options.version, options.bundle, options.allow_expired, options.back)
    print(to_json(with_messages(asdict(install(Paths.from_environment(), order)))).decode())
    return 0


def install(paths: Paths, order: Order) -> InstallOutcome:
    """Install what is ordered, up to the hand-over. Never raises DcaError or OSError."""
    transaction = secrets.token_hex(6)
    try:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held_for_install(paths.update))
            except BlockingIOError:
                return InstallOutcome(
                    "refused", transaction, "under way", Message("Another installation is under way. Wait until it has ended.")
                )
            return _install(paths, order, transaction)
    except OSError as error:
        return InstallOutcome("failed", transaction, *_reason(error))


def _install(paths: Paths, order: Order, transaction: str) -> InstallOutcome:
    """Install, the lock held. Raises OSError when not even the lock could be had."""
    began, started_at = time.monotonic(), utc_now()
    with Engine.open(patience=PATIENCE_SECONDS) as engine:
        installation = Installation(paths, SettingsStore(paths.settings), engine, order, transaction=transaction)
        try:
            if order.back:
                go_back(installation)
            else:
                installation.install()
        except (DcaError, OSError) as error:
            return _ended(installation, error, started_at, time.monotonic() - began)
        finally:
            _drop_bundle(paths, order)
    return InstallOutcome(
        "switching",
        transaction,
        "",
        Message("Version %(to_version)s is ready; the container is being replaced by it.", to_version=installation.to_version),
    )


def _ended(installation: Installation, error: DcaError | OSError, started_at: datetime, seconds: float) -> InstallOutcome:
    """Note that it went no further, and say why."""
    reason, text = _reason(error)
    refused = isinstance(error, NotInstalledError) and error.refused
    progress.clear(installation.paths.update)
    log.warning("Nothing was installed.", reason=reason, text=text, version=installation.to_version)
    if reason == "installed":
        return InstallOutcome("nothing", installation.transaction, reason, text)
    # What waits by itself is told by the decision; a person's order has an answer of its own.
    if not refused or installation.order.by != AUTO:
        said = error.log if isinstance(error, NotInstalledError) else ""
        _note(installation, reason, text, started_at, seconds, outcome="refused" if refused else "failed", said=said)
    return InstallOutcome("refused" if refused else "failed", installation.transaction, reason, text)


def _note(
    installation: Installation,
    reason: str,
    text: str,
    started_at: datetime,
    seconds: float,
    *,
    outcome: Literal["failed", "refused"],
    said: str,
) -> None:
    """Write a row of history. One that only repeats the newest takes its place: what was installed has to stay known."""
    order, folder = installation.order, installation.paths.update
    result = Result(
        transaction=installation.transaction,
        from_version=installed_version(),
        to_version=installation.to_version,
        started_at=to_rfc3339(started_at),
        finished_at=to_rfc3339(utc_now()),
        seconds=round(seconds, 1),
        outcome=outcome,
        reason=reason,
        text=text,
        by=order.by,
        log=history.end_of_log(said),
    )
    newest = next(iter(history.read(folder)), None)
    try:
        if newest and _same(newest, result):
            history.replace_newest(folder, result)
        else:
            history.add(folder, result)
    except OSError as error:
        log.warning("How it went could not be written down.", reason=error.strerror)


def _same(one: Result, other: Result) -> bool:
    return (one.to_version, one.outcome, one.reason, one.by) == (other.to_version, other.outcome, other.reason, other.by)


def _drop_bundle(paths: Paths, order: Order) -> None:
    """Give the room back of a bundle that was copied here for this one installation."""
    if order.bundle is not None and order.bundle.absolute() == paths.bundle.absolute():
        with contextlib.suppress(OSError):
            paths.bundle.unlink(missing_ok=True)


def _reason(error: DcaError | OSError) -> tuple[str, str]:
    """Return a reason of one word or two, and the sentence."""
    if isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        text = Message("The data folder could not be written to: %(reason)s.", reason=error.strerror or error)
        return ("no space", Message("%(text)s Free some space on the host.", text=text)) if full else ("folder", text)
    if isinstance(error, (NotInstalledError, SwitchError, TransportError, TrustError, BundleError)):
        return str(error.reason), message_of(error)
    if isinstance(error, EngineError):
        return error.kind, message_of(error)
    words = {NoRoomError: "no space", PreflightError: "preflight", NotFollowingError: "not enrolled", SettingsError: "settings"}
    return next((word for kind, word in words.items() if isinstance(error, kind)), "failed"), message_of(error)
