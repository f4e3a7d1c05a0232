"""What to do next in a replacement of the container: from the journal's phase and what the engine shows. Pure.

The rules:

- The old container is fenced (it is not started again by the engine), stopped, and renamed before there is a new one: two
  appliances cannot have one port, and must not write to one volume.
- The old container is not removed before the new one is committed. What must go in a rollback goes before the old one starts.
- The new container gets the restart policy when it is committed. Before that nobody but the switcher starts it: one that an
  engine starts again and again can leave its port taken when the power goes.
- A container that a person has stopped is not started by us.
- Nothing is remembered between two steps. Whoever looks after a power cut sees what is missing, and does that.
"""

from dataclasses import dataclass
from enum import StrEnum

from updater.records.journal import Transaction

NO_POLICY = "no"
ALIVE = ("running", "restarting", "paused")


class Action(StrEnum):
    """One step. Each is harmless when it was done already."""

    FENCE = "fence"
    """Take from the old container its restart policy."""
    STOP = "stop"
    SNAPSHOT = "snapshot"
    """Copy the settings, while nobody writes to them."""
    RENAME = "rename"
    KEEP_IMAGE = "keep image"
    """Give the old image a name of its own, for the way back."""
    RETAG = "retag"
    """Let the name that the user calls the image by name the new one."""
    CREATE = "create"
    CONNECT = "connect"
    START = "start"
    GATE = "gate"
    """Watch the new container, and decide."""
    GIVE_WAY = "give way"
    """Another container has the name: an administrator made it."""
    REFUSE_IMAGE = "refuse image"
    """The new container was made from another image than the one that was verified."""
    REMOVE_OLD = "remove old"
    REPORT = "report"
    """Keep what is left of the new container's log."""
    REMOVE_NEW = "remove new"
    RETAG_BACK = "retag back"
    RESTORE = "restore"
    """Put the settings back which the old version can read."""
    MAKE_OLD_AGAIN = "make old again"
    """Somebody removed the old container."""
    RENAME_BACK = "rename back"
    START_OLD = "start old"
    RETURN_POLICY = "return policy"
    """Give the container that stays the restart policy of the user."""
    FINISH = "finish"
    WAIT = "wait"


DESTRUCTIVE = (Action.REMOVE_NEW, Action.RESTORE, Action.MAKE_OLD_AGAIN, Action.GIVE_WAY)
"""What is never done any more once a rollback has failed: a person may need what is there."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the two containers, as the engine shows it."""

    id: str
    name: str
    status: str
    image_id: str
    policy: str
    """The name of its restart policy, `no` where it has none."""
    networks: frozenset[str] = frozenset()

    @property
    def alive(self) -> bool:
        """Whether it runs, or the engine is about to run it again."""
        return self.status in ALIVE


@dataclass(frozen=True, slots=True)
class World:
    """What there is."""

    old: Part | None
    new: Part | None
    stranger: bool = False
    """Another container has the name of the appliance."""
    reference_image: str | None = None
    """The id of the image that the user's reference names; None when it names none."""
    old_image: bool = True
    """The old image is there."""
    kept: bool = False
    """It has its name for the way back."""
    snapshot: bool = False
    reported: bool = False
    settings_foreign: bool = False
    """The old version cannot read the settings as they are."""
    left_alone: bool = False
    """A person has stopped the container that would run now."""


def next_action(transaction: Transaction, world: World) -> Action:
    """Return the next step of a transaction that has not ended."""
    if transaction.phase == "committed":
        return _ahead_after_commit(transaction, world)
    if transaction.phase == "rolling_back":
        return _back(transaction, world)
    if transaction.phase == "stuck":
        return _stuck(transaction, world)
    return _ahead(transaction, world)


def _first(*rules: tuple[bool, Action]) -> Action:
    """Return the action of the first rule that holds."""
    return next(action for holds, action in rules if holds)


def _ahead(transaction: Transaction, world: World) -> Action:
    new, old = world.new, world.old
    return _first(
        (new is not None and new.image_id != transaction.new_image_id, Action.REFUSE_IMAGE),
        (new is not None and (new.alive or (transaction.held and new.status == "exited")), Action.GATE),
        (world.left_alone, Action.WAIT),
        (world.stranger, Action.GIVE_WAY),
        (world.old_image and not world.kept, Action.KEEP_IMAGE),
        (old is not None and old.policy != NO_POLICY, Action.FENCE),
        (old is not None and old.alive, Action.STOP),
        (not world.snapshot and (new is None or new.status == "created"), Action.SNAPSHOT),
        (old is not None and old.name == transaction.old.name, Action.RENAME),
        (True, _assemble(transaction, world)),
    )


def _assemble(transaction: Transaction, world: World) -> Action:
    """Make the new container, and start it."""
    spec, new = transaction.spec, world.new
    if new is None or new.status == "removing":
        return Action.RETAG if world.reference_image != transaction.new_image_id else Action.CREATE
    if spec is not None and any(network not in new.networks for network, _ in spec.later_networks):
        return Action.CONNECT
    return Action.START


def _ahead_after_commit(transaction: Transaction, world: World) -> Action:
    if world.new is not None and (world.new.alive or world.left_alone):
        return _first(
            (world.new.policy != _wanted_policy(transaction), Action.RETURN_POLICY),
            (world.old is not None, Action.REMOVE_OLD),
            (True, Action.FINISH),
        )
    return Action.FINISH if world.stranger else _assemble(transaction, world)


def _back(transaction: Transaction, world: World) -> Action:
    new, old = world.new, world.old
    return _first(
        (new is not None and not world.reported, Action.REPORT),
        (new is not None, Action.REMOVE_NEW),
        (world.stranger, Action.GIVE_WAY),
        (world.old_image and world.reference_image != transaction.old.image_id, Action.RETAG_BACK),
        (old is None, Action.MAKE_OLD_AGAIN),
        (world.settings_foreign and old is not None and not old.alive, Action.RESTORE),
        (old is not None and old.name != transaction.old.name, Action.RENAME_BACK),
        (old is not None and not old.alive, Action.START_OLD),
        (old is not None and old.policy != _wanted_policy(transaction), Action.RETURN_POLICY),
        (True, Action.FINISH),
    )


def _wanted_policy(transaction: Transaction) -> str:
    return transaction.restart_policy.get("Name") or NO_POLICY


def _stuck(transaction: Transaction, world: World) -> Action:
    """Let something run; then go on with what takes nothing away, for the day the obstacle is gone."""
    alive = any(part is not None and part.alive for part in (world.old, world.new))
    if not alive and (world.old or world.new):
        return Action.START_OLD if world.old else Action.START
    action = _back(transaction, world)
    return Action.WAIT if action in (*DESTRUCTIVE, Action.REPORT) else action
