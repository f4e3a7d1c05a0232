"""A new version that proves itself: it tells the switcher how far it is, until it is kept or taken back.

Ready is who runs with all components, whose collector passes its deep check, whose web UI answers on its port, and who has tried
each way to the hosting server, however that went: a check for what is new, a check-in, and an upload, unless nothing waits. The
switcher tells by a try of its own whether a failed one is the fault of the version.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.errors import DcaError
from appliance.common.message import Message, sentences
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from updater.checks.deep import Deep
from updater.components.component import Component, ComponentState
from updater.configuration.rules import CheckResult
from updater.errors import Reason
from updater.records.acknowledgement import Acknowledgement, Contact, write
from updater.records.journal import FINISHED, Journal, Transaction
from updater.supervisor.contact_proof import ContactProof
from updater.supervisor.plan import SupervisorPlan

log = structlog.get_logger()

AGAIN_SECONDS = 10.0
"""A check that failed is made again after this time: one lost packet is no reason to go back."""


class Acknowledger:
    """Speaks for the version that runs while it is on trial, and sees how the trial ends."""

    def __init__(
        self,
        paths: Paths,
        components: Sequence[Component],
        plan: SupervisorPlan,
        *,
        ask: Callable[[], None],
        asks: Callable[[], bool],
        ended: Callable[[Transaction], None],
    ) -> None:
        """Hand in what belongs to the check, and whom to tell of the end.

        `ask` lets the hosting server be asked soon and `asks` says whether this site does that at all; `ended` is called when a
        replacement has come to its end.
        """
        self._folder = paths.update
        self._plan = plan
        self._journal = Journal(paths.update)
        self._components = components
        self._ask = ask
        self._asks = asks
        self._ended = ended
        self._deep = Deep()
        self._refresh: Contact | None = None
        self._contact = ContactProof(paths.collector_socket)
        self._said: Acknowledgement | None = None
        self._following = self._proving = False
        self._again_at = 0.0

    def checked(self, result: CheckResult) -> None:
        """Take note of a check that has ended."""
        if result.reason == Reason.BUSY or self._refresh == "ok":
            return
        # What was verified and refused has arrived: the way to the hosting server is good.
        self._refresh = "ok" if result.ok or result.marker else "failed"
        self._again_at = asyncio.get_running_loop().time() + AGAIN_SECONDS

    async def follow(self) -> None:
        """Look at the replacement that was under way at the start, if there was one; when it has ended nothing is followed more."""
        transaction = self._journal.read()
        if transaction is None or transaction.phase in FINISHED:
            self._plan.remove("follow")
            if transaction and self._following:
                self._ended(transaction)
            return
        if not self._following:
            self._begin(transaction)
        if transaction.phase == "switching":
            if self._proving:
                await self._tell(transaction)
            self._plan.postpone("follow", self._plan.times.trial_seconds)

    def _begin(self, transaction: Transaction) -> None:
        self._following = True
        self._proving = transaction.phase == "switching" and transaction.to_version == installed_version()
        if self._proving:
            log.info("This version is on trial.", version=installed_version(), transaction=transaction.transaction)
            self._request()

    def _request(self) -> None:
        """Have the hosting server asked, now."""
        self._again_at = asyncio.get_running_loop().time() + AGAIN_SECONDS
        if not self._asks():
            self._refresh = "off"
            return
        try:
            self._ask()
        except DcaError:
            self._refresh = "off"

    async def _tell(self, transaction: Transaction) -> None:
        if self._refresh in (None, "failed") and asyncio.get_running_loop().time() >= self._again_at:
            self._request()
        troubles = {component.name: await self._trouble(component) for component in self._components}
        lacks = [text for text in troubles.values() if text]
        if self._refresh is None:
            lacks.append(Message("The first check for what is new has not ended yet."))
        contact = await self._contact.look()
        if not contact.is_known:
            lacks.append(Message("The first check-in and the first upload have not ended yet."))
        said = Acknowledgement(
            transaction.transaction,
            installed_version(),
            at="",
            stage="starting" if lacks else "ready",
            collector=troubles.get("collector", "") is None,
            webui=troubles.get("webui", "") is None,
            refresh=self._refresh or "off",
            check_in=contact.check_in or "off",
            upload=contact.upload or "off",
            text=sentences(*lacks, contact.text),
        )
        if said != self._said:
            self._write(said)

    def _write(self, said: Acknowledgement) -> None:
        try:
            write(self._folder, replace(said, at=to_rfc3339(utc_now())))
        except OSError as error:
            log.warning("What this version says of itself could not be written; it is tried again.", reason=error.strerror)
            return
        self._said = said
        log.info("This version has told how far it is.", stage=said.stage, reason=said.text or None)

    async def _trouble(self, component: Component) -> str | None:
        if component.state is not ComponentState.RUNNING:
            return Message("The %(name)s is %(state)s.", name=component.name, state=component.state.value.replace("_", " "))
        return await self._deep.ask(component.spec)
