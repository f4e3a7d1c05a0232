"""What every page has: deny by default, links under the base path, notices and error pages."""

import asyncio
from collections.abc import Mapping
from enum import Enum, auto
from http.client import responses
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

import structlog
from tornado.locale import Locale
from tornado.web import HTTPError

from appliance.common.clock import utc_now
from appliance.common.errors import DcaError
from appliance.common.message import Message, message_of
from appliance.common.version import installed_version
from appliance.report import names
from appliance.report.condition import STOPS_PRINTING
from appliance.settings.layers import Effective, warnings_of_change
from web import quantities
from web.handler import WebHandler
from web.origin import FormRefusedError
from web.translations import TranslatedHandler, language
from webui import texts
from webui.fleet import component_state
from webui.services import Notice, NoticeKind, Services
from webui.sessions import Session

SESSION_COOKIE = "dca_session"
NAVIGATION = (
    ("/", Message("Overview")),
    ("/devices", Message("Devices")),
    ("/scanning", Message("Scanning")),
    ("/health", Message("Health and updates")),
    ("/settings", Message("Settings")),
)

log = structlog.get_logger()


class Access(Enum):
    """Who may see a page."""

    ADMIN = auto()
    """Whoever is logged in. The default: a new page is closed until it says otherwise."""
    EVERYONE = auto()
    FIRST_RUN = auto()
    """Everyone, while there is no account."""


class HostNotAllowedError(HTTPError):
    """The request names a host this web UI does not answer to."""


class Page(TranslatedHandler, WebHandler):
    """Base of all handlers."""

    access: ClassVar[Access] = Access.ADMIN
    prolongs_session: ClassVar[bool] = True
    """False for what a page asks for by itself: an open page that nobody looks at must not keep its session alive."""

    @property
    def services(self) -> Services:
        """The parts of the web UI."""
        services: Services = self.application.services  # type: ignore[attr-defined]
        return services

    @property
    def prefix(self) -> str:
        """What stands before every path of ours, without a slash at its end: the base path, or what the proxy took off."""
        return self.services.base_path or self.forwarded.prefix or ""

    @property
    def cookie_path(self) -> str:
        """Cookies are for this UI alone."""
        return self.prefix or "/"

    def effective(self) -> Effective:
        """Return the settings in force."""
        return self.services.store.effective()

    # Before the handler

    async def prepare(self) -> None:
        """Turn away what may not be answered: unknown host names, and everybody who is not logged in."""
        host = urlsplit(f"//{self.forwarded.host}").hostname or "" if self.forwarded.host else self.request.host_name
        if not self.services.hosts.allows(host):
            raise HostNotAllowedError(403, "the host name %r is not allowed", host)
        if self.access is Access.EVERYONE:
            return
        if not self.services.accounts.exist():
            if self.access is not Access.FIRST_RUN:
                self.go("/setup")
            return
        if self.access is Access.FIRST_RUN:
            raise HTTPError(404, "the setup is done")
        if self.current_user is None:
            self._ask_for_login()
        elif self.prolongs_session:
            await asyncio.to_thread(self.services.sessions.use, self.current_user)

    def _ask_for_login(self) -> None:
        path = self.request.path + (f"?{self.request.query}" if self.request.query else "")
        reading = self.request.method in ("GET", "HEAD")
        login = f"/login?{urlencode({'next': path})}" if reading and path != "/" and not self.partial else "/login"
        if self.partial:
            # A redirect would be followed by the script and the login page end up inside the page.
            self.set_header("HX-Redirect", self.url(login))
            self.set_status(401)
            self.finish()
        elif reading:
            self.go(login)
        else:
            raise HTTPError(401, "not logged in")

    def get_current_user(self) -> Session | None:
        """Return the session of the request."""
        session_id = self.get_cookie(SESSION_COOKIE)
        return self.services.sessions.find(session_id) if session_id else None

    def get_user_locale(self) -> Locale | None:
        """Return the language the account has chosen, None where that is left to the browser."""
        session = self._session_if_known()
        try:
            return language(self.services.accounts.language(session.user)) if session else None
        except DcaError:  # the page that says so is in the language of the browser
            return None

    # Links, notices

    @property
    def partial(self) -> bool:
        """Whether a script asks for a part of a page."""
        return self.request.headers.get("HX-Request") == "true"

    def url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return the link to one of our own paths, as the browser has to write it."""
        return f"{self.prefix}{path}" + (f"?{urlencode(query)}" if query else "")

    def static_url(self, path: str, include_host: bool | None = None, **kwargs: Any) -> str:
        """Return the link to a static file, with a hash of its content."""
        return self.prefix + super().static_url(path, include_host, **kwargs)

    def go(self, path: str) -> None:
        """Answer with a redirect to one of our own paths; the browser gets it with GET."""
        self.redirect(self.url(path), status=303)

    def notice(self, kind: NoticeKind, text: str) -> None:
        """Show a sentence on the next page of this session."""
        if self.current_user:
            self.services.notices.add(self.current_user.key, Notice(kind, text))

    async def keep(self, changes: Mapping[str, Mapping[str, Any]], done: str, confirmed: str = "") -> None:
        """Change the site's settings, let the components read them, and tell both on the next page. Raises DcaError.

        What the values mean is told there, too, but for what was `confirmed`.
        """
        if not changes:
            self.notice("info", Message("Nothing was changed."))
            return
        effective = await asyncio.to_thread(self.services.store.change_site, changes)
        self.audit(
            "change settings", settings=sorted(f"{section}.{name}" for section, fields in changes.items() for name in fields)
        )
        troubles = await self.services.components.reload()
        self.notice("ok", done)
        warnings = warnings_of_change(changes, effective, utc_now().date())
        for warning in [*(warning for warning in warnings if warning not in confirmed), *troubles]:
            self.notice("warn", warning)

    def audit(self, action: str, **about: Any) -> None:
        """Note in the log who has done what; `about` holds no secret."""
        user = self.current_user.user if self.current_user else ""
        log.info("audit", action=action, user=user, ip=self.client_ip, **about)

    # Answers

    def get_template_namespace(self) -> dict[str, Any]:
        """Add what every template may use."""
        return super().get_template_namespace() | {
            "url": self.url,
            "session": None,
            "site_name": "",
            "notices": [],
            "navigation": NAVIGATION,
            "here": self.request.path,
            "version": installed_version(),
            "escape_key": lambda key: quote(key, safe=""),
            "component_state": component_state,
            "names": names,
            "quantities": quantities,
            "texts": texts,
            "stops_printing": STOPS_PRINTING,
        }

    def page(self, template: str, code: int = 200, /, **values: Any) -> None:
        """Answer with a page."""
        self.set_status(code)
        shown: dict[str, Any] = {"site_name": self.effective().settings.site.name}
        if self.access is not Access.FIRST_RUN and self.current_user:
            shown |= {"session": self.current_user, "notices": self.services.notices.take(self.current_user.key)}
        self.render(template, **(shown | values))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error with a page that says what to do, never with a traceback."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        title, text = _explained(status_code, error, self.services.hosts.allows(self.request.host_name))
        if isinstance(error, FormRefusedError):
            text = error.cause.explain()
        if isinstance(error, DcaError):
            self.set_status(503)
        self.render("part_error.html" if self.partial else "error.html", title=title, text=text, session=self._session_if_known())

    def _session_if_known(self) -> Session | None:
        """Return the session, None when the settings that would tell cannot be read."""
        try:
            session: Session | None = self.current_user
        except DcaError:
            session = self.current_user = None
        return session

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log what nobody expected with its traceback; a DcaError is one sentence, and a refused form is in the log already."""
        if isinstance(value, DcaError):
            log.warning("a page could not be shown", path=self.request.path, reason=str(value))
        elif not isinstance(value, FormRefusedError):
            super().log_exception(typ, value, tb)


