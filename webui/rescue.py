"""The one page there is when the settings cannot be read any more: what happened, and what to do.

`dca run` becomes this process instead of ending, and this one becomes `dca run` again as soon as the settings can be read. It knows
nobody and changes nothing: who may do what stood in the file that is lost.
"""

import asyncio
import os
import signal
import sys
from typing import Any, NoReturn

import structlog
from tornado.httpserver import HTTPServer

from appliance.common.errors import DcaError
from appliance.common.message import message_of
from appliance.common.network.forwarded import TrustedProxies
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.environment import environment_layer
from appliance.settings.layers import resolve
from appliance.settings.model import WebSettings
from appliance.settings.store import SettingsStore
from web import translations
from web.application import WebApplication
from web.handler import WebHandler
from web.proxies import Proxies
from web.translations import TranslatedHandler
from webui.app import ROOM, STATIC

LOOK_SECONDS = 2.0
RUN = ("updater", "run")

log = structlog.get_logger()


class RescuePage(TranslatedHandler, WebHandler):
    """Whatever is asked for."""

    def get(self, *_: str) -> None:
        """Answer 503 with what is wrong."""
        self.set_status(503)
        self.set_header("Retry-After", "30")
        shown: dict[str, Any] = {
            "session": None,
            "site_name": "",
            "notices": [],
            "navigation": (),
            "here": "/",
            "version": installed_version(),
        }
        self.render("rescue.html", text=self.settings["trouble"], url=lambda path: f"{self._base}{path}", **shown)

    head = get
    post = get

    def check_xsrf_cookie(self) -> None:
        """Nothing is done here, so nothing has to be protected."""

    def static_url(self, path: str, include_host: bool | None = None, **kwargs: Any) -> str:
        """Return the link to a static file, under the base path."""
        return self._base + super().static_url(path, include_host, **kwargs)

    @property
    def _base(self) -> str:
        base: str = self.application.base_path  # type: ignore[attr-defined]
        return base


def trouble_of(store: SettingsStore) -> str:
    """Return why the settings cannot be read, empty when they can."""
    try:
        store.effective()
    except DcaError as error:
        return message_of(error)
    return ""


def rescue_application(trouble: str, web: WebSettings) -> WebApplication:
    """Return what shows `trouble` on every page."""
    translations.load()
    return WebApplication(
        [(r"/(.*)", RescuePage)],
        base_path=web.base_path,
        proxies=Proxies(TrustedProxies.parse(web.trusted_proxies), "DCA_TRUSTED_PROXIES"),
        xsrf_cookie_name="_dca_xsrf",
        server_name="dca",
        template_path=str(ROOM / "templates"),
        static_path=str(STATIC),
        trouble=trouble,
    )


async def serve_rescue(paths: Paths) -> bool:
    """Serve until the settings can be read (True) or the process is asked to end (False)."""
    store, stop, mended = SettingsStore(paths.settings), asyncio.Event(), False
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    values, variables = environment_layer()
    web = resolve({}, {}, {"web": values.get("web", {})}, variables).settings.web
    trouble = trouble_of(store)
    server = HTTPServer(rescue_application(trouble, web), body_timeout=30, idle_connection_timeout=30)
    server.listen(web.port, web.bind)
    log.error("the settings cannot be read; only a page that says so is served", port=web.port, reason=trouble)
    while not stop.is_set() and not mended:
        try:
            await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
        except TimeoutError:
            mended = not await asyncio.to_thread(trouble_of, store)
    server.stop()
    await server.close_all_connections()
    return mended


def become(*module: str) -> NoReturn:
    """Become the process of another room."""
    os.execv(sys.executable, [sys.executable, "-P", "-m", *module])  # noqa: S606 - no shell on purpose
