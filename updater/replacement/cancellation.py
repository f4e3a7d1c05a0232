"""`python -m updater cancel`: give up an update of which nothing was switched yet. Its result is JSON.

The switcher is taken away first, so that nothing changes while it is looked; what it had begun by then is carried to its end by
another one.
"""

import argparse
import sys
from dataclasses import asdict, dataclass, replace

import structlog

from appliance.common.files import to_json
from appliance.common.log import configure_logging
from appliance.common.message import Message, message_of, with_messages
from appliance.common.paths import Paths
from updater.engine.engine import Engine
from updater.errors import EngineError
from updater.records import history, progress
from updater.records.history import result_of
from updater.records.journal import FINISHED, Journal, Transaction
from updater.records.locks import SWITCHER_LOCK, held_within
from updater.replacement import handover
from updater.replacement.plan import Action, next_action
from updater.replacement.steps import Steps

log = structlog.get_logger()

PATIENCE_SECONDS = 10.0
LEAVING_SECONDS = 30.0
"""So long the process of a switcher whose container is removed may take to end."""


@dataclass(frozen=True, slots=True)
class CancelOutcome:
    """Whether the update was given up, and a sentence."""

    done: bool
    text: str


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--by", required=True, metavar="WHO", help="an account, or console")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    configure_logging("update", level="WARNING", stream=sys.stderr)
    with Engine.open(patience=PATIENCE_SECONDS) as engine:
        outcome = cancel(engine, Paths.from_environment(), options.by)
    print(to_json(with_messages(asdict(outcome))).decode())
    return 0


def cancel(engine: Engine, paths: Paths, by: str) -> CancelOutcome:
    """Give up what the journal tells of, unless something was switched. Never raises EngineError or OSError."""
    transaction = Journal(paths.update).read()
    if transaction is None or transaction.phase in FINISHED:
        return CancelOutcome(done=False, text=Message("No update is under way."))
    try:
        if not is_untouched(engine, paths, transaction):
            return _too_late(transaction)
        if switcher := handover.switcher_of(engine, transaction):
            engine.remove(switcher["Id"], force=True)
        with held_within(paths.update / SWITCHER_LOCK, LEAVING_SECONDS):
            transaction = Journal(paths.update).read() or transaction
            if is_untouched(engine, paths, transaction):
                return _given_up(paths, transaction, by)
        handover.resume(engine, paths, transaction)
        return _too_late(transaction)
    except EngineError as error:
        return CancelOutcome(done=False, text=message_of(error))
    except OSError as error:
        text = Message("The data folder could not be written to: %(reason)s.", reason=error.strerror or error)
        return CancelOutcome(done=False, text=text)


def is_untouched(engine: Engine, paths: Paths, transaction: Transaction) -> bool:
    """Return whether nothing was switched: the container is as it was, and there is no other. Raises EngineError."""
    if transaction.phase not in ("prepared", "switching"):
        return False
    back = replace(transaction, phase="rolling_back")
    return next_action(back, Steps(engine, paths).look(back)) is Action.FINISH


def give_up(paths: Paths, transaction: Transaction, reason: str, text: str) -> None:
    """Note that a replacement has ended before anything was switched. Raises OSError."""
    history.add(paths.update, result_of(transaction, "failed", reason, text))
    Journal(paths.update).write(replace(transaction, phase="rolled_back", reason=reason, text=text))
    progress.clear(paths.update)


def _given_up(paths: Paths, transaction: Transaction, by: str) -> CancelOutcome:
    text = Message("The update to version %(version)s was given up by %(by)s.", version=transaction.to_version, by=by)
    give_up(paths, transaction, "cancelled", text)
    return CancelOutcome(done=True, text=text)


def _too_late(transaction: Transaction) -> CancelOutcome:
    text = Message(
        "The container is being replaced by version %(version)s already: what was switched is carried to its end. After that, "
        "`dca update rollback` goes back.",
        version=transaction.to_version,
    )
    return CancelOutcome(done=False, text=text)
