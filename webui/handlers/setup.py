"""The first-run setup: six steps, each kept at once, so that it can be interrupted at any of them.

Masks come before the hosting server, and nothing is scanned before the last step: what leaves the site, and when its network is
touched, is decided here.
"""

import asyncio
from typing import Any

import structlog

from appliance.common.errors import DcaError
from appliance.common.message import Message, message_of
from appliance.settings.first_scan import let_first_scan_wait
from webui.accounts import FIRST_ACCOUNT, AccountExistsError, PasswordError, check_new_password
from webui.forms import Form, SectionForm, lines
from webui.handlers.base import Access, Page
from webui.handlers.health_and_updates import UPDATE_LEVELS, SwitchesForm
from webui.handlers.scanning import RANGE_FIELDS, ScanningPage
from webui.handlers.session import attempt, begin_session
from webui.handlers.settings import enrol, keep_masks, masks_now
from webui.networks import count_addresses, suggest
from webui.privacy import CHOICES, FIELDS

STEPS = (
    Message("Password"),
    Message("Privacy"),
    Message("Hosting server"),
    Message("Devices"),
    Message("Care"),
    Message("First scan"),
)

_KEPT = {
    (True, False): Message("The ranges are kept."),
    (False, True): Message("The credential is kept."),
    (True, True): Message("Ranges and credential are kept."),
    (False, False): Message("Nothing was changed."),
}
"""What the step for devices says, by whether ranges and whether a credential was given."""

log = structlog.get_logger()


class SetupPage(Page):
    """A step of the setup."""

    def step(self, number: int, status: int = 200, **values: Any) -> None:
        """Show the step with this number, from 1."""
        self.page(f"setup_{number}.html", status, step=number, steps=STEPS, **values)


class Account(SetupPage):
    """Step 1: the token from the log, a password, the name of the site."""

    access = Access.FIRST_RUN

    def get(self) -> None:
        """Show the form."""
        self._show(SectionForm("site", ("name",), self.effective()))

    async def post(self) -> None:
        """Make the account for whoever knows the token, and log in."""
        form = SectionForm("site", ("name",), self.effective())
        changes = form.take(lambda field: self.get_body_argument(field, None))
        form.values["token"] = self.get_body_argument("token", "")
        if not attempt(self, form):
            self._show(form, 429)
            return
        password = self.get_body_argument("password", "", strip=False)
        if not self.services.setup_token.matches(form.values["token"]):
            log.warning("a wrong token was given to the first-run setup", ip=self.client_ip)
            form.errors["token"] = self._("This is not the token of the last start. Copy it from the end of the log.")
        try:
            check_new_password(password, self.get_body_argument("password_again", "", strip=False))
        except PasswordError as error:
            form.errors["password"] = message_of(error)
        if form.errors:
            self._show(form, 422)
            return
        try:
            await self.services.accounts.create_first(FIRST_ACCOUNT, password)
        except AccountExistsError:
            self.go("/login")
            return
        self.services.logins.succeeded(self.client_ip)
        log.info("the first account was made", user=FIRST_ACCOUNT, ip=self.client_ip)
        await begin_session(self, FIRST_ACCOUNT)
        await asyncio.to_thread(let_first_scan_wait, self.services.store)
        if changes:
            await asyncio.to_thread(self.services.store.change_site, changes)
        await self.services.components.reload()
        self.go("/setup/privacy")

    def _show(self, form: Form, status: int = 200) -> None:
        self.step(1, status, form=form, user=FIRST_ACCOUNT, site_name="")


class Masks(SetupPage):
    """Step 2: what may leave the site."""

    async def get(self) -> None:
        """Show the form, with the masks in force."""
        await self._show(SectionForm("privacy", FIELDS, self.effective()))

    async def post(self) -> None:
        """Keep the masks, changed or not: now they are chosen."""
        form = SectionForm("privacy", FIELDS, self.effective())
        if await keep_masks(self, form):
            self.go("/setup/hosting")
        else:
            await self._show(form, 422)

    async def _show(self, form: SectionForm, status: int = 200) -> None:
        self.step(2, status, privacy=form, privacy_choices=CHOICES, **await masks_now(self))


