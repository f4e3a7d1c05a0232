"""Which processes make up the appliance, and how each is judged."""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.common.paths import Paths
from appliance.settings.model import Settings


@dataclass(frozen=True, slots=True)
class ControlEndpoint:
    """A control socket that answers `GET /v1/health` with `{"ok": bool, "checks": [...]}`."""

    socket_file: Path


@dataclass(frozen=True, slots=True)
class WebEndpoint:
    """A web address of this machine that answers 200 when all is well."""

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class ForkedModule:
    """A module that runs as `python -m NAME` would, as a fork of the supervisor (`updater.components.fork`)."""

    name: str
    title: str
    """What the process is called in lists of processes."""
    preload: str
    """What the module will import, for the supervisor to load beforehand: pages that nobody writes to are shared by all forks."""


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """One component: how it is started and by what it is judged. Times in seconds."""

    name: str
    program: tuple[str, ...] | ForkedModule
    """A command with its arguments, or a module of ours."""
    endpoint: ControlEndpoint | WebEndpoint | None = None
    """Where the deep check asks; None: nowhere."""
    startup_seconds: float = 60.0
    """Time until READY=1; a component that needs longer says EXTEND_TIMEOUT_USEC."""
    watchdog_seconds: float = 5.0
    """Longest time between two heartbeats."""
    stop_seconds: float = 6.0
    """Time from SIGTERM to SIGKILL."""


Declaration = Callable[[Settings, Paths], tuple[ComponentSpec, ...]]


def declare_components(settings: Settings, paths: Paths) -> tuple[ComponentSpec, ...]:
    """Return the components of the appliance in the order of their start; they are stopped in the opposite order.

    So the web UI is away as shortly as can be when the container is replaced.
    """
    return (
        ComponentSpec(
            name="webui",
            program=ForkedModule("webui", "dca webui", preload="webui.server"),
            endpoint=WebEndpoint(loopback_of(settings.web.bind), settings.web.port, f"{settings.web.base_path}/healthz"),
            watchdog_seconds=10.0,
        ),
        ComponentSpec(
            name="collector",
            program=ForkedModule("appliance", "dca collector", preload="appliance.service.collector.process"),
            endpoint=ControlEndpoint(paths.collector_socket),
        ),
    )


def loopback_of(bind: str) -> str:
    """Return the address at which a server bound to `bind` is reached from the same machine."""
    try:
        # A name is looked up here, once, and not by asyncio, which would start a thread for it.
        bind = str(socket.getaddrinfo(bind, None, type=socket.SOCK_STREAM)[0][4][0])
        address = ipaddress.ip_address(bind)
    except (OSError, ValueError):
        return "127.0.0.1"
    if not address.is_unspecified:
        return bind
    return "127.0.0.1" if address.version == 4 else "::1"
