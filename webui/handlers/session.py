"""Logging in and out."""

import asyncio

import structlog

from appliance.common.message import Message
from web.security import local_path
from webui.forms import Form
from webui.handlers.base import SESSION_COOKIE, Access, Page

USER_LONGEST = 100

log = structlog.get_logger()


async def begin_session(page: Page, user: str) -> None:
    """Start a session for `user` with a new id, whatever the browser brought along, and let the browser keep it."""
    old = page.current_user
    if old:
        await asyncio.to_thread(page.services.sessions.end, old.key, old.user)
    agent = page.request.headers.get("User-Agent", "")
    session_id = await asyncio.to_thread(page.services.sessions.start, user, ip=page.client_ip, agent=agent)
    page.set_cookie(SESSION_COOKIE, session_id, expires_days=None)
    page.current_user = page.services.sessions.find(session_id)


def attempt(page: Page, form: Form) -> bool:
    """Count an attempt to show a secret; False where it is one too many, which the form and `Retry-After` then say."""
    if wait := page.services.logins.attempt(page.client_ip):
        page.set_header("Retry-After", str(wait))
        form.errors[""] = Message("Too many attempts. Wait %(count)d seconds and try again.", count=wait)
    return not wait


class Login(Page):
    """The login page."""

    access = Access.EVERYONE

    def get(self) -> None:
        """Show the form, or the setup while there is no account."""
        if not self.services.accounts.exist():
            self.go("/setup")
        elif self.current_user:
            self.go(local_path(self.get_query_argument("next", "/")))
        else:
            self._show(Form({"user": ""}))

    async def post(self) -> None:
        """Check name and password. Attempts are counted, and failed ones logged with address and name."""
        user = self.get_body_argument("user", "")[:USER_LONGEST]
        form = Form({"user": user})
        if not attempt(self, form):
            log.warning("too many attempts to log in", ip=self.client_ip, user=user)
            self._show(form, 429)
            return
        if not await self.services.accounts.check(user, self.get_body_argument("password", "", strip=False)):
            log.warning("login failed", ip=self.client_ip, user=user)
            form.errors[""] = self._("User name and password do not belong together.")
            self._show(form, 401)
            return
        self.services.logins.succeeded(self.client_ip)
        await begin_session(self, user)
        log.info("logged in", ip=self.client_ip, user=user)
        self.go(local_path(self.get_body_argument("next", "/")))

    def _show(self, form: Form, status: int = 200) -> None:
        target = local_path(self.get_argument("next", "/"))
        self.page("login.html", status, form=form, next_path=target, site_name="")


class Logout(Page):
    """The end of a session."""

    async def post(self) -> None:
        """End the session here and at the browser."""
        assert self.current_user is not None
        await asyncio.to_thread(self.services.sessions.end, self.current_user.key, self.current_user.user)
        self.clear_cookie(SESSION_COOKIE, path=self.prefix or "/")
        self.go("/login")
