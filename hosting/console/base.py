"""Base of the console's pages: nobody gets in without a session unless a page says it is public."""

from collections.abc import Callable, Container, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, TypeVar
from urllib.parse import urlencode

import structlog
from tornado.web import HTTPError

from appliance.common.clock import utc_now
from appliance.common.message import Message, message_of
from appliance.common.version import installed_version
from hosting.configuration.scope import group_scope
from hosting.console import texts
from hosting.db import accounts
from hosting.db.accounts import Session
from hosting.db.connection.database import Connection
from hosting.db.lists.keyset import Key, Place, PlaceError, read_place
from hosting.errors import BusyError, ConfigurationError, DataError, DeadlineError, RepositoryError
from hosting.web import BaseHandler
from web import quantities
from web.hidden_characters import escape_shown
from web.origin import FormRefusedError
from web.translations import ENGLISH, TranslatedHandler

Result = TypeVar("Result")

SESSION_COOKIE = "dca_hosting_session"
WRITTEN_COOKIE = "dca_hosting_written"
"""Whoever sent a form sees for a while what is newest, whichever server is asked."""
NAVIGATION = (
    ("/sites", Message("Sites")),
    ("/devices", Message("Devices")),
    ("/configuration", Message("Configuration")),
    ("/releases", Message("Releases")),
    ("/enrolment", Message("Enrolment")),
    ("/repository", Message("Repository")),
    ("/jobs", Message("Jobs")),
    ("/tokens", Message("Tokens")),
)

NOTICES: Mapping[str, tuple[str, str]] = {
    "scan": ("ok", Message("The scan is asked for. The site begins it at its next check-in.")),
    "scan-waits": ("info", Message("A scan is asked for already. The site begins it at its next check-in.")),
    "revoked": ("ok", Message("The site is revoked: from now on the server refuses what it sends.")),
    "admitted": ("ok", Message("The site is admitted again.")),
    "deactivated": ("ok", Message("The site is deactivated: from now on the server turns it away.")),
    "activated": ("ok", Message("The site is active again.")),
    "removal": ("ok", Message("The removal of the site is planned. Until its day it can be called off.")),
    "device-removal": ("ok", Message("The removal of the device is planned. Until its day it can be called off.")),
    "kept": ("ok", Message("The removal is called off.")),
    "renamed": ("ok", Message("The site has its new name.")),
    "expiry": ("ok", Message("The expiry of the site is set.")),
    "check": ("ok", Message("The check is asked for. The site looks for its configuration at its next check-in.")),
    "check-waits": ("info", Message("A check is asked for already.")),
    "bundle": ("ok", Message("A support bundle is asked for. The site sends it at its next check-in.")),
    "bundle-waits": ("info", Message("A support bundle is asked for already.")),
    "group": ("ok", Message("The group is signed into the configuration of the site.")),
    "published": ("ok", Message("The configuration is signed and published. Sites learn of it at their next check-in.")),
    "rollout": ("ok", Message("The rollout is signed and published. Sites learn of it at their next check-in.")),
    "token-revoked": ("ok", Message("The token is revoked: from now on it opens nothing.")),
    "same": ("info", Message("Nothing is different, so nothing was published.")),
}
"""What a page says after something was done, by the name in `?done=`: never text out of an address."""


FOREIGN_FORM = Message("The form is out of date or came from another site. Go back, load the page again and send it once more.")
NOT_UNDERSTOOD = Message("The request is not understood. Go back, load the page again and try once more.")
ERRORS: Mapping[int, str] = {
    403: FOREIGN_FORM,
    404: Message("There is no such page."),
    405: Message("This page cannot be asked in this way."),
}
"""What is told of what Tornado refuses: its own words are for programmers."""


