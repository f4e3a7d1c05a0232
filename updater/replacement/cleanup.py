"""`python -m updater tidy`: the janitor. It ends what was cut off, and removes what replacements have left behind.

It does nothing while an install or a switcher works. The newest earlier image is kept, and the settings that belong to it.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from appliance.common.files import to_json
from appliance.common.log import configure_logging
from appliance.common.message import Message
from appliance.common.paths import Paths
from updater.engine.container_spec import Json
from updater.engine.engine import Engine
from updater.engine.labels import (
    TRANSACTION_LABEL,
    container_name,
    kept_for,
    kept_prefix,
    kept_reference,
    labels_of,
    preflight_name,
    role_of,
    switcher_name,
)
from updater.errors import EngineError
from updater.records import history, offered
from updater.records.journal import FINISHED, Journal, Transaction
from updater.records.locks import INSTALL_LOCK, SWITCHER_LOCK, held, held_within
from updater.replacement import handover, helper_container
from updater.replacement.cancellation import give_up, is_untouched
from updater.replacement.health_gate import moment
from updater.replacement.plan import ALIVE
from updater.replacement.steps import remove_tree

log = structlog.get_logger()

PATIENCE_SECONDS = 20.0
FAILED_KEPT = 3
LEAVING_SECONDS = 30.0
"""So long a switcher that has ended may take to remove its own container."""
STALE_SECONDS = 3600.0
"""A temporary file that old belongs to nobody any more."""


def declare(parser: argparse.ArgumentParser) -> None:
    """Declare the options: there are none."""
    parser.set_defaults(run=_run)


def _run(_options: argparse.Namespace) -> int:
    configure_logging("update", level="WARNING", stream=sys.stderr)
    with Engine.open(patience=PATIENCE_SECONDS) as engine:
        done = tidy(engine, Paths.from_environment())
    print(to_json({"done": done}).decode())
    return 0


def tidy(engine: Engine, paths: Paths) -> list[str]:
    """Return what was done, a sentence each. Without an engine only files are looked after. Raises OSError."""
    transaction = Journal(paths.update).read()
    ended = transaction is not None and transaction.phase in FINISHED
    with ExitStack() as stack:
        try:
            stack.enter_context(held(paths.update / INSTALL_LOCK, wait=False, shared=True))
            stack.enter_context(held_within(paths.update / SWITCHER_LOCK, LEAVING_SECONDS if ended else 0.0))
        except BlockingIOError:
            return []
        janitor = _Janitor(engine, paths)
        janitor.work()
        return janitor.done


@dataclass
class _Janitor:
    """One round."""

    engine: Engine
    paths: Paths
    done: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Do all there is to do."""
        journal = Journal(self.paths.update)
        transaction = journal.read()
        try:
            if transaction is not None and transaction.phase not in FINISHED:
                self._recover(transaction)
                return
            own = self.engine.own_container()
            self._remove_containers(own, transaction)
            if history.is_whole(self.paths.update):
                self._remove_tags(own)
        except EngineError as error:
            log.info("The container engine was not looked after.", reason=str(error))
        self._remove_files()
        try:
            journal.keep_reserve()
        except OSError as error:
            log.warning("There is no room for the reserve of the journal.", reason=error.strerror)

    def _recover(self, transaction: Transaction) -> None:
        """Go on with a replacement that nobody carries out. Raises EngineError or OSError."""
        switcher = handover.switcher_of(self.engine, transaction)
        if switcher is not None and (switcher["State"]["Status"] in ALIVE or self._is_left_alone(switcher)):
            return  # it waits for the lock, the engine is about to start it again, or a person does not want that
        if not is_untouched(self.engine, self.paths, transaction):
            handover.resume(self.engine, self.paths, transaction)
            self.done.append(Message("An update that had lost its switcher goes on."))
            return
        text = Message(
            "The update to version %(to_version)s was cut off before anything was changed.", to_version=transaction.to_version
        )
        self.engine.remove(helper_container.helper_name(transaction), force=True)
        give_up(self.paths, transaction, "interrupted", text)
        self.done.append(text)

    def _is_left_alone(self, switcher: Json) -> bool:
        """Return whether a person has stopped the switcher, and has not started an appliance after that. Raises EngineError."""
        if switcher["State"]["Status"] != "exited":
            return False
        ended = moment(str(switcher["State"].get("FinishedAt") or ""))
        started = moment(str(self.engine.own_container()["State"].get("StartedAt") or ""))
        return ended is not None and started is not None and ended > started

    def _remove_containers(self, own: Json, transaction: Transaction | None) -> None:
        """Remove helpers that have done their work, and the old container where its replacement runs. Raises EngineError."""
        name = container_name(own)
        preflight = self.engine.container(preflight_name(name))
        if preflight is not None and role_of(preflight) == "preflight":
            # With its volume: a copy of the settings is in it.
            self._remove(preflight, Message("The container of a preflight was removed."), volumes=True)
        switcher = self.engine.container(switcher_name(name))
        if switcher is not None and role_of(switcher) == "switcher" and self._has_ended(switcher, transaction):
            self._remove(switcher, Message("The container of a switcher was removed."))
        if transaction is None or transaction.old.id == own["Id"] or transaction.old.name != name:
            return
        old = self.engine.container(transaction.old.id)
        if old is not None and old["State"]["Status"] not in ALIVE:
            self._remove(
                old, Message("The container of version %(from_version)s was removed.", from_version=transaction.from_version)
            )

    def _has_ended(self, switcher: Json, transaction: Transaction | None) -> bool:
        """Return whether a switcher has done its work: one that is not known may have been made this very moment."""
        ended = {result.transaction for result in history.read(self.paths.update)}
        return labels_of(switcher).get(TRANSACTION_LABEL) in ended | ({transaction.transaction} if transaction else set())

    def _remove(self, container: Json, sentence: str, *, volumes: bool = False) -> None:
        self.engine.remove(container["Id"], force=True, volumes=volumes)
        self.done.append(sentence)

    def _remove_tags(self, own: Json) -> None:
        """Let go of earlier images but the newest. Raises EngineError."""
        reference = str(own["Config"].get("Image") or "")
        if not reference:
            return
        name, newest = container_name(own), self._newest_installed()
        ours = {row.transaction for row in history.read(self.paths.update)}
        for image in self.engine.images(kept_prefix(reference)):
            for tag in image.get("RepoTags") or ():
                transaction = kept_for(tag, reference)
                # What is in nobody's history, as after an update that was cut off, is known by the name of our container.
                is_ours = transaction in ours or tag == kept_reference(reference, name, transaction)
                if transaction and is_ours and transaction not in newest:
                    self.engine.untag(tag)
                    self.done.append(Message("The name %(tag)s of an earlier image was removed.", tag=tag))

    def _newest_installed(self) -> list[str]:
        installed = [result.transaction for result in history.read(self.paths.update) if result.outcome == "installed"]
        return installed[:1]

    def _remove_files(self) -> None:
        """Remove what no transaction needs any more: the newest logs of failed versions stay, for people."""
        if history.is_whole(self.paths.update):
            failed = [result.transaction for result in history.read(self.paths.update) if result.log]
            self._keep_only("failed", lambda name: name in failed[:FAILED_KEPT])
            self._keep_only("backup", lambda name: name in self._newest_installed())
        offered_archives = self._offered_archives()
        self._keep_only("images", lambda name: name.removesuffix(".json").removesuffix(".part") in offered_archives)
        for file in self.paths.update.glob("ack-*.json"):
            file.unlink(missing_ok=True)
        for file in self.paths.update.glob(".*.json.*"):
            if _age(file) > STALE_SECONDS:
                file.unlink(missing_ok=True)

    def _offered_archives(self) -> set[str]:
        """Return the names of the image archives that may still be wanted."""
        received = offered.read(self.paths.update)
        archives = received.catalogue.archives() if received and received.catalogue else set()
        return {archive.rpartition("/")[2] for archive in archives}

    def _keep_only(self, folder: str, wanted: Callable[[str], bool]) -> None:
        parent = self.paths.update / folder
        for each in parent.iterdir() if parent.is_dir() else ():
            if wanted(each.name):
                continue
            if each.is_dir():
                remove_tree(each)
            else:
                each.unlink(missing_ok=True)


def _age(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except OSError:
        return 0.0
