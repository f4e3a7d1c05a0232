"""`python -m updater switch`: the process of the switcher's container. It ends when the replacement has, by removing its container.

It may be killed anywhere: the engine starts it again, and it goes on from the journal and from what the engine shows.
"""

import argparse
import time
from functools import partial

import structlog

from appliance.common.clock import from_rfc3339
from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from updater.engine.container_spec import Json
from updater.engine.engine import Engine, started_at_of
from updater.engine.labels import TRANSACTION_LABEL, labels_of, role_of
from updater.errors import EngineError, SwitchError
from updater.records import progress
from updater.records.journal import FINISHED, Journal, Transaction
from updater.records.locks import SWITCHER_LOCK, held
from updater.records.progress import ProgressFile
from updater.replacement.gate_observer import GateObserver, Timer, reaches_hosting
from updater.replacement.helper_container import rebuilt
from updater.replacement.plan import NO_POLICY
from updater.replacement.replacement import Replacement

log = structlog.get_logger()

PATIENCE_SECONDS = 10.0
"""For an engine that is away. Then the switcher ends, which is no attempt: it is started again by the engine that comes back, and
has its new socket, where the old one would stay dead for ever."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options: there are none, all is in the journal."""
    parser.set_defaults(run=_run)


def _run(_options: argparse.Namespace) -> int:
    paths = Paths.from_environment()
    configure_logging("switcher", folder=paths.logs if paths.logs.is_dir() else None)
    with held(paths.update / SWITCHER_LOCK), Engine.open(patience=PATIENCE_SECONDS) as engine:
        own = _own(engine)
        if own is not None and role_of(own) != "switcher":
            raise SwitchError("Only the container of a switcher carries out an update. Use `dca update apply`.", "role")
        transaction = _transaction(paths, own)
        if transaction is None:
            log.error("There is no update to carry out.")
        elif transaction.phase not in FINISHED:
            reaches = partial(reaches_hosting, paths)
            watch = GateObserver(engine, paths, Timer.real(), reaches, since=alone_since(transaction, own))
            Replacement(transaction, watch, ProgressFile(paths.update, transaction.transaction).tell).run()
            progress.clear(paths.update)
        _leave(engine, own)
    return 0


def alone_since(transaction: Transaction, own: Json | None) -> float:
    """Return since when none of us has stopped a container, so that whoever did is a person: seconds since 1970.

    At the first attempt that is the whole update, for a stop that came while the switcher began; later the start of this switcher.
    """
    if transaction.attempts == 0:
        return from_rfc3339(transaction.started_at).timestamp()
    return time.time() if own is None else started_at_of(own)


def _own(engine: Engine) -> Json | None:
    """Return our own container, None outside of one."""
    try:
        return engine.own_container()
    except EngineError as error:
        log.warning("The switcher's own container is not known.", reason=str(error))
        return None


def _transaction(paths: Paths, own: Json | None) -> Transaction | None:
    """Return what is to be done: what the journal says, or the way back where it is lost."""
    found = Journal(paths.update).read()
    labels = labels_of(own) if own else {}
    if found is None or (own and found.transaction != labels.get(TRANSACTION_LABEL)):
        log.error("The journal does not tell of this update; the version before is put back.")
        return rebuilt(labels)
    return found


def _leave(engine: Engine, own: Json | None) -> None:
    """Remove our own container: the last call, whose answer we do not live to see."""
    if own is None:
        return
    try:
        engine.remove(own["Id"], force=True)
    except EngineError as error:
        log.error("The switcher could not remove its container.", reason=str(error))
        engine.set_restart_policy(own["Id"], {"Name": NO_POLICY})
