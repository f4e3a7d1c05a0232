"""The process of the web UI: starts, tells the supervisor how it is, and ends when it is asked to."""

import asyncio
import ctypes
import errno
import os
import signal
from contextlib import suppress

import structlog
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from appliance.common.errors import DcaError
from appliance.common.message import Message
from appliance.common.paths import Paths
from appliance.process.notify import heartbeat_interval, notify
from appliance.settings.environment import read_variable
from appliance.settings.model import WebSettings
from appliance.settings.store import SettingsStore
from webui.accounts import FIRST_ACCOUNT, AccountExistsError
from webui.app import THEME, SiteApplication
from webui.services import Services, make_services

PUBLISHED_PORT = "DCA_PORT"
"""Names the port of the host at which the container publishes that of the web UI, where the two are different."""
LARGEST_FORM_BYTES = 1 << 20
M_MMAP_THRESHOLD = -3  # malloc.h

log = structlog.get_logger()


async def serve(paths: Paths) -> None:
    """Serve until SIGTERM or SIGINT. Raises DcaError when the web UI cannot start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    store = SettingsStore(paths.settings)
    services = make_services(paths, store)
    _give_memory_back()
    await _first_account(services)
    web = store.effective().settings.web
    server = _listen(SiteApplication(services), web)
    _say_where(services, web)
    notify(READY=1, STATUS=Message("serving on port %(port)d", port=web.port))
    heartbeat = asyncio.create_task(_heartbeat())
    try:
        await stop.wait()
    finally:
        # Open pages reconnect to the next process by themselves: nothing is waited for.
        notify(STOPPING=1)
        server.stop()
        heartbeat.cancel()
        services.accounts.close()


def _give_memory_back() -> None:
    """Let the C library return large blocks to the system at once: else the 19 MiB of a password check stay with the process."""
    # A C library without mallopt(3), such as musl, returns them anyway.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 1 << 20)


async def _first_account(services: Services) -> None:
    """Make the first account when the environment gives its password: an appliance set up by nobody's hand."""
    password = read_variable("DCA_ADMIN_PASSWORD")
    if password is None or services.accounts.exist():
        return
    try:
        await services.accounts.create_first(FIRST_ACCOUNT, password)
    except AccountExistsError:
        return
    except DcaError as error:
        raise DcaError(f"DCA_ADMIN_PASSWORD cannot be used. {error}") from error
    log.info("the first account was made with the password of DCA_ADMIN_PASSWORD", user=FIRST_ACCOUNT)


def _listen(application: SiteApplication, web: WebSettings) -> HTTPServer:
    server = HTTPServer(application, max_body_size=LARGEST_FORM_BYTES, body_timeout=30, idle_connection_timeout=120)
    try:
        server.add_sockets(bind_sockets(web.port, web.bind or None))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise DcaError(
                f"Port {web.port} is in use by another program, so the web UI cannot start. Stop that program, or name another "
                "port in DCA_WEB_PORT."
            ) from error
        if error.errno == errno.EACCES:
            raise DcaError(f"This user may not open port {web.port}. Name a port above 1023 in DCA_WEB_PORT.") from error
        raise DcaError(
            f"The web UI cannot listen at {web.bind!r}: {error.strerror}. Name an address of this machine in DCA_WEB_BIND."
        ) from error
    return server


def _say_where(services: Services, web: WebSettings) -> None:
    host = "localhost" if web.bind in ("", "0.0.0.0", "::") else f"[{web.bind}]" if ":" in web.bind else web.bind  # noqa: S104
    published = os.environ.get(PUBLISHED_PORT, "")
    address = f"http://{host}:{published if published.isdecimal() else web.port}{web.base_path}"
    if not THEME.exists():
        log.error("the front-end files are missing, so pages have no style; run `make frontend`", folder=str(THEME.parent))
    if services.accounts.exist():
        log.info("the web UI is ready", address=f"{address}/")
    else:
        # All in the message: a person looks for it, and fields with a token in their name are hidden.
        message = f"First-run setup: open {address}/setup and enter this token: {services.setup_token.text()}"
        log.info(message)


async def _heartbeat() -> None:
    seconds = heartbeat_interval()
    while seconds:
        notify(WATCHDOG=1)
        await asyncio.sleep(seconds)
