"""What is scanned, with which credentials, and a scan at work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, ClassVar, get_args

import structlog
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from appliance.common.errors import ControlError, DcaError, StoreError
from appliance.common.message import Message, message_of, sentences
from appliance.report.network_load import WEB_PAGE_SOURCE, table
from appliance.settings.layers import beyond_guardrails
from appliance.settings.model import CommunityCredential, SnmpCredential
from appliance.settings.reach import unusual_reach
from appliance.settings.risks import whole_networks_told
from appliance.settings.scan_targets import wanted_targets
from appliance.snmp.v3.usm import AuthProtocol, PrivProtocol
from appliance.store.traffic_report import TrafficReport, traffic_report
from webui.credentials import NEW_USER, described, take_community, take_user
from webui.forms import Form, SectionForm, lines
from webui.handlers.base import Page
from webui.network_load import days_chart, load_lines
from webui.networks import count_addresses, suggest

RANGE_FIELDS = ("targets", "exclude")
PACE_FIELDS = ("sweep_minutes", "read_minutes", "silent_hours", "packets_per_second", "icmp", "http", "quiet_times")
FINDING_FIELDS = ("dns_sd", "neighbours", "routers", "router_credential", "new_devices")
MOST_FOUND = 100
"""Printers that wait for a decision, as many as the page shows at once."""
SAY_SECONDS = 5.0
SESSION_CHECK_SECONDS = 15.0
MOST_STREAMS = 20
LOAD_DAYS = 30
CREDENTIALS = "snmp.credentials"

log = structlog.get_logger()


class ScanningPage(Page):
    """What the forms of the scanning page share."""

    async def show(self, status: int = 200, **forms: Form) -> None:
        """Show the page, with forms that were sent in place of fresh ones."""
        effective = self.effective()
        ask = self.services.components.collector
        collector, found, load = await asyncio.gather(ask("GET", "/v1/status"), ask("GET", "/v1/found"), self._load())
        snmp = effective.settings.snmp
        values: dict[str, Any] = {
            "ranges": SectionForm("scan", RANGE_FIELDS, effective),
            "pace": SectionForm("scan", PACE_FIELDS, effective),
            "finding": SectionForm("scan", FINDING_FIELDS, effective),
            "credential": Form({"version": "2c"}),
            "user": Form(dict(NEW_USER)),
        }
        self.page(
            "scanning.html",
            status,
            collector=collector,
            scan=collector.data.get("scan") or {},
            last_scan=collector.data.get("last_scan"),
            targets=wanted_targets(effective.settings),
            addresses=count_addresses(wanted_targets(effective.settings)),
            looks_beside=effective.settings.scan.dns_sd or effective.settings.scan.neighbours,
            found=found,
            most_found=MOST_FOUND,
            credential_names=list(dict.fromkeys(item.name for item in snmp.credentials if item.name)),
            for_routers=effective.settings.scan.router_credential,
            forbidden=beyond_guardrails(effective),
            credentials=[described(item) for item in snmp.credentials],
            auth_protocols=get_args(AuthProtocol),
            priv_protocols=get_args(PrivProtocol),
            credentials_lock=effective.variables.get(CREDENTIALS, ""),
            suggestions=suggest(self.client_ip),
            load=load,
            load_lines=load_lines(load.network_load),
            chart=days_chart(load.days),
            page_source=WEB_PAGE_SOURCE,
            **(values | forms),
        )

    async def _load(self) -> TrafficReport:
        """Return what was counted, nothing while there is no store yet."""
        try:
            return await asyncio.to_thread(traffic_report, self.services.reader, LOAD_DAYS)
        except StoreError:
            return TrafficReport((), {}, {}, table({}, printers=0, addresses=0))

    def form_text(self, field: str) -> str | None:
        """Return the text of a field as it was sent, None when it was not."""
        return self.get_body_argument(field, None)

    def typed(self, field: str) -> str:
        """Return the text of a field as it was sent, blanks included; empty when it was not."""
        return self.get_body_argument(field, "", strip=False)

    def sent_credential(self) -> tuple[Form, CommunityCredential | None]:
        """Return the form of a community and, when it is complete, the credential."""
        return take_community(self.typed)

    def is_meant(self, form: Form, changes: Mapping[str, Mapping[str, Any]]) -> bool:
        """Return whether ranges may be kept: what reaches unusually far has to be confirmed, and the form then says so."""
        targets = changes.get("scan", {}).get("targets", ())
        form.doubt = sentences(*unusual_reach(targets, self.effective().settings.scan.packets_per_second))
        return not form.doubt or self.get_body_argument("meant", "") == form.doubt

    async def keep_ranges(self, form: Form, changes: Mapping[str, Mapping[str, Any]], done: str) -> None:
        """Keep what a form with ranges changes, and tell what was written in another form than it is kept in. Raises DcaError."""
        await self.keep(changes, done, form.doubt)
        for note in whole_networks_told(lines(form.text("targets")) if "targets" in changes.get("scan", {}) else ()):
            self.notice("info", note)

    async def keep_credentials(self, credentials: list[SnmpCredential], done: str) -> None:
        """Write the list of credentials. Raises DcaError."""
        await self.keep({"snmp": {"credentials": [credential.model_dump() for credential in credentials]}}, done)


class Scanning(ScanningPage):
    """The page."""

    async def get(self) -> None:
        """Show it."""
        await self.show()


class SectionSave(ScanningPage):
    """A form over fields of the section `scan`."""

    fields: ClassVar[tuple[str, ...]]
    form_name: ClassVar[str]
    done: ClassVar[str]

    async def post(self) -> None:
        """Keep the fields, or show what is wrong with them."""
        form = SectionForm("scan", self.fields, self.effective())
        changes = form.take(self.form_text)
        meant = changes is not None and self.is_meant(form, changes)
        if changes is not None and meant:
            try:
                await self.keep_ranges(form, changes, self._(self.done))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors or not meant:
            await self.show(422, **{self.form_name: form})
        else:
            self.go("/scanning")


class Ranges(SectionSave):
    """Which addresses are scanned."""

    fields = RANGE_FIELDS
    form_name = "ranges"
    done = Message("The ranges are kept.")


class Pace(SectionSave):
    """How often and how fast."""

    fields = PACE_FIELDS
    form_name = "pace"
    done = Message("The schedule is kept.")


class Credentials(ScanningPage):
    """A new credential, tried after the others."""

    async def post(self) -> None:
        """Add it."""
        form, credential = self.sent_credential()
        await self.add("credential", form, credential)

    async def add(self, form_name: str, form: Form, credential: SnmpCredential | None) -> None:
        """Keep a credential that is complete; show the form again when it is not."""
        if credential:
            try:
                kept = [*self.effective().settings.snmp.credentials, credential]
                await self.keep_credentials(kept, self._("The credential is kept."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            await self.show(422, **{form_name: form})
        else:
            self.go("/scanning")


class Users(Credentials):
    """A new credential for SNMPv3, tried after the others."""

    async def post(self) -> None:
        """Add it."""
        form, credential = take_user(self.typed)
        await self.add("user", form, credential)


class ChangeCredential(ScanningPage):
    """Removing a credential, or trying it first."""

    async def post(self) -> None:
        """Do it to the credential at `place`, if it still has the name the page showed."""
        credentials = list(self.effective().settings.snmp.credentials)
        place = self.get_body_argument("place")
        index = int(place) if place.isdecimal() and len(place) < 3 else -1
        if not 0 <= index < len(credentials) or credentials[index].name != self.get_body_argument("name", ""):
            self.notice("warn", self._("The list of credentials has changed in the meantime. Look again."))
        elif self.get_body_argument("action") == "first":
            credentials.insert(0, credentials.pop(index))
            await self.keep_credentials(credentials, self._("This credential is tried first now."))
        elif len(credentials) == 1:
            self.notice(
                "warn",
                self._("The last credential cannot be removed: without one no printer can be asked. Add another one first."),
            )
        else:
            del credentials[index]
            await self.keep_credentials(credentials, self._("The credential is removed."))
        self.go("/scanning")


class StartScan(Page):
    """Scan now."""

    async def post(self) -> None:
        """Start the scan and go back to where it was asked for."""
        answer = await self.services.components.collector("POST", "/v1/scan", {})
        if answer.error and not await self._scans_already():
            self.notice("warn", answer.error)
        self.go("/setup/scan" if self.get_body_argument("from", "") == "setup" else "/scanning")

    async def _scans_already(self) -> bool:
        """Whether what was asked for is at work already: the collector begins by itself when it gets new ranges."""
        status = await self.services.components.collector("GET", "/v1/status")
        return (status.data.get("scan") or {}).get("kind") == "sweep"


class CancelScan(Page):
    """Stop the scan at work."""

    async def post(self) -> None:
        """Cancel it."""
        answer = await self.services.components.collector("POST", "/v1/scan/cancel", {})
        self.notice("warn" if answer.error else "info", answer.error or self._("The scan is being cancelled."))
        self.go("/setup/scan" if self.get_body_argument("from", "") == "setup" else "/scanning")


class ScanEvents(Page):
    """The scan at work as server-sent events (HTML Living Standard §9.2): `html`, `say` and `done`, as page.js takes them."""

    prolongs_session = False

    async def get(self) -> None:
        """Stream until the scan is done, the browser goes away or the session ends."""
        if self.services.open_streams >= MOST_STREAMS:
            self.set_header("Retry-After", "10")
            raise HTTPError(503)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")  # nginx would hold the events back
        self.services.open_streams += 1
        try:
            await self._stream(self.services.components.scan_events())
        except StreamClosedError:
            return
        except ControlError as error:
            await self._send("say", self._(message_of(error)))
            log.warning("the progress of the scan is not known", reason=str(error))
        finally:
            self.services.open_streams -= 1

    async def _stream(self, events: AsyncIterator[dict[str, Any]]) -> None:
        loop = asyncio.get_running_loop()
        said_at, checked_at = 0.0, loop.time()
        async for scan in events:
            now = loop.time()
            if now - checked_at > SESSION_CHECK_SECONDS:
                checked_at = now
                if self.get_current_user() is None:
                    break
            if not scan:
                break
            await self._send("html", self.render_string("part_scan_progress.html", progress=scan).decode())
            if now - said_at > SAY_SECONDS or scan.get("done"):
                said_at = now
                await self._send("say", self._(scan.get("text", "")))
            if scan.get("done"):
                break
        await self._send("done", "")

    async def _send(self, event: str, data: str) -> None:
        body = "".join(f"data: {line}\n" for line in data.splitlines()) or "data:\n"
        self.write(f"event: {event}\n{body}\n")
        await self.flush()