_ERRORS = {
    401: (Message("Not logged in"), Message("Your session has ended. Log in and try again.")),
    403: (
        Message("Forbidden"),
        Message("The form is out of date or came from another site. Go back, load the page again and send it once more."),
    ),
    404: (Message("Not Found"), Message("There is nothing at this address.")),
    405: (
        Message("Method Not Allowed"),
        Message("This address takes a form, it cannot be opened by itself. Use the menu above."),
    ),
    500: (
        Message("Internal Server Error"),
        Message("This was not expected. The log of the web UI says more; please report it."),
    ),
}
"""Title and text of an error page by the status of the answer."""


def _explained(status: int, error: BaseException | None, host_allowed: bool) -> tuple[str, str]:
    """Return title and text of an error page."""
    if isinstance(error, DcaError):
        return Message("This does not work right now"), message_of(error)
    if isinstance(error, HostNotAllowedError):
        name = repr(error.args[0]) if error.args and not host_allowed else Message("this name")
        return Message("This name is not allowed"), Message(
            "The web UI does not answer to %(name)s. If this name is right, add it to DCA_ALLOWED_HOSTS (web.allowed_hosts) and "
            "start the appliance again; until then, open the page by its IP address.",
            name=name,
        )
    if isinstance(error, HTTPError) and error.log_message == "the setup is done":
        return Message("The setup is done"), Message("This appliance has an account already. Log in with it.")
    return _ERRORS.get(status) or (Message(responses.get(status, "Error")), Message("The request could not be understood."))


class NotFound(Page):
    """Whatever has no page."""

    async def prepare(self) -> None:
        """Answer 404, to those who are logged in."""
        await super().prepare()
        if not self._finished:
            raise HTTPError(404)

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here, so nothing has to be protected; a 404 says more than a 403."""
