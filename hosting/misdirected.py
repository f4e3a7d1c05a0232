"""What is answered to a request under a name that is not this server's: 421, and nothing is looked at.

Without it a request that a site signed for another server would count here when it comes with that server's name.
"""

from typing import ClassVar

from appliance.common.message import Message
from hosting.api.base import ApiHandler
from hosting.api.errors import ApiError
from hosting.config import ALLOWED_HOSTS
from hosting.console.base import ConsoleHandler, RefusedError

OWN_PATHS = ("/api/", "/tuf/")
"""Programs ask here; below all other paths, people."""


def _refused(host: str) -> str:
    return Message(
        "This server does not answer to the name %(host)s. Use one of its own, or give it that name: in its certificate, in "
        "%(variable)s, or with --public-url where a proxy stands in front.",
        host=host[:200],
        variable=ALLOWED_HOSTS,
    )


class MisdirectedCall(ApiHandler):
    """For programs."""

    route: ClassVar[str] = "misdirected"

    def prepare(self) -> None:
        """Answer 421 to every method."""
        raise ApiError(421, "misdirected", _refused(self.request.host_name))


class MisdirectedPage(ConsoleHandler):
    """For people."""

    route: ClassVar[str] = "misdirected"

    def check_xsrf_cookie(self) -> None:
        """Skip: no form is taken here."""

    async def prepare(self) -> None:
        """Answer 421 to every method."""
        raise RefusedError(421, _refused(self.request.host_name))
