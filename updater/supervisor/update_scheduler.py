"""New versions of the appliance itself: which is installed next, by whom it was wanted, and what is told of it meanwhile.

- The work is done by short-lived processes (`python -m updater install`, `… tidy`) and by the switcher; here is decided which.
- One at a time: nothing is begun while a replacement is under way, whoever began it.
- What a person asks for comes first and at once; what is due by itself waits a moment, so that many sites do not act in step.
"""

import asyncio
import math
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.files import from_json
from appliance.common.message import Message, message_of, messages_from
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from updater.components.children import Children
from updater.errors import InstallError
from updater.records import denied, history, progress
from updater.records.approval import Approval
from updater.records.cached_file import CachedFile
from updater.records.journal import FINISHED, Journal, Transaction
from updater.releases import manual_commands
from updater.releases.decision import ImageDecision, own_platform
from updater.releases.rules import Decision
from updater.releases.wanted_file import Wanted
from updater.supervisor.plan import SupervisorPlan
from updater.supervisor.stability_watch import StabilityWatch

log = structlog.get_logger()

INSTALL_SECONDS = 12 * 3600.0
"""Longest time of one installation up to the switch: a large image on a slow line."""
TIDY_SECONDS = 900.0
CANCEL_SECONDS = 120.0
CANCELLED = Message("The installation was given up before anything was switched.")
HISTORY_ROWS = 10
UPDATER = (sys.executable, "-P", "-m", "updater")


@dataclass(frozen=True, slots=True)
class ImageCommands:
    """What does the work."""

    install: Sequence[str] = (*UPDATER, "install")
    tidy: Sequence[str] = (*UPDATER, "tidy")
    cancel: Sequence[str] = (*UPDATER, "cancel")


@dataclass(frozen=True, slots=True)
class InstallerRun:
    """One run of the installer."""

    by: str
    version: str = ""
    options: tuple[str, ...] = ()
    subject: str = ""
    """What it is about where no version is known beforehand, for people."""


@dataclass(slots=True)
class _Attempts:
    """What went wrong so far, and when it is tried again. Moments of the loop."""

    version: str = ""
    failures: int = 0
    not_before: float = 0.0
    given_back: set[str] = field(default_factory=set)
    """Versions from which it was tried to go back by itself."""


