"""`dca health`: what the container asks all day."""

import http.server
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.appliance.collector import Site


@contextmanager
def supervisor(site: Site, answer: bytes) -> Iterator[None]:
    """Answer `GET /v1/health` on the supervisor's socket with `answer`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/v1/health"
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_words: Any) -> None:
            return

    (site.folder / "run").mkdir(parents=True, exist_ok=True)
    with socketserver.ThreadingUnixStreamServer(str(site.folder / "run" / "supervisor.sock"), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_health_prints_the_line_of_the_supervisor(site: Site, ok: bool, code: int) -> None:
    with supervisor(site, json.dumps({"ok": ok, "text": "one line"}).encode()):
        finished = site.installed("health")
    assert (finished.returncode, finished.stdout, finished.stderr) == (code, "one line\n", "")


def test_health_without_a_supervisor_and_with_an_answer_cut_in_half(site: Site) -> None:
    finished = site.installed("health")
    assert finished.returncode == 1
    assert "The supervisor is not running" in finished.stderr
    with supervisor(site, b'{"ok": tr'):
        finished = site.installed("health")
    assert finished.returncode == 1
    assert "does not answer" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_health_starts_without_what_is_heavy(site: Site) -> None:
    finished = site.installed("health", more={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in finished.stderr.splitlines() if line.startswith("import time:")}
    assert "appliance.commands.cli" in imported
    assert not imported & {"tornado", "asyncio", "pydantic", "structlog", "tinydb", "sqlite3", "cryptography", "appliance.service"}


def test_health_answers_within_a_second(site: Site) -> None:
    site.installed("health")
    began = time.monotonic()
    site.installed("health")
    assert time.monotonic() - began < 1
