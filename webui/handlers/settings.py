"""The name of the site, the hosting server, the password and the sessions."""

import asyncio
from typing import Any

import structlog
from tornado.web import HTTPError

from appliance.common.clock import utc_now
from appliance.common.errors import DcaError
from appliance.common.message import Message, message_of
from appliance.privacy.choice import choice, choose
from appliance.privacy.in_words import masks_in_words
from appliance.settings.layers import warnings_of
from appliance.settings.model import PrivacySettings
from web.translations import LANGUAGES
from webui.accounts import PasswordError, check_new_password
from webui.forms import Form, SectionForm
from webui.handlers.base import Page
from webui.handlers.overview import read_devices
from webui.handlers.session import attempt
from webui.privacy import CHOICES, FIELDS, Preview, preview

GUARDRAIL_FIELDS = (
    *("networks", "packets_per_second", "snmp_ports", "definitions"),
    *("keep_days", "check_in_seconds", "upload_seconds", "read_minutes", "sweep_minutes"),
)

log = structlog.get_logger()


class SettingsBase(Page):
    """What the forms of this page share."""

    async def show(self, status: int = 200, **forms: Form) -> None:
        """Show the page, with forms that were sent in place of fresh ones."""
        assert self.current_user is not None
        effective = self.effective()
        collector = await self.services.components.collector("GET", "/v1/status")
        values: dict[str, Any] = {
            "site": SectionForm("site", ("name",), effective),
            "privacy": SectionForm("privacy", FIELDS, effective),
            "guardrails": SectionForm("guardrails", GUARDRAIL_FIELDS, effective),
            "enrol": Form(),
            "password": Form(),
        }
        self.page(
            "settings.html",
            status,
            collector=collector,
            hosting=collector.data.get("hosting") or {},
            insecure_tls=not effective.settings.hosting.verify_tls,
            sessions=self.services.sessions.list(self.current_user.user),
            languages=LANGUAGES,
            chosen_language=self.services.accounts.language(self.current_user.user),
            web=effective.settings.web,
            privacy_choices=CHOICES,
            **await masks_now(self),
            warning=effective.left_out,
            warnings=warnings_of(effective, utc_now().date()),
            preview=await self.preview(effective.settings.privacy),
            **(values | forms),
        )

    async def preview(self, settings: PrivacySettings) -> Preview | None:
        """Return what these masks make of the newest reading."""
        return await asyncio.to_thread(preview, await read_devices(self), settings, self.services.paths.trust)


class SettingsPage(SettingsBase):
    """The page."""

    async def get(self) -> None:
        """Show it."""
        await self.show()


