"""The server process: one port, HTTPS by default, a clean end on SIGTERM."""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler

from hosting.api.routes import API_ROUTES
from hosting.connections import BoundedServer, ListeningSocket, raise_file_limit
from hosting.console.routes import CONSOLE_ROUTES, console_settings
from hosting.errors import ConfigurationError, DataError, RepositoryError
from hosting.jobs.runner import JobRunner
from hosting.metrics.standing import Standing
from hosting.misdirected import OWN_PATHS, MisdirectedCall, MisdirectedPage
from hosting.repository.renewal import resign_regularly
from hosting.server_certificate import ServerCertificate, watch_certificate
from hosting.services import Services
from hosting.web import BaseHandler
from web import translations
from web.application import WebApplication
from web.hosts import HostCheck

CONSOLE_BODY_BYTES = 1024 * 1024
GRACE_SECONDS = 8.0
"""So long a request under way may take once the server stops: an engine kills a container after 10 s."""
IDLE_SECONDS = 120
BODY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen; without a certificate, plain HTTP."""

    bind: str | None
    port: int
    certificate: ServerCertificate | None


class HostingApplication(WebApplication):
    """The API and the console, below the path of the public URL."""

    def __init__(self, services: Services) -> None:
        translations.load()
        super().__init__(
            [*API_ROUTES, *CONSOLE_ROUTES],
            base_path=services.config.base_path,
            proxies=services.proxies,
            services=services,
            standing=Standing(services),
            log_function=log_request,
            **console_settings(services.config),
        )
        # With a public address signatures count for that alone, whatever Host a proxy passes on.
        self._hosts = None if services.config.public_urls else HostCheck(services.config.allowed_hosts)
        self._certificate = services.certificate

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """Return the handler of the request; of one under a name that is not ours, the one that says so."""
        if not self._is_ours(request.host_name):
            misdirected = MisdirectedCall if request.path.startswith(OWN_PATHS) else MisdirectedPage
            return self.get_handler_delegate(request, misdirected)
        return super().find_handler(request, **kwargs)

    def _is_ours(self, name: str) -> bool:
        named = self._certificate.names if self._certificate else ()
        return self._hosts is None or self._hosts.allows(name) or HostCheck(named).allows(name)


def log_request(handler: RequestHandler) -> None:
    """Log one request: never its query, its headers or its body."""
    status, route, seconds = handler.get_status(), route_of(handler), handler.request.request_time()
    if isinstance(handler, BaseHandler):
        handler.services.counts.answered(route, status, seconds, handler.refusal_code)
    log = structlog.get_logger()
    usual = status < 400 or getattr(handler, "is_usual", False)
    say: Callable[..., object] = log.error if status >= 500 else log.debug if usual else log.warning
    say(
        "request",
        method=handler.request.method,
        path=handler.request.path[:200],
        status=status,
        milliseconds=round(1000 * seconds, 1),
        address=handler.client_ip if isinstance(handler, BaseHandler) else handler.request.remote_ip,
        refusal=getattr(handler, "refusal", None),
        **(handler.log_fields() if isinstance(handler, BaseHandler) else {"route": route}),
    )


def route_of(handler: RequestHandler) -> str:
    """Return the kind of address that was asked for."""
    return handler.route if isinstance(handler, BaseHandler) else "static"


def open_sockets(listening: Listening) -> list[socket.socket]:
    """Return the bound sockets. Raises ConfigurationError for a port in use or not allowed, and an address that is not ours."""
    where = f"port {listening.port}" + (f" of {listening.bind}" if listening.bind else "")
    try:
        return bind_sockets(listening.port, listening.bind)
    except (OSError, OverflowError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigurationError(f"Cannot listen on {where}: {reason}. Choose another with --port and --bind.") from error


async def serve(services: Services, listening: Listening, ready: Callable[[int], None]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP takes the certificate anew; `ready` is told the port.

    Raises ConfigurationError when the port cannot be had.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    services.connections.most = raise_file_limit()
    sockets = [ListeningSocket(one, services.connections.log) for one in open_sockets(listening)]
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    take_anew = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, take_anew.set)
    server = BoundedServer(
        HostingApplication(services),
        connections=services.connections,
        ssl_options=listening.certificate.context if listening.certificate else None,
        max_body_size=CONSOLE_BODY_BYTES,
        idle_connection_timeout=IDLE_SECONDS,
        body_timeout=BODY_SECONDS,
    )
    server.add_sockets(sockets)
    resigning = resign_regularly(services.config.repository, services.publishing_threads)
    watching = watch_certificate(listening.certificate, take_anew)
    runner = JobRunner(services.database, services.config)
    work = (_finish_publishing(services), runner.run(), resigning, watching)
    tasks = [asyncio.create_task(each) for each in work]
    ready(sockets[0].getsockname()[1])
    await stop.wait()
    for task in tasks:
        task.cancel()
    runner.stop()
    await _leave(services, stop)
    server.stop()
    await services.connections.end(GRACE_SECONDS)
    await asyncio.wait([asyncio.create_task(server.close_all_connections())], timeout=GRACE_SECONDS)
    await loop.run_in_executor(None, runner.close)


async def _leave(services: Services, again: asyncio.Event) -> None:
    """Say that this server is not ready, and go on serving until load balancers have noticed; a second signal shortens it."""
    services.readiness.leaving = True
    seconds = services.config.drain_seconds
    structlog.get_logger().info("stopping", drain_seconds=seconds)
    again.clear()
    with suppress(TimeoutError):
        await asyncio.wait_for(again.wait(), seconds)


async def _finish_publishing(services: Services) -> None:
    """Publish what this server was about to when it ended the last time."""
    try:
        await services.publish(lambda publishing: publishing.finish_what_was_begun())
    except (DataError, RepositoryError) as error:
        structlog.get_logger().error("a configuration was not published; publish it again", reason=str(error))
