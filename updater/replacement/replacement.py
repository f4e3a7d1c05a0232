"""One replacement of the container, from the fence to its end: look, do the next step, look again.

What fails ahead of the commit leads back; what fails on the way back leads to the last resort, which takes nothing away.
Without the engine nothing can be done: then the switcher ends, and the engine starts it again as soon as it is back.
"""

from collections import Counter
from dataclasses import replace
from typing import Protocol

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message, message_of
from updater.errors import EngineError, SwitchError
from updater.records import denied, history
from updater.records.denied import Denied
from updater.records.history import Outcome, Result, end_of_log, result_of
from updater.records.journal import FINISHED, Journal, Phase, Transaction
from updater.records.progress import Stage
from updater.replacement.gate_observer import HELD_LOOK_SECONDS, LOOK_SECONDS, GateObserver, another_main
from updater.replacement.health_gate import VANISHED_SECONDS, Verdict
from updater.replacement.plan import Action, World, next_action
from updater.replacement.steps import IMAGE_GONE, Steps

log = structlog.get_logger()

LARGEST_ATTEMPTS = 6
"""A switcher that was started more often than this goes back, and after twice as often to the last resort."""
TRIES = 3
"""Of one step, before it has failed."""
REPETITIONS = 6
"""A step that was done so often in a row has no effect."""
TRY_PAUSE_SECONDS = 1.0
STUCK_SECONDS = 60.0
LAST_STEPS = (Action.RETURN_POLICY, Action.REMOVE_OLD, Action.FINISH)
"""What is left to do when the right version runs already."""
FORWARD: tuple[Phase, ...] = ("prepared", "switching")


class Tell(Protocol):
    """Told at each stage what is being done, for people who watch."""

    def __call__(self, stage: Stage, text: str) -> None: ...


