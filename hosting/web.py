"""What the API and the console share: their services, and where a request comes from."""

from functools import cached_property
from typing import Any, ClassVar, cast

from tornado.httputil import HTTPServerRequest
from tornado.web import Application

from appliance.common.network.forwarded import client_of
from hosting.config import Config
from hosting.request_context import REQUEST_ID_HEADER, enter, request_id
from hosting.services import Services
from web.handler import WebHandler


class BaseHandler(WebHandler):
    """Base of every handler."""

    route: ClassVar[str] = "page"
    """The kind of its address, for the log and the metrics."""
    refusal_code: str | None = None
    """Why the request is refused, in a word for programs; None where it is not."""

    @property
    def services(self) -> Services:
        """What the handlers work with."""
        return cast(Services, self.settings["services"])

    @property
    def config(self) -> Config:
        """How this server is set up."""
        return self.services.config

    @property
    def client(self) -> str:
        """What counts as one client where attempts are counted: an IPv4 address, or the /64 of an IPv6 one."""
        return client_of(self.client_ip)

    @cached_property
    def request_id(self) -> str:
        """What the lines of the log about this request have in common: as the proxy in front gave it, or one of ours."""
        return request_id(self.request.headers.get(REQUEST_ID_HEADER))

    def __init__(self, application: Application, request: HTTPServerRequest, **kwargs: Any) -> None:
        super().__init__(application, request, **kwargs)
        enter(self.log_fields)

    def log_fields(self) -> dict[str, str]:
        """Return for the log which request it is, and who asks as far as that is known."""
        return {"request": self.request_id, "route": self.route}

    def set_default_headers(self) -> None:
        """Add the id of the request and, once the server was told to stop, that the next one needs another connection."""
        super().set_default_headers()
        self.set_header(REQUEST_ID_HEADER, self.request_id)
        if self.services.readiness.leaving:
            self.set_header("Connection", "close")

    def compute_etag(self) -> None:
        """Return no ETag: answers are never cached."""

    def data_received(self, chunk: bytes) -> Any:
        """Refuse: only the handlers of the API take their body in parts."""
        raise NotImplementedError