class RefusedError(HTTPError):
    """A request is refused; `text` says why, to the person who sent it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.text = text


class ThrottledError(RefusedError):
    """Too many attempts; `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(429, Message("Too many attempts to log in. Try again in %(wait)d seconds.", wait=wait))
        self.wait = wait


class GroupAsked(NamedTuple):
    """The name of a group that somebody asked for, and why it is none; both empty where nobody did."""

    name: str
    fault: str


class ConsoleHandler(TranslatedHandler, BaseHandler):
    """A page. `self.session` is who is logged in."""

    languages: ClassVar[tuple[str, ...]] = (ENGLISH,)
    public: ClassVar[bool] = False
    session: Session | None = None
    badges: Mapping[str, tuple[str, str]] = MappingProxyType({})
    """Level and word beside a link of the navigation, by its path."""

    async def prepare(self) -> None:
        """Let in who is logged in; send others to the login page."""
        if self.request.method == "POST":
            # Longer than a standby may be behind, and than is passed until that is seen.
            self.set_cookie(WRITTEN_COOKIE, "1", max_age=int(self.config.limits.behind_seconds) + 5)
        secret = self.get_cookie(SESSION_COOKIE)
        if secret:
            self.session, due = await self.services.pages.read(lambda connection: accounts.find_session(connection, secret))
            if self.session and due:
                session_hash = self.session.session_hash
                await self.services.pages.write(lambda connection: accounts.see_session(connection, session_hash))
        if self.session:
            self.badges = await self.services.pages.run(self._look_for_alarms)
        if self.session or self.public:
            return
        if self.request.method in ("GET", "HEAD"):
            self.redirect(self.url("/login", next=self.request.path) if self.request.path != "/" else self.url("/login"))
        else:
            raise RefusedError(403, Message("You are not logged in, or your session is over. Log in again."))

    async def look(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` reads: at most some seconds old, and not older than what this person has written."""
        newest = self.request.method == "POST" or self.get_cookie(WRITTEN_COOKIE) is not None
        return await self.services.pages.look(work, newest=newest)

    def check_xsrf_cookie(self) -> None:
        """Refuse a form without the token of this browser, in words for the person who sent it."""
        try:
            super().check_xsrf_cookie()
        except HTTPError as error:
            raise RefusedError(403, FOREIGN_FORM) from error

    def log_fields(self) -> dict[str, str]:
        """Return for the log which account asks."""
        return super().log_fields() | ({"account": self.session.account} if self.session else {})

    def _look_for_alarms(self) -> Mapping[str, tuple[str, str]]:
        try:
            status = self.services.repository.status(utc_now())
        except RepositoryError:
            return {"/repository": ("bad", Message("Damaged"))}
        states = {role.state for role in status.alarming()} if status else set()
        return {"/repository": texts.ROLE_STATES["expired" if "expired" in states else "late"]} if states else {}

    @property
    def actor(self) -> str:
        """The account that is logged in."""
        if self.session is None:
            raise HTTPError(403)
        return self.session.account

    @property
    def over_https(self) -> bool:
        """Whether browsers reach the console by HTTPS: a proxy that ends TLS need not tell where the public URL does."""
        return super().over_https or any(url.startswith("https:") for url in self.config.public_urls)

    @property
    def cookie_path(self) -> str:
        """Cookies are for this console alone."""
        return f"{self.config.base_path}/"

    def url(self, path: str, **query: str) -> str:
        """Return the address of a page, below the path of the public URL."""
        return f"{self.config.base_path}{path}" + (f"?{urlencode(query)}" if query else "")

    def chosen_argument(self, name: str, allowed: Container[str]) -> str:
        """Return a value of the query that is one of `allowed`, empty without one.

        Raises RefusedError 422 for another: a list that left out a filter would show what nobody asked for.
        """
        value = self.get_query_argument(name, "")
        if value and value not in allowed:
            wrong = Message("%(value)s is nothing that %(name)s can be. Choose it in the list again.", value=value[:40], name=name)
            raise RefusedError(422, wrong)
        return value

    def place(self, order: str, keys: Sequence[Key]) -> Place:
        """Return where in a list `?at=` says that its part begins. Raises RefusedError 422 for what is no place in this order."""
        try:
            return read_place(self.get_query_argument("at", ""), order, keys)
        except PlaceError:
            raise RefusedError(422, Message("The address names no part of this list. Open the list again.")) from None

    def open_group(self, pages: str) -> GroupAsked | None:
        """Redirect to the page below `pages` of the group in `?group=NAME`, and return None; return what was asked otherwise."""
        name = self.get_query_argument("group", "").strip()
        if not name:
            return GroupAsked("", "")
        try:
            group_scope(name)
        except ConfigurationError as error:
            self.set_status(422)
            return GroupAsked(name, message_of(error))
        self.redirect(self.url(f"{pages}/group/{name}"))
        return None

    def page(self, template: str, **values: Any) -> None:
        """Answer with a page."""
        done = NOTICES.get(self.get_query_argument("done", ""))
        self.render(template, notices=[*([done] if done else []), *self._certificate_notice()], **values)

    def _certificate_notice(self) -> list[tuple[str, str]]:
        """Return what a person has to know of the certificate of this server, in all pages: nobody sees the last day coming."""
        certificate, now = self.services.certificate, utc_now()
        if certificate is None or certificate.expires is None or not certificate.ends_soon(now):
            return []
        text = Message(
            "The certificate of this server ends %(moment)s; then sites and browsers refuse it. Put a new one into %(file)s: the "
            "server takes it by itself.",
            moment=quantities.ago(certificate.expires, now, self.locale),
            file=certificate.file,
        )
        expired = Message(
            "The certificate of this server expired %(moment)s: sites and browsers refuse it. Put a new one into %(file)s: the "
            "server takes it by itself.",
            moment=quantities.ago(certificate.expires, now, self.locale),
            file=certificate.file,
        )
        return [("bad", expired) if certificate.expires <= now else ("warn", text)]

    def get_template_namespace(self) -> dict[str, Any]:
        """Return what every template knows."""
        return super().get_template_namespace() | {
            "escape_shown": escape_shown,
            "url": self.url,
            "static": lambda path: self.config.base_path + self.static_url(path),
            "here": self.request.path,
            "navigation": NAVIGATION,
            "badges": self.badges,
            "session": self.session,
            "version": installed_version(),
            "notices": [],
        }

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error as a page: what happened in one sentence; of what this server did wrong, nothing more than that."""
        error, text = kwargs.get("exc_info", (None, None, None))[1], ""
        if isinstance(error, FormRefusedError):
            text = error.cause.explain()
        elif isinstance(error, RefusedError):
            text = error.text
        elif isinstance(error, HTTPError):
            text = ERRORS.get(status_code, NOT_UNDERSTOOD)
        if isinstance(error, ThrottledError):
            self.refusal_code = "throttled"
            self.set_header("Retry-After", str(error.wait))
        elif isinstance(error, DataError | BusyError):
            self.refusal_code = "busy" if isinstance(error, BusyError) else "database"
            self.set_status(503)
            self.set_header("Retry-After", "15")
            away = Message("The server cannot reach its database at the moment. Try again in a moment.")
            text = message_of(error) if isinstance(error, DeadlineError) else away
        failed = Message("The server failed to answer; its log says more.")
        self.render("error.html", text=text or failed, status=self.get_status(), request_id=self.request_id)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what this server did wrong with its traceback; a refusal is told by the log line of the request."""
        if isinstance(value, DataError | BusyError):
            structlog.get_logger().error("the database failed", path=self.request.path, reason=str(value), **self.log_fields())
        elif not isinstance(value, HTTPError):
            structlog.get_logger().error("request failed", path=self.request.path, exc_info=(typ, value, tb), **self.log_fields())


class UnknownPage(ConsoleHandler):
    """Whatever the console does not have; only who is logged in learns that."""

    def get(self) -> None:
        """Answer 404."""
        raise HTTPError(404)

    post = get
