"""Why a form is refused whose Origin is not the host it was sent to, and what helps. Pure."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from tornado.web import HTTPError

from appliance.common.message import Message, sentences


@dataclass(frozen=True, slots=True)
class ForeignOrigin:
    """A form whose Origin does not fit the request.

    Another site sent it, or a reverse proxy keeps the name to itself that the browser asked for, as nginx does by default.
    """

    origin: str
    host: str
    """The host of the request, as its Host header or a trusted proxy tells it."""
    peer: str
    """The address the request comes from: that of the proxy, where there is one."""
    trusted: bool
    """Whether `peer` is named in `variable`."""
    variable: str
    forwards_host: bool
    """Whether X-Forwarded-Host came along."""
    from_other_site: bool
    """Whether the browser itself says so (Sec-Fetch-Site), which no proxy changes."""

    def explain(self) -> str:
        """Return what differs and which setting changes it."""
        origin, host = self.origin[:200], self.host[:200]
        if self.from_other_site:
            refused = Message(
                "The form was refused because the browser says that another site, %(origin)s, sent it to %(host)s.",
                origin=origin,
                host=host,
            )
            return sentences(refused, Message("Load the page again here and send it anew."))
        differ = Message(
            "The form was refused because its Origin and the Host of the request differ: %(origin)s and %(host)s.",
            origin=origin,
            host=host,
        )
        setting = f"proxy_set_header Host {self._nginx_variable()};"
        name = Message(
            "If a reverse proxy stands in between, let it pass on the Host that the browser asked for, in nginx with "
            "`%(setting)s`.",
            setting=setting,
        )
        return sentences(differ, name, self._forwarding())

    def _forwarding(self) -> str:
        """Return what X-Forwarded-Host would change."""
        if self.trusted:
            return "" if self.forwards_host else Message("Or let it send X-Forwarded-Host.")
        if self.forwards_host:
            return Message(
                "Its X-Forwarded-Host is ignored until its address %(peer)s is named in %(variable)s.",
                peer=self.peer,
                variable=self.variable,
            )
        return Message(
            "Or let it send X-Forwarded-Host and name its address %(peer)s in %(variable)s.", peer=self.peer, variable=self.variable
        )

    def _nginx_variable(self) -> str:
        """Return what holds the name as the browser sent it: `$host` has no port."""
        port = urlsplit(self.origin).netloc.rpartition("]")[2].partition(":")[2]
        return "$http_host" if port else "$host"


class FormRefusedError(HTTPError):
    """A form is refused for where it comes from."""

    def __init__(self, cause: ForeignOrigin) -> None:
        super().__init__(403, cause.explain())
        self.cause = cause