class UpdateScheduler:
    """Watches over the versions."""

    def __init__(
        self,
        paths: Paths,
        children: Children,
        decision: ImageDecision,
        stability: StabilityWatch,
        *,
        commands: ImageCommands,
        plan: SupervisorPlan,
    ) -> None:
        self._folder = paths.update
        self._data = paths.data
        self._children = children
        self._decision = decision
        self._stability = stability
        self._commands = commands
        self._plan = plan
        self._journal: CachedFile[Transaction | None] = CachedFile(paths.update / "journal.json", Journal(paths.update).read)
        self._wanted = Wanted(paths.update)
        self._wanted.settle()
        self._chance = random.SystemRandom()
        self._requests: list[InstallerRun] = []
        self._installing: InstallerRun | None = None
        self._asking: asyncio.Task[bytes] | None = None
        self._attempts = _Attempts()
        self._last: dict[str, Any] | None = None

    # What the control API asks for.

    @property
    def rollout(self) -> str:
        """Return the marker of the rollout that was received last."""
        return self._decision.rollout

    def status(self) -> dict[str, Any]:
        """Return `update.image` of `GET /v1/status`, but for what the settings say."""
        decision, transaction = self._decision.now(), self._transaction()
        under_way = self._under_way()
        said = progress.read(self._folder) if under_way else None
        next_window_at = self._decision.next_window_at
        return {
            "decision": decision and _decision_json(decision),
            "progress": said and said.to_json(),
            "installing": self._version_under_way(),
            "transaction": transaction.phase if transaction else None,
            "from_version": transaction.from_version if transaction and self._replacing() else None,
            "history": [row.to_json() for row in history.read(self._folder)[:HISTORY_ROWS]],
            "denied": [row.to_json() for row in denied.read(self._folder)],
            "next_window_at": to_rfc3339(next_window_at) if next_window_at else None,
            "command": self._by_hand(decision),
            "rollout": self.rollout,
            "degraded": self._stability.degraded(),
            "last_attempt": self._last,
        }

    def look(self) -> None:
        """Look soon whether something is due: something has changed."""
        self._plan.now("install")

    def apply(self, version: str, by: str) -> None:
        """Install the version that is offered, at once, or have the host do it. Raises InstallError with the reason why not."""
        self._require_quiet()
        decision = self._decision.now()
        offered = decision.release if decision else None
        if offered is None or (version and version != offered.version):
            text = decision.text if decision else Message("The hosting server has offered no version yet.")
            raise InstallError(f"Version {version} is not offered. {text}" if version else text)
        if self._is_left_to_the_host(decision):
            raise InstallError(decision.text if decision else "")
        self._approve(offered.version, by)
        log.info("A version is to be installed because somebody asked for it.", version=offered.version, by=by)
        self._attempts = _Attempts(offered.version)
        self.look()

    def _approve(self, version: str, by: str) -> None:
        """Keep that a version is wanted. Raises InstallError where it would not be installed all the same."""
        approvals = self._decision.approvals
        before = approvals.given
        approvals.give(Approval(version, by, to_rfc3339(utc_now())))
        decision = self._decision.now()
        if self._is_left_to_the_host(decision):
            self._note(
                "nothing",
                Message("Version %(version)s is left to the host: an agent there finds it in wanted.json.", version=version),
            )
        elif decision is None or decision.state != "due":
            approvals.take_back()
            if before:
                approvals.give(before)
            raise InstallError(decision.text if decision else Message("The offer is gone."))

    def roll_back(self, by: str) -> None:
        """Go back to the version before. Raises InstallError with the reason why not."""
        self._require_quiet()
        if history.installation_of(self._folder, installed_version()) is None:
            raise InstallError(
                Message("The installed version was not installed by this appliance: there is nothing to go back to.")
            )
        self._request(InstallerRun(by, options=("--back",), subject="the version before"))

    async def cancel(self, by: str) -> str:
        """Give up what is under way, as long as nothing was switched; return a sentence. Raises InstallError with why not."""
        self._requests.clear()
        if self._asking is not None:
            log.info("An installation is given up because somebody asked for it.", by=by)
            self._asking.cancel()
            self._plan.now("tidy")  # a preflight may be left
            return CANCELLED
        if not self._replacing():
            raise InstallError(Message("No update is under way."))
        try:
            command = [*self._commands.cancel, "--by", by]
            answer = messages_from(from_json(await self._children.ask(command, os.environ, CANCEL_SECONDS)))
            done, text = bool(answer["done"]), answer["text"]
        except (OSError, TimeoutError, ValueError, LookupError, TypeError) as error:
            raise InstallError(Message("The update could not be given up: %(reason)s.", reason=message_of(error))) from error
        if not done:
            raise InstallError(text)
        self._drop(self._decision.now())
        return str(text)

    def _drop(self, decision: Decision | None) -> None:
        """Let what was given up wait as after a failure, and forget who asked for it."""
        self._decision.approvals.take_back()
        if decision and decision.release:
            self._delay(decision.release.version)

    def bundle(self, file: Path, by: str, *, allow_expired: bool) -> None:
        """Install from a bundle. Raises InstallError with the reason why not."""
        self._require_quiet()
        if not file.resolve().is_relative_to(self._data.resolve()) or not file.is_file():
            raise InstallError(Message("There is no bundle %(file)s in the data folder.", file=file))
        options = ("--bundle", str(file), *(("--allow-expired",) if allow_expired else ()))
        self._request(InstallerRun(by, options=options, subject="a bundle"))

    def allow(self, version: str, by: str) -> None:
        """Let a version be offered again that was taken back. Raises InstallError where it is not held."""
        if not denied.clear(self._folder, version):
            raise InstallError(Message("Version %(version)s is not one that this site leaves alone.", version=version))
        log.info("A version is allowed again.", version=version, by=by)
        self.look()

    # The inside.

    async def install(self) -> None:
        """Install what was requested and what is due, one after the other."""
        while run := self._requests.pop(0) if self._requests else self._due():
            await self._install(run)
        pause = min(self._pauses(), default=math.inf)
        if pause < self._plan.times.install_minutes * 60:
            self._plan.postpone("install", max(0.05, pause))

    async def tidy(self) -> None:
        """Tidy away what replacements have left over, and look whether something is due then."""
        try:
            await self._children.ask(self._commands.tidy, os.environ, TIDY_SECONDS)
        except (OSError, TimeoutError) as error:
            log.warning("What replacements have left over could not be tidied away.", reason=str(error) or "it took too long")
        self.look()
        if self._replacing():
            self._tidy_while_under_way()

    def _due(self) -> InstallerRun | None:
        """Return what is to be installed by now, without anybody asking for it at this moment."""
        if self._under_way():
            return None
        decision, now = self._decision.now(), asyncio.get_running_loop().time()
        release = decision.release if decision else None
        self._tell_host(decision)
        if run := self._back_by_itself():
            return run
        if decision is None or release is None or decision.state != "due":
            self._attempts.version = ""
            return None
        approval = self._decision.approvals.given
        wanted_by = approval.by if approval and approval.version == release.version else ""
        if self._attempts.version != release.version:
            wait = 0.0 if wanted_by else self._plan.times.install_wait_seconds * self._chance.random()
            self._attempts = _Attempts(release.version, not_before=now + wait, given_back=self._attempts.given_back)
        if now < self._attempts.not_before:
            return None
        return InstallerRun(wanted_by or "auto", release.version, ("--version", release.version) if wanted_by else ())

    def _back_by_itself(self) -> InstallerRun | None:
        version = self._stability.installed
        if not self._stability.wants_back or version in self._attempts.given_back:
            return None
        self._attempts.given_back.add(version)
        log.error("The installed version ends too often; the one before is put back, as the hosting team has signed.")
        return InstallerRun("auto", options=("--back",), subject="the version before")

    def _pauses(self) -> Iterator[float]:
        """Yield the seconds to what is worth a look: the window opens, an attempt is due."""
        if opens_at := self._decision.next_window_at:
            yield (opens_at - utc_now()).total_seconds() + 1.0
        if self._attempts.version:
            yield self._attempts.not_before - asyncio.get_running_loop().time()

    async def _install(self, run: InstallerRun) -> None:
        about = run.version or run.subject
        log.info("An installation begins.", about=about, by=run.by)
        self._installing = run
        self._asking = asyncio.create_task(self._children.ask(self._command(run), os.environ, INSTALL_SECONDS))
        try:
            await asyncio.wait((self._asking,))
            answer = messages_from(from_json(self._asking.result()))
            what, text = str(answer["what"]), answer["text"]
        except asyncio.CancelledError:
            if not self._asking.cancelled():
                self._asking.cancel()
                raise  # it is we who end
            what, text = "failed", CANCELLED
            self._decision.approvals.take_back()
        except TimeoutError:
            what, text = (
                "failed",
                Message("The installation was not over within %(hours)s hours.", hours=round(INSTALL_SECONDS / 3600)),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            what, text = "failed", Message("The installation failed: %(reason)s.", reason=message_of(error))
        finally:
            self._installing = self._asking = None
        self._take(run, what, text)

    def _command(self, run: InstallerRun) -> list[str]:
        return [*self._commands.install, "--by", run.by, *run.options]

    def _take(self, run: InstallerRun, what: str, text: str) -> None:
        """Note how an installation went as far as it goes here, and when it is tried again."""
        self._note(what, text)
        approval = self._decision.approvals.given
        if what != "failed" and approval and approval.version == run.version:
            self._decision.approvals.take_back()
        if what == "switching":
            log.info("The container is being replaced.", about=run.version or run.subject, by=run.by)
            self._tidy_while_under_way()
            return
        log.warning("The installation has not led to a replacement.", what=what, reason=text)
        if run.version:
            self._delay(run.version)

    def _delay(self, version: str) -> None:
        """Have a version tried again later: it has failed."""
        failures, chance = self._attempts.failures + 1, self._chance.random()
        not_before = asyncio.get_running_loop().time() + self._plan.times.install_retries.after(failures, chance)
        self._attempts = _Attempts(version, failures, not_before, self._attempts.given_back)

    def _note(self, what: str, text: str) -> None:
        number = self._last["number"] + 1 if self._last else 1
        self._last = {"number": number, "at": to_rfc3339(utc_now()), "what": what, "text": text}

    def _tidy_while_under_way(self) -> None:
        transaction, times = self._transaction(), self._plan.times
        stuck = transaction is not None and transaction.phase == "stuck"
        self._plan.postpone("tidy", times.tidy_stuck_minutes * 60 if stuck else times.tidy_under_way_seconds)

    def _request(self, run: InstallerRun) -> None:
        self._requests.append(run)
        self.look()

    def _require_quiet(self) -> None:
        if self._requests or self._under_way():
            about = self._version_under_way() or "a version"
            raise InstallError(Message("An installation is under way already (%(about)s). Wait until it has ended.", about=about))

    def _transaction(self) -> Transaction | None:
        return self._journal.content()

    def _replacing(self) -> bool:
        transaction = self._transaction()
        return transaction is not None and transaction.phase not in FINISHED

    def _under_way(self) -> bool:
        return self._installing is not None or self._replacing()

    def _version_under_way(self) -> str | None:
        transaction = self._transaction()
        if transaction and self._replacing():
            return transaction.to_version
        return (self._installing.version or self._installing.subject) if self._installing else None

    def _tell_host(self, decision: Decision | None) -> None:
        """Leave to an agent of the host what is due but for the engine."""
        self._wanted.tell(decision.release if decision and self._is_left_to_the_host(decision) else None, own_platform())

    def _is_left_to_the_host(self, decision: Decision | None) -> bool:
        """Return whether a version is due but for the engine."""
        return decision is not None and decision.waits == ("cannot",) and self._decision.is_for_the_host

    def _by_hand(self, decision: Decision | None) -> str | None:
        """Return the commands for a person at the host, None where the appliance does it itself."""
        if decision is None or decision.release is None or not self._decision.is_for_the_host:
            return None
        return manual_commands.commands(decision.release, own_platform(), os.environ)


def _decision_json(decision: Decision) -> dict[str, Any]:
    release = decision.release
    return {
        "state": decision.state,
        "version": release.version if release else None,
        "notes": release.notes if release else "",
        "waits": list(decision.waits),
        "text": decision.text,
    }
