"""What an installation fetches is counted by the collector, as all that this site costs the network."""

import contextlib
import json
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from appliance.common.paths import Paths
from appliance.settings.model import HostingSettings
from tests.updater.archive_server import ArchiveServer, serving
from updater.configuration.traffic import counted
from updater.errors import FetchError
from updater.trust.http_source import Fetcher


@pytest.fixture
def paths() -> Iterator[Paths]:
    """Folders with short names: paths of sockets are limited to 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="dca-") as folder:
        yield Paths(data=Path(folder), run=Path(folder))


@contextlib.contextmanager
def collecting(paths: Paths, status: int = 200) -> Iterator[list[tuple[str, Any]]]:
    """Answer as the collector does on its control socket, and note what it is told."""
    told: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def address_string(self) -> str:
            return "collector.sock"

        def do_POST(self) -> None:
            told.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
            pass

    with socketserver.ThreadingUnixStreamServer(str(paths.collector_socket), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


def fetch(paths: Paths, url: str) -> None:
    with counted(paths, Fetcher(HostingSettings())) as source:
        for _ in source.fetch(url, 1_000_000):
            pass


def test_what_was_fetched_is_told_to_the_collector(paths: Paths) -> None:
    with serving(ArchiveServer(bytes(500_000))) as server, collecting(paths) as told:
        fetch(paths, server.url)

    ((path, body),) = told
    assert path == "/v1/traffic"
    assert list(body["traffic"]) == ["update"]
    assert 500_000 < body["traffic"]["update"]["bytes_received"] < 600_000


def test_what_failed_is_told_too(paths: Paths) -> None:
    dying = ArchiveServer(bytes(500_000), cuts=[200_000])
    with serving(dying) as server, collecting(paths) as told, pytest.raises(FetchError, match="cut off"):
        fetch(paths, server.url)

    assert told[0][1]["traffic"]["update"]["bytes_received"] > 200_000


def test_nothing_fetched_is_nothing_to_tell(paths: Paths) -> None:
    with collecting(paths) as told, counted(paths, Fetcher(HostingSettings())):
        pass

    assert told == []


def test_a_collector_that_does_not_run_or_refuses_stops_nobody(paths: Paths) -> None:
    with serving(ArchiveServer(bytes(500_000))) as server:
        fetch(paths, server.url)
        with collecting(paths, status=409) as told:
            fetch(paths, server.url)

    assert len(told) == 1
