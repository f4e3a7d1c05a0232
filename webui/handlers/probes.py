"""Whether the web UI is alive and ready, for container engines and load balancers. No detail: anybody may ask."""

from appliance.common.errors import DcaError
from webui.handlers.base import Access, Page


class Alive(Page):
    """The process answers."""

    access = Access.EVERYONE

    def get(self) -> None:
        """Answer 200."""
        self.set_header("Content-Type", "text/plain")
        self.finish("ok\n")


class Ready(Page):
    """The settings can be read, so that pages can be shown."""

    access = Access.EVERYONE

    def get(self) -> None:
        """Answer 200, or 503."""
        self.set_header("Content-Type", "text/plain")
        try:
            self.effective()
        except DcaError:
            self.set_status(503)
            self.finish("not ready\n")
            return
        self.finish("ready\n")
