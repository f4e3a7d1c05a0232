"""Handing a prepared replacement over to the switcher: the last thing the old version does for it."""

from dataclasses import replace

import structlog

from appliance.common.message import Message, message_of
from appliance.common.paths import Paths
from updater.engine.container_spec import Json
from updater.engine.engine import Engine
from updater.engine.labels import ROLE_LABEL, TRANSACTION_LABEL, labels_of, role_of
from updater.errors import EngineError, SwitchError
from updater.records.journal import FINISHED, Journal, Transaction
from updater.replacement import helper_container
from updater.replacement.plan import ALIVE

log = structlog.get_logger()


def begin(engine: Engine, paths: Paths, transaction: Transaction) -> None:
    """Write the journal, and start the switcher, which goes on alone: it stops this very container.

    Raises SwitchError where another replacement is under way, EngineError or OSError where the switcher cannot be made; then
    nothing has changed, and the journal says so.
    """
    journal = Journal(paths.update)
    _make_way(engine, journal, transaction)
    journal.keep_reserve()
    journal.write(replace(transaction, phase="prepared"))
    try:
        _launch(engine, journal, replace(transaction, phase="switching"))
    except (EngineError, OSError) as error:
        if isinstance(error, EngineError) and error.kind == "unreachable":
            raise  # perhaps it runs: the janitor looks, as soon as the engine answers
        engine.remove(helper_container.helper_name(transaction), force=True)
        journal.write(replace(transaction, phase="rolled_back", reason="no switcher", text=message_of(error)))
        raise


def resume(engine: Engine, paths: Paths, transaction: Transaction) -> None:
    """Start a switcher for a transaction that has lost its own. Raises EngineError or OSError."""
    log.warning("The update has lost its switcher; another one is started.", transaction=transaction.transaction)
    if found := switcher_of(engine, transaction):
        engine.remove(found["Id"], force=True)
    engine.remove(helper_container.helper_name(transaction), force=True)
    _launch(engine, Journal(paths.update), transaction)


def switcher_of(engine: Engine, transaction: Transaction) -> Json | None:
    """Return the switcher of a transaction, whatever it is called by now. Raises EngineError."""
    found = engine.containers({ROLE_LABEL: "switcher", TRANSACTION_LABEL: transaction.transaction})
    return next(iter(found), None)


def _make_way(engine: Engine, journal: Journal, transaction: Transaction) -> None:
    """Remove a switcher that has done its work. Raises SwitchError where one still works."""
    found, before = engine.container(helper_container.helper_name(transaction)), journal.read()
    if before is not None and before.phase not in FINISHED and before.transaction != transaction.transaction:
        raise SwitchError(
            Message(
                "The update to version %(to_version)s has not ended (%(phase)s).", to_version=before.to_version, phase=before.phase
            ),
            "under way",
        )
    if found is None or role_of(found) != "switcher":
        return
    ended = before is not None and before.transaction == labels_of(found).get(TRANSACTION_LABEL)
    if found["State"]["Status"] in ALIVE and not ended:
        raise SwitchError(
            Message(
                "The container %(helper_name)s still carries out another update.",
                helper_name=helper_container.helper_name(transaction),
            ),
            "under way",
        )
    engine.remove(found["Id"], force=True)


def _launch(engine: Engine, journal: Journal, transaction: Transaction) -> None:
    """Create the switcher, write the journal, start it: with the networks of the appliance, else with none.

    A network may have no address left; then only the control sample is missing.
    """
    for network in (True, False):
        body, later = helper_container.body_of(transaction, network=network)
        made = engine.create(helper_container.helper_name(transaction), body)
        try:
            for name in later:
                engine.connect_network(name, made, {})
            journal.write(transaction)
            engine.start(made)
        except EngineError as error:
            if error.kind == "unreachable" or not network:
                raise
            log.warning("The switcher does without a network.", reason=str(error))
            engine.remove(made, force=True)
        else:
            return