class Hosting(SetupPage):
    """Step 3: enrolment with the hosting server, which may wait."""

    async def get(self) -> None:
        """Show the form, or that it is done."""
        await self._show(Form())

    async def post(self) -> None:
        """Enrol, or go on without."""
        form = Form()
        if self.get_body_argument("later", "") or await enrol(self, form):
            self.go("/setup/devices")
        else:
            await self._show(form, 422)

    async def _show(self, form: Form, status: int = 200) -> None:
        collector = await self.services.components.collector("GET", "/v1/status")
        hosting = collector.data.get("hosting") or {}
        self.step(3, status, form=form, collector=collector, hosting=hosting, **await masks_now(self))


class Devices(ScanningPage, SetupPage):
    """Step 4: which addresses to look at, and how to ask."""

    def get(self) -> None:
        """Show the form; networks are suggested, none is chosen."""
        self._show(SectionForm("scan", RANGE_FIELDS, self.effective()), Form())

    async def post(self) -> None:
        """Keep the ranges and, when one was typed, the community."""
        ticked = self.get_body_arguments("suggested")
        form = SectionForm("scan", RANGE_FIELDS, self.effective())
        credential_form, credential = self.sent_credential()
        if not self.get_body_argument("community", ""):
            credential_form.errors.clear()

        def sent(field: str) -> str | None:
            typed = self.get_body_argument(field, None)
            return "\n".join([*ticked, *lines(typed or "")]) if field == "targets" else typed

        changes = form.take(sent)
        meant = changes is not None and self.is_meant(form, changes)
        if changes is not None and meant and not credential_form.errors:
            try:
                await self._keep(form, changes, credential)
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors or credential_form.errors or not meant:
            self._show(form, credential_form, 422)
        else:
            self.go("/setup/care")

    async def _keep(self, form: Form, changes: dict[str, dict[str, Any]], credential: Any) -> None:
        done = _KEPT["scan" in changes, bool(credential)]
        if credential:
            current = self.effective().settings.snmp.credentials
            changes = changes | {"snmp": {"credentials": [one.model_dump() for one in (credential, *current)]}}
        if changes:
            await asyncio.to_thread(let_first_scan_wait, self.services.store)
            await self.keep_ranges(form, changes, done)

    def _show(self, form: Form, credential: Form, status: int = 200) -> None:
        effective = self.effective()
        self.step(
            4,
            status,
            form=form,
            credential=credential,
            suggestions=[] if form.lock("targets") or form.text("targets") else suggest(self.client_ip),
            credentials_lock=effective.variables.get("snmp.credentials", ""),
        )


class Care(SetupPage):
    """Step 5: health check and intelligent update."""

    def get(self) -> None:
        """Show the switches."""
        self.step(5, form=SwitchesForm(self.effective()), levels=UPDATE_LEVELS)

    async def post(self) -> None:
        """Keep the switches."""
        form = SwitchesForm(self.effective())
        changes = form.take(self)
        if changes:
            try:
                await self.keep(changes, self._("The switches are kept."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            self.step(5, 422, form=form, levels=UPDATE_LEVELS)
        else:
            self.go("/setup/scan")


class FirstScan(SetupPage):
    """Step 6: the first scan, while one watches."""

    async def get(self) -> None:
        """Show the button, the scan at work, or what it found."""
        collector = await self.services.components.collector("GET", "/v1/status")
        targets = self.effective().settings.scan.targets
        self.step(
            6,
            collector=collector,
            scan=collector.data.get("scan") or {},
            last_scan=collector.data.get("last_scan"),
            targets=targets,
            addresses=count_addresses(targets),
        )
