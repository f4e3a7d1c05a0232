"""What the API and the console share: their services, and where a request comes from."""

import secrets
from functools import cached_property
from typing import Any, ClassVar, cast

from appliance.common.forwarded import client_of
from hosting.config import Config
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
        """What the lines of the log about this request have in common."""
        return secrets.token_hex(4)

    def log_fields(self) -> dict[str, str]:
        """Return for the log which request it is, and who asks as far as that is known."""
        return {"request": self.request_id}

    def set_default_headers(self) -> None:
        """Add, once the server was told to stop, that the next request needs another connection."""
        super().set_default_headers()
        if self.services.readiness.leaving:
            self.set_header("Connection", "close")

    def compute_etag(self) -> None:
        """Return no ETag: answers are never cached."""

    def data_received(self, chunk: bytes) -> Any:
        """Refuse: only the handlers of the API take their body in parts."""
        raise NotImplementedError