class Replacement:
    """Carries one transaction to its end. The lock of the switcher has to be held."""

    def __init__(self, transaction: Transaction, watch: GateObserver, tell: Tell) -> None:
        """Engine, folders and time are those of `watch`."""
        self.transaction = transaction
        self._watch = watch
        self._engine, self._paths, self._timer = watch.engine, watch.paths, watch.timer
        self._tell = tell
        self._journal = Journal(self._paths.update)
        self._steps = Steps(self._engine, self._paths, since=watch.since)
        self._failures: Counter[Action | None] = Counter()
        self._last: tuple[Action | None, int] = (None, 0)
        self._stopped_at: float | None = None
        self._seconds_without_web: float | None = None
        watch.web_seen, watch.held = self._web_seen, self._hold

    def run(self) -> Transaction:
        """Return the transaction once it has ended. Raises EngineError when the engine is away: then nothing can be done."""
        self._begin_attempt()
        while self.transaction.phase not in FINISHED:
            action: Action | None = None
            try:
                world = self._steps.look(self.transaction)
                action = next_action(self.transaction, world)
                self._not_in_vain(action)
                self._do(action, world)
            except EngineError as error:
                if error.kind == "unreachable":
                    # No attempt; but one that was begun stays so (`alone_since`).
                    self._record(attempts=max(1, self.transaction.attempts - 1))
                    raise
                self._failed(action, error.kind, message_of(error))
            except SwitchError as error:
                self._failed(action, error.reason, message_of(error), final=self.transaction.phase in FORWARD)
            except OSError as error:
                self._failed(
                    action,
                    "disk",
                    Message("The data folder could not be written to: %(reason)s.", reason=error.strerror or error),
                )
        return self.transaction

    def _begin_attempt(self) -> None:
        attempts = self.transaction.attempts + 1
        self._record(attempts=attempts)
        log.info("The update goes on.", phase=self.transaction.phase, attempt=attempts, to_version=self.transaction.to_version)
        if attempts > LARGEST_ATTEMPTS and self.transaction.phase in FORWARD:
            self._go_back(
                "attempts",
                Message("The update was begun %(times)s times and never came to its end.", times=LARGEST_ATTEMPTS),
            )
        elif attempts > 2 * LARGEST_ATTEMPTS and self.transaction.phase == "rolling_back":
            self._stick(
                "attempts",
                Message(
                    "The way back was begun %(times)s times and never came to its end.",
                    times=LARGEST_ATTEMPTS,
                ),
            )

    def _do(self, action: Action, world: World) -> None:
        """Do a step. Raises EngineError, SwitchError or OSError."""
        ahead = self.transaction.phase in FORWARD
        if action is Action.GATE or (action is Action.START and ahead):
            if action is Action.START:
                self._steps.perform(action, self.transaction, world)
            self._gate(world)
        elif action is Action.GIVE_WAY:
            self._give_way()
        elif action is Action.REFUSE_IMAGE:
            raise SwitchError(Message("The new container was made of another image than the one that was verified."), "image")
        elif action is Action.FINISH:
            self._finish()
        elif action is Action.WAIT:
            self._timer.wait(STUCK_SECONDS if self.transaction.phase == "stuck" else HELD_LOOK_SECONDS)
        elif action is Action.START_OLD and self.transaction.phase == "stuck" and world.new is not None:
            self._start_either(world)
        else:
            self._note(action)
            self._steps.perform(action, self.transaction, world)

    def _start_either(self, world: World) -> None:
        try:
            self._steps.perform(Action.START_OLD, self.transaction, world)
        except EngineError as error:
            log.error("The version before cannot be started; the new one is.", reason=str(error))
            self._steps.perform(Action.START, self.transaction, world)

    def _note(self, action: Action) -> None:
        """Tell the people who watch, and take the time at which the web UI goes."""
        if action is Action.STOP and self._stopped_at is None:
            self._stopped_at = self._timer.now()
        version, step = self.transaction.to_version, action.value
        told: dict[Phase, tuple[Stage, str]] = {
            "committed": (
                "finishing",
                Message("Version %(version)s is good; what is left of the one before goes: %(step)s.", version=version, step=step),
            ),
            "rolling_back": ("rolling_back", Message("Version %(version)s is taken back: %(step)s.", version=version, step=step)),
            "stuck": ("stuck", self.transaction.text),
        }
        self._tell(
            *told.get(
                self.transaction.phase,
                ("switching", Message("Version %(version)s takes over: %(step)s.", version=version, step=step)),
            )
        )

    def _gate(self, world: World) -> None:
        if world.new is None:
            raise SwitchError(Message("The new container is gone."), "vanished")
        version = self.transaction.to_version
        self._tell("gate", Message("Version %(version)s is being tried.", version=version))
        verdict = self._watch.watch(self.transaction, world.new.id)
        log.info("The new version was judged.", decision=verdict.decision, reason=verdict.reason, text=verdict.text)
        if verdict.decision == "commit":
            # The point of no return. When it cannot be written the new version goes on being watched.
            self._change(phase="committed")
        elif verdict.decision == "superseded":
            self._superseded(verdict)
        else:
            self._go_back(verdict.reason, verdict.text)

    def _give_way(self) -> None:
        end = self._timer.now() + VANISHED_SECONDS
        while self._timer.now() < end:
            if another_main(self._engine, self._paths, self.transaction):
                self._superseded(
                    Verdict("superseded", "superseded", Message("Another appliance was started in place of this update."))
                )
                return
            self._timer.wait(LOOK_SECONDS)
        raise SwitchError(
            Message(
                "Another container has the name %(name)s, and is no appliance that runs on this data folder. Remove or rename it.",
                name=self.transaction.old.name,
            ),
            "name taken",
        )

    def _failed(self, action: Action | None, reason: str, text: str, *, final: bool = False) -> None:
        """A step failed: it is tried again, and after some tries the phase changes."""
        self._failures[action] += 1
        log.warning("A step of the update failed.", step=action and action.value, reason=reason, text=text)
        if self._failures[action] < TRIES and not final:
            self._timer.wait(TRY_PAUSE_SECONDS * self._failures[action])
            return
        self._failures.clear()
        if self.transaction.phase in FORWARD:
            self._go_back(reason, text)
        elif self.transaction.phase == "stuck" or action in LAST_STEPS:
            self._timer.wait(STUCK_SECONDS)
        else:
            self._stick(reason, text)

    def _not_in_vain(self, action: Action) -> None:
        """Raise SwitchError when the same step was done again and again."""
        last, times = self._last
        self._last = (action, times + 1 if action is last else 1)
        if self._last[1] > REPETITIONS and action not in (Action.WAIT, Action.GATE, Action.FINISH):
            self._last = (None, 0)
            raise SwitchError(
                Message("The container engine said that the step '%(step)s' was done, and it was not.", step=action.value),
                "no effect",
            )

    def _go_back(self, reason: str, text: str) -> None:
        log.error("The update is taken back.", reason=reason, text=text)
        self._record(phase="rolling_back", reason=reason, text=text)
        self._tell("rolling_back", text)

    def _stick(self, reason: str, text: str) -> None:
        log.error("The way back failed; whatever can run is started, and nothing is removed.", reason=reason, text=text)
        self._record(phase="stuck", reason=reason, text=text)
        self._tell("stuck", text)
        try:
            self._journal.with_reserve(lambda: history.add(self._paths.update, self._result("stuck")))
        except OSError as error:
            log.error("The result could not be written.", reason=str(error))

    def _superseded(self, verdict: Verdict) -> None:
        self._record(reason=verdict.reason, text=verdict.text)
        self._end("superseded", "superseded")

    def _finish(self) -> None:
        """Write down how it went. Raises OSError, so that it is tried again."""
        if self.transaction.phase == "committed":
            self._end("done", "installed")
            return
        release, config = self.transaction.to_release, self._config_digest()
        if config and self.transaction.reason != IMAGE_GONE:
            entry = Denied(
                config,
                self.transaction.to_version,
                int(release.get("counter") or 0),
                to_rfc3339(utc_now()),
                self.transaction.reason,
            )
            self._journal.with_reserve(lambda: denied.add(self._paths.update, entry))
        self._end("rolled_back", "rolled_back")

    def _end(self, phase: Phase, outcome: Outcome) -> None:
        self._journal.with_reserve(lambda: history.add(self._paths.update, self._result(outcome)))
        self._change(phase=phase)
        log.info("The update has ended.", outcome=outcome, reason=self.transaction.reason)

    def _result(self, outcome: Outcome) -> Result:
        installed, transaction = outcome == "installed", self.transaction
        text = f"Version {transaction.to_version} is installed. {transaction.text}".strip() if installed else transaction.text
        return replace(
            result_of(transaction, outcome, "" if installed else transaction.reason, text),
            log="" if installed else end_of_log(self._steps.log_of_new(transaction)),
            seconds_without_web=self._seconds_without_web if installed else None,
        )

    def _config_digest(self) -> str:
        """Return the digest by which the image is denied: the signed one of its configuration."""
        platforms = self.transaction.to_release.get("platforms") or {}
        configs = [str(platform["config"]) for platform in platforms.values()]
        return next((config for config in configs if config in self.transaction.expected_digests), self.transaction.new_image_id)

    def _web_seen(self) -> None:
        if self._stopped_at is not None and self._seconds_without_web is None:
            self._seconds_without_web = round(self._timer.now() - self._stopped_at, 1)

    def _hold(self, held: bool) -> None:
        """Note that a person has stopped the new version; what an engine starts with the machine is not left so for ever."""
        held = held and self.transaction.restart_policy.get("Name") != "always"
        if held != self.transaction.held:
            log.warning("The new version was stopped or started by hand.", held=held)
            self._record(held=held)

    def _change(self, **changes: object) -> None:
        """Change the journal. Raises OSError, and then nothing has changed."""
        changed = replace(self.transaction, **changes)  # type: ignore[arg-type]
        self._journal.write(changed)
        self.transaction = changed

    def _record(self, **changes: object) -> None:
        """Change the journal, and go on without it when it cannot be written: the site has to come back."""
        changed = replace(self.transaction, **changes)  # type: ignore[arg-type]
        try:
            self._journal.write(changed)
        except OSError as error:
            log.error("The journal of the update could not be written.", reason=str(error))
        self.transaction = changed
