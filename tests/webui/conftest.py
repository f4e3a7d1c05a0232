"""A web UI at work in a thread, with components whose answers a test decides."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from appliance.common.paths import Paths
from appliance.settings.store import SettingsStore
from tests.conftest import FreePort
from tests.webui.standins import Component, LoopThread, collector_status, supervisor_status
from tests.webui.visitor import Answer, Visitor
from webui.app import SiteApplication
from webui.services import Services, make_services

PASSWORD = "correct horse battery"


@dataclass(slots=True)
class RunningWebUi:
    """A web UI that answers, the components beside it, and what to visit it with."""

    thread: LoopThread
    paths: Paths
    services: Services
    port: int
    collector: Component
    supervisor: Component
    server: HTTPServer = field(repr=False)

    @property
    def store(self) -> SettingsStore:
        """The settings the web UI works on."""
        return self.services.store

    def visitor(self, **headers: str) -> Visitor:
        """Return somebody who has never been here."""
        return Visitor(self.port, {name.replace("_", "-"): value for name, value in headers.items()})

    def set_up(self, visitor: Visitor | None = None, **fields: str) -> Answer:
        """Do the first step of the setup."""
        sent = {"token": self.services.setup_token.text(), "password": PASSWORD, "password_again": PASSWORD, "name": "Town hall"}
        return (visitor or self.visitor()).post("/setup", sent | fields, form_page="/setup")

    def admin(self) -> Visitor:
        """Return somebody who is logged in."""
        visitor = self.visitor()
        if not self.services.accounts.exist():
            assert self.set_up(visitor).status == 303
        else:
            assert visitor.post("/login", {"user": "admin", "password": PASSWORD}).status == 303
        return visitor


StartWebUi = Callable[..., RunningWebUi]


@pytest.fixture
def start_webui(tmp_path: Path) -> Iterator[StartWebUi]:
    """Yield a function that starts a web UI whose settings come from the given `DCA_…` variables."""
    closing: list[Callable[[], Any]] = []

    def start(**environment: str) -> RunningWebUi:
        return _start(tmp_path / f"appliance-{len(closing)}", environment, closing)

    yield start
    for close in reversed(closing):
        close()


@pytest.fixture
def webui(start_webui: StartWebUi) -> RunningWebUi:
    """Return a web UI that nobody has set up."""
    return start_webui()


def _start(folder: Path, environment: Mapping[str, str], closing: list[Callable[[], Any]]) -> RunningWebUi:
    thread = LoopThread()
    closing.append(thread.close)
    paths = Paths(data=folder, run=folder / "run")
    paths.prepare()
    collector, supervisor = Component(thread, paths.collector_socket), Component(thread, paths.supervisor_socket)
    collector.status, supervisor.status = collector_status(), supervisor_status()
    services = make_services(paths, SettingsStore(paths.settings, environment))

    def listen() -> tuple[HTTPServer, int]:
        server = HTTPServer(SiteApplication(services))
        sockets = bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets)
        return server, int(sockets[0].getsockname()[1])

    server, port = thread.run(listen)
    closing += [services.accounts.close, collector.close, supervisor.close, lambda: thread.run(server.stop)]
    return RunningWebUi(thread, paths, services, port, collector, supervisor, server)


@pytest.fixture
def environment(tmp_path: Path, free_port: FreePort) -> dict[str, str]:
    """Return the environment of a web UI as a process of its own."""
    return {
        "DCA_DATA_DIR": str(tmp_path / "data"),
        "DCA_RUN_DIR": str(tmp_path / "run"),
        "DCA_WEB_PORT": str(free_port()),
        "DCA_WEB_BIND": "127.0.0.1",
    }
