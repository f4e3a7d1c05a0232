"""The steps of a replacement, each as an effect on the engine or the data volume, and the look at what there is."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from appliance.common.errors import DcaError
from appliance.common.files import sync_folder, to_json, write_atomic
from appliance.common.message import Message, message_of
from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from updater.engine.container_spec import COMPOSE_REPLACE, Json, successor
from updater.engine.engine import Engine, started_at_of
from updater.engine.labels import TRANSACTION_LABEL, container_name, kept_reference, role_of
from updater.errors import EngineError, SwitchError
from updater.records import acknowledgement
from updater.records.journal import Transaction
from updater.replacement.health_gate import ENDED
from updater.replacement.plan import NO_POLICY, Action, Part, World

log = structlog.get_logger()

STOP_SECONDS = 30
"""For a container that has no time of its own."""
SETTINGS_FILES = ("settings.json", "settings.good.json")
FAILED_STOP_SECONDS = 10
"""An appliance ends within 8 seconds; one that does not has failed anyhow, and the web UI is awaited."""
IMAGE_GONE = "image gone"
"""The reason of an update that could not be made; that says nothing about the release."""
HELPERS = ("switcher", "preflight")
LOG_FILE = "log.txt"


class Steps:
    """What can be done and seen for one transaction."""

    def __init__(self, engine: Engine, paths: Paths, *, since: float | None = None) -> None:
        """`since`: whoever stopped a container since that moment, and was not us, is a person."""
        self._engine = engine
        self._paths = paths
        self._since = time.time() if since is None else since
        self._old_started_at, self._stops = 0.0, 0
        """When the old container was last started, as the engine says, and how often it was stopped by us from then on."""
        self._report_failed = False
        self._effects: dict[Action, Callable[[Transaction, World], None]] = {
            Action.FENCE: self._fence,
            Action.STOP: self._stop,
            Action.SNAPSHOT: self._snapshot,
            Action.RENAME: self._rename,
            Action.KEEP_IMAGE: self._keep_image,
            Action.RETAG: self._retag,
            Action.CREATE: self._create,
            Action.CONNECT: self._connect,
            Action.START: self._start,
            Action.REMOVE_OLD: self._remove_old,
            Action.REPORT: self._report,
            Action.REMOVE_NEW: self._remove_new,
            Action.RETAG_BACK: self._retag_back,
            Action.RESTORE: self._restore,
            Action.MAKE_OLD_AGAIN: self._make_old_again,
            Action.RENAME_BACK: self._rename_back,
            Action.START_OLD: self._start_old,
            Action.RETURN_POLICY: self._return_policy,
        }

    def look(self, transaction: Transaction) -> World:
        """Return what there is now. Raises EngineError."""
        old = self._engine.container(transaction.old.id)
        named = self._named(transaction.old.name)
        new = self._new(transaction)
        if old is None and named is not None and _same_image(named["Image"], transaction.old.image_id):
            old = named  # made again, by us or by a person
        known = [part["Id"] for part in (old, new) if part is not None]
        reference = self._engine.image(transaction.old.reference)
        back = transaction.phase in ("rolling_back", "stuck")
        return World(
            old=None if old is None else _part(old, transaction),
            new=None if new is None else _part(new, transaction),
            stranger=named is not None and named["Id"] not in known,
            reference_image=None if reference is None else _known_image(str(reference["Id"]), transaction),
            old_image=self._engine.image(transaction.old.image_id) is not None,
            kept=self._engine.image(rollback_reference(transaction)) is not None,
            snapshot=(self._backup(transaction) / "complete").exists(),
            reported=self._report_failed or (failed_folder(self._paths, transaction) / "inspect.json").exists(),
            settings_foreign=back and self._settings_foreign(transaction),
            left_alone=self._left_alone(transaction, old, new),
        )

    def _left_alone(self, transaction: Transaction, old: Json | None, new: Json | None) -> bool:
        """Return whether a person has stopped the container that would run now."""
        if transaction.phase == "committed":
            return new is not None and new["State"]["Status"] in ENDED and self._engine.was_stopped(new["Id"], self._since)
        if transaction.phase != "switching" or new is not None or old is None:
            return False
        started_at = self._life_of(old)
        if old["State"]["Status"] not in ENDED:
            return False
        if policy_of(old) != NO_POLICY:
            return self._engine.was_stopped(old["Id"], self._since)
        return self._engine.stops(old["Id"], max(self._since, started_at)) > self._stops  # fenced, it is stopped by us as well

    def _life_of(self, old: Json) -> float:
        """Return since when the old container runs, or ran last; our stops of an earlier life do not count for it."""
        started_at = started_at_of(old)
        if started_at != self._old_started_at:
            self._old_started_at, self._stops = started_at, 0
        return started_at

    def perform(self, action: Action, transaction: Transaction, world: World) -> None:
        """Do one step. Raises EngineError or OSError."""
        log.info("A step of the update.", step=action.value, transaction=transaction.transaction)
        self._effects[action](transaction, world)

    def log_of_new(self, transaction: Transaction) -> str:
        """Return what was kept of the log of the new container; empty where nothing was."""
        try:
            return (failed_folder(self._paths, transaction) / LOG_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def _named(self, name: str) -> Json | None:
        found = self._engine.container(name)
        return found if found is not None and container_name(found) == name else None

    def _new(self, transaction: Transaction) -> Json | None:
        labelled = self._engine.containers({TRANSACTION_LABEL: transaction.transaction})
        return next(
            (container for container in labelled if container["Id"] != transaction.old.id and role_of(container) not in HELPERS),
            None,
        )

    def _fence(self, transaction: Transaction, _world: World) -> None:
        self._engine.set_restart_policy(transaction.old.id, {"Name": NO_POLICY})

    def _require_image(self, transaction: Transaction) -> None:
        """Raise SwitchError where the new image is there no more: nothing runs of it yet, so that `image prune --all` takes it."""
        if self._engine.image(transaction.new_image_id) is None:
            raise SwitchError(
                Message(
                    "The image of version %(version)s is gone from the engine: somebody has removed unused images. The version is "
                    "no worse for it; it can be installed again.",
                    version=transaction.to_version,
                ),
                IMAGE_GONE,
            )

    def _stop(self, transaction: Transaction, _world: World) -> None:
        self._require_image(transaction)
        seconds = transaction.old.inspect["Config"].get("StopTimeout")
        stopped = self._engine.stop(transaction.old.id, STOP_SECONDS if seconds is None else int(seconds))
        if found := self._engine.container(transaction.old.id):
            self._life_of(found)  # its engine may have started it anew since we looked: it is that life which we have ended
        self._stops += stopped

    def _snapshot(self, transaction: Transaction, _world: World) -> None:
        folder = self._backup(transaction)
        _make(folder)
        for name in SETTINGS_FILES:
            if (self._paths.data / name).exists():
                write_atomic(folder / name, (self._paths.data / name).read_bytes())
        write_atomic(folder / "complete", b"")
        sync_folder(folder.parent)

    def _rename(self, transaction: Transaction, _world: World) -> None:
        self._engine.rename(transaction.old.id, transaction.previous_name)

    def _keep_image(self, transaction: Transaction, _world: World) -> None:
        self._engine.tag(transaction.old.image_id, rollback_reference(transaction))

    def _retag(self, transaction: Transaction, _world: World) -> None:
        self._require_image(transaction)
        self._engine.tag(transaction.new_image_id, transaction.old.reference)

    def _create(self, transaction: Transaction, _world: World) -> None:
        assert transaction.spec is not None
        self._require_image(transaction)
        self._engine.create(transaction.spec.name, transaction.spec.body)

    def _connect(self, transaction: Transaction, world: World) -> None:
        assert transaction.spec is not None
        assert world.new is not None
        for network, endpoint in transaction.spec.later_networks:
            if network not in world.new.networks:
                self._engine.connect_network(network, world.new.id, endpoint)

    def _start(self, transaction: Transaction, world: World) -> None:
        assert world.new is not None
        if world.new.status == "created":
            # Left by another attempt; the new version has said nothing yet.
            acknowledgement.path_of(self._paths.update, transaction.transaction).unlink(missing_ok=True)
        self._engine.start(world.new.id)

    def _remove_old(self, _transaction: Transaction, world: World) -> None:
        assert world.old is not None
        self._engine.remove(world.old.id, force=True)

    def _report(self, transaction: Transaction, world: World) -> None:
        """Keep log and state of the new container; that this fails is no reason not to go back."""
        assert world.new is not None
        folder = failed_folder(self._paths, transaction)
        try:
            _make(folder)
            write_atomic(folder / LOG_FILE, self._log(world.new.id).encode())
            found = self._engine.container(world.new.id) or {}
            write_atomic(folder / "inspect.json", to_json(_without_environment(found)))
        except OSError as error:
            log.warning("The log of the new version could not be kept.", reason=str(error))
            self._report_failed = True

    def _log(self, container: str) -> str:
        try:
            return self._engine.logs(container)
        except EngineError as error:
            if error.kind == "unreachable":
                raise
            return message_of(error)

    def _remove_new(self, _transaction: Transaction, world: World) -> None:
        assert world.new is not None
        if world.new.alive:
            # It gets its time, as always: readings are under way.
            self._engine.stop(world.new.id, FAILED_STOP_SECONDS)
        self._engine.remove(world.new.id, force=True)

    def _retag_back(self, transaction: Transaction, _world: World) -> None:
        self._engine.tag(transaction.old.image_id, transaction.old.reference)

    def _restore(self, transaction: Transaction, _world: World) -> None:
        log.warning("The settings are put back as they were before the update: the version before cannot read them as they are.")
        for name in SETTINGS_FILES:
            saved = self._backup(transaction) / name
            if saved.exists():
                write_atomic(self._paths.data / name, saved.read_bytes())

    def _make_old_again(self, transaction: Transaction, _world: World) -> None:
        image = self._engine.image(transaction.old.image_id)
        if image is None or not transaction.old.inspect:
            name = transaction.old.name
            raise EngineError(
                Message("The container %(name)s was removed, and so was what it could be made of again.", name=name), "not found"
            )
        self._remove_unfinished(transaction)
        spec = successor(transaction.old.inspect, image, image, reference=transaction.old.reference, labels={}, api=transaction.api)
        made = self._engine.create(spec.name, spec.body)
        for network, endpoint in spec.later_networks:
            self._engine.connect_network(network, made, endpoint)

    def _remove_unfinished(self, transaction: Transaction) -> None:
        """Remove what Compose made to replace the old one and never started: its next run would remove the appliance instead."""
        for container in self._engine.containers({COMPOSE_REPLACE: transaction.old.id}):
            if container["State"]["Status"] == "created":
                self._engine.remove(container["Id"])

    def _rename_back(self, transaction: Transaction, world: World) -> None:
        assert world.old is not None
        self._engine.rename(world.old.id, transaction.old.name)

    def _start_old(self, _transaction: Transaction, world: World) -> None:
        assert world.old is not None
        self._engine.start(world.old.id)

    def _return_policy(self, transaction: Transaction, world: World) -> None:
        stays = world.new if transaction.phase == "committed" else world.old
        assert stays is not None
        self._engine.set_restart_policy(stays.id, transaction.restart_policy)

    def _settings_foreign(self, transaction: Transaction) -> bool:
        saved, present = self._backup(transaction) / SETTINGS_FILES[0], self._paths.settings
        if not saved.exists() or (present.exists() and saved.read_bytes() == present.read_bytes()):
            return False
        if transaction.to_release.get("switcher") == "new":
            return True  # this code is the new version's, and cannot tell
        try:
            SettingsStore(present).effective()
        except DcaError:
            return True
        return False

    def _backup(self, transaction: Transaction) -> Path:
        return backup_folder(self._paths, transaction)


def backup_folder(paths: Paths, transaction: Transaction) -> Path:
    """Return where the settings of before are kept."""
    return paths.update / "backup" / transaction.transaction


def failed_folder(paths: Paths, transaction: Transaction) -> Path:
    """Return where log and state of a version that failed are kept."""
    return paths.update / "failed" / transaction.transaction


def rollback_reference(transaction: Transaction) -> str:
    """Return the name under which the old image is kept."""
    return kept_reference(transaction.old.reference, transaction.old.name, transaction.transaction)


def _make(folder: Path) -> None:
    """Make a folder of ours and the one it is in, for nobody else to read."""
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)


def remove_tree(folder: Path) -> None:
    """Remove a folder; what cannot be removed stays for the next time."""
    shutil.rmtree(folder, ignore_errors=True)


def policy_of(found: Json) -> str:
    """Return the name of the restart policy of a container, `no` where it has none."""
    return str((found["HostConfig"].get("RestartPolicy") or {}).get("Name") or NO_POLICY)


def _part(found: Json, transaction: Transaction) -> Part:
    return Part(
        id=str(found["Id"]),
        name=container_name(found),
        status=str(found["State"]["Status"]),
        image_id=_known_image(str(found["Image"]), transaction),
        policy=policy_of(found),
        networks=frozenset((found.get("NetworkSettings") or {}).get("Networks") or ()),
    )


def _known_image(image_id: str, transaction: Transaction) -> str:
    """Return the id as the transaction writes it: not every engine puts the algorithm before it."""
    known = (transaction.new_image_id, transaction.old.image_id)
    return next((one for one in known if _same_image(image_id, one)), image_id)


def _same_image(one: str, other: str) -> bool:
    return one.removeprefix("sha256:") == other.removeprefix("sha256:")


def _without_environment(found: Json) -> Json:
    """Return an inspection without what may be secret."""
    config = {name: value for name, value in (found.get("Config") or {}).items() if name != "Env"}
    return found | {"Config": config}
