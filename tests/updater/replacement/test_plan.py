"""The table: what the engine shows and what the journal says, and the step that follows."""

from dataclasses import replace

import pytest

from tests.updater.transactions import ALWAYS, NEW_IMAGE, OLD_ID, OLD_IMAGE, TRANSACTION, transaction
from updater.engine.container_spec import ContainerSpec
from updater.records.journal import Phase
from updater.replacement.plan import Action, Part, World, next_action

PREVIOUS = f"dca-prev-{TRANSACTION}"
OLD = Part(OLD_ID, "dca", "running", OLD_IMAGE, "always")
FENCED = replace(OLD, policy="no")
STOPPED = replace(FENCED, status="exited")
RENAMED = replace(STOPPED, name=PREVIOUS)
CREATED = Part("b" * 64, "dca", "created", NEW_IMAGE, "no")
RUNNING = replace(CREATED, status="running")
EXITED = replace(CREATED, status="exited")

BEGUN = World(OLD, None, reference_image=OLD_IMAGE)
KEPT = replace(BEGUN, kept=True)
HALFWAY = World(RENAMED, None, reference_image=OLD_IMAGE, kept=True, snapshot=True)
TAGGED = replace(HALFWAY, reference_image=NEW_IMAGE)
TRIED = replace(TAGGED, new=RUNNING)
STAYS = replace(TAGGED, new=replace(RUNNING, policy="always"))

AHEAD: list[tuple[str, World, Action]] = [
    ("nothing done", BEGUN, Action.KEEP_IMAGE),
    ("kept", KEPT, Action.FENCE),
    ("fenced", replace(KEPT, old=FENCED), Action.STOP),
    ("restarting old", replace(KEPT, old=replace(FENCED, status="restarting")), Action.STOP),
    ("stopped", replace(KEPT, old=STOPPED), Action.SNAPSHOT),
    ("saved", replace(KEPT, old=STOPPED, snapshot=True), Action.RENAME),
    ("old started by a person", replace(HALFWAY, old=replace(RENAMED, status="running")), Action.STOP),
    ("renamed", HALFWAY, Action.RETAG),
    ("old image pruned", replace(HALFWAY, old_image=False, kept=False), Action.RETAG),
    ("tagged", TAGGED, Action.CREATE),
    ("created", replace(TAGGED, new=CREATED), Action.START),
    ("created before the snapshot", replace(TAGGED, new=CREATED, snapshot=False), Action.SNAPSHOT),
    ("new did not come back", replace(TAGGED, new=EXITED), Action.START),
    ("new ran, never a snapshot again", replace(TAGGED, new=EXITED, snapshot=False), Action.START),
    ("started", TRIED, Action.GATE),
    ("old removed by a person", replace(TAGGED, old=None), Action.CREATE),
    ("old removed in the gate", replace(TRIED, old=None), Action.GATE),
    ("name taken", replace(TAGGED, stranger=True), Action.GIVE_WAY),
    ("tag moved", replace(TAGGED, new=replace(CREATED, image_id="sha256:3")), Action.REFUSE_IMAGE),
]
COMMITTED: list[tuple[str, World, Action]] = [
    ("both", TRIED, Action.RETURN_POLICY),
    ("old gone too early", replace(TRIED, old=None), Action.RETURN_POLICY),
    ("policy given", STAYS, Action.REMOVE_OLD),
    ("old gone", replace(STAYS, old=None), Action.FINISH),
    ("new stopped", replace(TAGGED, new=EXITED), Action.START),
    ("new removed", TAGGED, Action.CREATE),
    ("replaced by another", replace(TAGGED, stranger=True), Action.FINISH),
]
BACK: list[tuple[str, World, Action]] = [
    ("new there", TRIED, Action.REPORT),
    ("reported", replace(TRIED, reported=True), Action.REMOVE_NEW),
    ("never started", replace(TAGGED, new=CREATED), Action.REPORT),
    ("removed", TAGGED, Action.RETAG_BACK),
    ("reference names nothing", replace(TAGGED, reference_image=None), Action.RETAG_BACK),
    ("tagged back", HALFWAY, Action.RENAME_BACK),
    ("settings of the new version", replace(HALFWAY, settings_foreign=True), Action.RESTORE),
    ("old runs already", replace(HALFWAY, old=OLD, settings_foreign=True), Action.FINISH),
    ("renamed back", replace(HALFWAY, old=STOPPED), Action.START_OLD),
    ("started", replace(HALFWAY, old=FENCED), Action.RETURN_POLICY),
    ("as before", replace(HALFWAY, old=OLD), Action.FINISH),
    ("old removed by a person", replace(HALFWAY, old=None), Action.MAKE_OLD_AGAIN),
    ("old image gone too", replace(TAGGED, old=None, old_image=False), Action.MAKE_OLD_AGAIN),
    ("name taken", replace(HALFWAY, stranger=True), Action.GIVE_WAY),
]
STUCK: list[tuple[str, World, Action]] = [
    ("nothing runs", replace(TAGGED, new=EXITED), Action.START_OLD),
    ("only new is left", replace(TAGGED, old=None, new=EXITED), Action.START),
    ("new runs", replace(TRIED, reported=True), Action.WAIT),
    ("new runs, not reported", TRIED, Action.WAIT),
    (
        "old runs under its other name, the name is free again",
        replace(HALFWAY, old=replace(RENAMED, status="running")),
        Action.RENAME_BACK,
    ),
    ("name taken", replace(HALFWAY, old=replace(RENAMED, status="running"), stranger=True), Action.WAIT),
    ("put right by a person", replace(HALFWAY, old=OLD), Action.FINISH),
    ("nothing left", replace(HALFWAY, old=None), Action.WAIT),
]


@pytest.mark.parametrize(
    ("phase", "world", "action"),
    [
        pytest.param(phase, world, action, id=f"{phase}: {name}")
        for phase, table in (
            ("prepared", AHEAD),
            ("switching", AHEAD),
            ("committed", COMMITTED),
            ("rolling_back", BACK),
            ("stuck", STUCK),
        )
        for name, world, action in table
    ],
)
def test_next_step(phase: Phase, world: World, action: Action) -> None:
    assert next_action(transaction(phase=phase), world) is action


def test_networks_that_could_not_be_given_at_the_creation_are_connected_before_the_start() -> None:
    spec = ContainerSpec("dca", {}, (("lan", {}), ("dmz", {})), ALWAYS)
    created = replace(TAGGED, new=replace(CREATED, networks=frozenset({"home", "lan"})))
    assert next_action(transaction(spec=spec), created) is Action.CONNECT
    connected = replace(TAGGED, new=replace(CREATED, networks=frozenset({"home", "lan", "dmz"})))
    assert next_action(transaction(spec=spec), connected) is Action.START


def test_a_user_without_restart_policy_gets_none_back() -> None:
    world = replace(HALFWAY, old=FENCED)
    assert next_action(transaction(phase="rolling_back", restart_policy={"Name": ""}), world) is Action.FINISH
