"""Why a form is refused whose Origin is not the host it was sent to, and what helps. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from tornado.web import HTTPError

Translate = Callable[[str], str]


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

    def explain(self, translate: Translate = str) -> str:
        """Return what differs and which setting changes it."""
        values = {
            "origin": self.origin[:200],
            "host": self.host[:200],
            "peer": self.peer,
            "variable": self.variable,
            "setting": f"proxy_set_header Host {self._nginx_variable()};",
        }
        return " ".join(sentence % values for sentence in self._sentences(translate))

    def _sentences(self, translate: Translate) -> list[str]:
        if self.from_other_site:
            sent = translate("The form was refused because the browser says that another site, %(origin)s, sent it to %(host)s.")
            return [sent, translate("Load the page again here and send it anew.")]
        differ = translate("The form was refused because its Origin and the Host of the request differ: %(origin)s and %(host)s.")
        name = translate(
            "If a reverse proxy stands in between, let it pass on the Host that the browser asked for, in nginx with %(setting)s"
        )
        if self.trusted:
            return [differ, name] if self.forwards_host else [differ, name, translate("Or let it send X-Forwarded-Host.")]
        if self.forwards_host:
            ignored = translate("Its X-Forwarded-Host is ignored until its address %(peer)s is named in %(variable)s.")
            return [differ, name, ignored]
        return [differ, name, translate("Or let it send X-Forwarded-Host and name its address %(peer)s in %(variable)s.")]

    def _nginx_variable(self) -> str:
        """Return what holds the name as the browser sent it: `$host` has no port."""
        port = urlsplit(self.origin).netloc.rpartition("]")[2].partition(":")[2]
        return "$http_host" if port else "$host"


class FormRefusedError(HTTPError):
    """A form is refused for where it comes from."""

    def __init__(self, cause: ForeignOrigin) -> None:
        super().__init__(403, cause.explain())
        self.cause = cause