class Site(SettingsBase):
    """The name of the site."""

    async def post(self) -> None:
        """Keep the name."""
        form = SectionForm("site", ("name",), self.effective())
        changes = form.take(lambda field: self.get_body_argument(field, None))
        if changes is not None:
            try:
                await self.keep(changes, self._("The name is kept."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            await self.show(422, site=form)
        else:
            self.go("/settings")


class Privacy(SettingsBase):
    """The masks."""

    async def post(self) -> None:
        """Keep them."""
        form = SectionForm("privacy", FIELDS, self.effective())
        if await keep_masks(self, form):
            self.go("/settings#privacy")
        else:
            await self.show(422, privacy=form)


class Guardrails(SettingsBase):
    """The limits for what the hosting server sets."""

    async def post(self) -> None:
        """Keep them."""
        form = SectionForm("guardrails", GUARDRAIL_FIELDS, self.effective())
        kept = {"definitions": form.text("definitions")}
        changes = form.take(lambda field: self.get_body_argument(field, kept.get(field)))
        if changes is not None:
            try:
                await self.keep(changes, self._("The limits are kept."))
            except DcaError as error:
                form.errors[""] = message_of(error)
        if form.errors:
            await self.show(422, guardrails=form)
        else:
            self.go("/settings#guardrails")


class PrivacyPreview(SettingsBase):
    """What the masks in the form would make of the newest reading; nothing is kept."""

    async def post(self) -> None:
        """Show it."""
        effective = self.effective()
        form = SectionForm("privacy", FIELDS, effective)
        changes = form.take(lambda field: self.get_body_argument(field, None))
        if changes is None:
            shown: Preview | None = Preview(error=" ".join(form.errors.values()))
        else:
            current = effective.settings.privacy.model_dump()
            shown = await self.preview(PrivacySettings.model_validate(current | changes.get("privacy", {})))
        self.page("part_privacy_preview.html", preview=shown)


async def keep_masks(page: Page, form: SectionForm) -> bool:
    """Keep the masks in the form, and note that they are chosen; False, and the reason in the form, when that did not work."""
    changes = form.take(lambda field: page.get_body_argument(field, None))
    if changes is None:
        return False
    store, components = page.services.store, page.services.components
    try:
        chosen = await asyncio.to_thread(choice, store)
        if changes or chosen:
            await page.keep(changes, page._("The masks are kept. They apply from the next reading on."))
        if chosen is None:
            # The masks are in force where readings are sent before they count as chosen there.
            await asyncio.to_thread(choose, store, "page", utc_now())
            await components.reload()
    except DcaError as error:
        form.errors[""] = message_of(error)
    return not form.errors


async def masks_now(page: Page) -> dict[str, Any]:
    """Return what pages tell of the masks in force: who has chosen them, None while nobody has, and what they are."""
    return {
        "masks_chosen": await asyncio.to_thread(choice, page.services.store),
        "masks_in_force": masks_in_words(page.effective().settings.privacy),
    }


async def enrol(page: Page, form: Form) -> bool:
    """Enrol the site with what was sent; False, and the reason in the form, when that did not work."""
    text = page.get_body_argument("enrolment", "").strip()
    if not text:
        form.errors["enrolment"] = page._("Paste the enrolment string the hosting team gave you.")
        return False
    answer = await page.services.components.enrol(text)
    if answer.error:
        form.errors["enrolment"] = answer.error
        return False
    log.info("enrolled with the hosting server", url=answer.data.get("url"), site_id=answer.data.get("site_id"))
    page.notice("ok", page._("The site is enrolled with %(url)s.") % {"url": answer.data.get("url", "")})
    if await asyncio.to_thread(choice, page.services.store) is None:
        page.notice("warn", Message("Nothing is sent before the masks are chosen."))
    return True


class Hosting(SettingsBase):
    """Enrolment with a hosting server."""

    async def post(self) -> None:
        """Enrol. The string is a secret until it is used, so it is not shown again."""
        form = Form()
        if await enrol(self, form):
            self.go("/settings")
        else:
            await self.show(422, enrol=form)


class CheckIn(Page):
    """A check-in because a person asks for it, also while the site is quiet."""

    async def post(self) -> None:
        """Wait for the hosting server, and tell what it says."""
        answer = await self.services.components.check_in()
        self.notice("warn" if answer.error else "ok", answer.error or answer.data.get("text", ""))
        self.go("/settings#hosting")


class Password(SettingsBase):
    """A new password."""

    async def post(self) -> None:
        """Change the password; all other sessions end."""
        assert self.current_user is not None
        form = Form()
        new = self.get_body_argument("new_password", "", strip=False)
        if not attempt(self, form):
            await self.show(429, password=form)
            return
        user = self.current_user.user
        if not await self.services.accounts.check(user, self.get_body_argument("password", "", strip=False)):
            log.warning("a password was not changed: the old one was wrong", ip=self.client_ip, user=user)
            form.errors["password"] = self._("This is not the password in use.")
        try:
            check_new_password(new, self.get_body_argument("new_password_again", "", strip=False))
        except PasswordError as error:
            form.errors["new_password"] = message_of(error)
        if form.errors:
            await self.show(422, password=form)
            return
        await self.services.accounts.set_password(user, new)
        await asyncio.to_thread(self.services.sessions.end_all, user, but=self.current_user.key)
        log.info("a password was changed", ip=self.client_ip, user=user)
        self.notice("ok", self._("The password is changed. All other sessions have ended."))
        self.go("/settings")


class Language(Page):
    """The language of the pages for this account."""

    async def post(self) -> None:
        """Keep it."""
        assert self.current_user is not None
        code = self.get_body_argument("language", "")
        if code and code not in LANGUAGES:
            raise HTTPError(400)
        await asyncio.to_thread(self.services.accounts.set_language, self.current_user.user, code)
        self.notice("ok", Message("The language is kept."))
        self.go("/settings#language")


class EndSessions(Page):
    """Ending other sessions of the account."""

    async def post(self) -> None:
        """End the session named, or all but this one."""
        assert self.current_user is not None
        key = self.get_body_argument("key", "")
        sessions = self.services.sessions
        if key:
            await asyncio.to_thread(sessions.end, key, self.current_user.user)
        else:
            await asyncio.to_thread(sessions.end_all, self.current_user.user, but=self.current_user.key)
        self.notice("ok", self._("Ended."))
        self.go("/settings")
