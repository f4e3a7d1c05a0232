"""An engine that is away for a while, and streams that break: a server on a Unix socket speaks the engine's API."""

import json
import shutil
import socketserver
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from updater.engine.engine import Engine
from updater.errors import EngineError

VERSION = {"Version": "26.1.5", "ApiVersion": "1.45", "Os": "linux", "Arch": "amd64", "Components": [{"Name": "Engine"}]}
DIGEST = "sha256:" + "1" * 64


class Answers:
    """What the engine answers: a list of (status, body) for a path, the last one for ever; and what it was asked."""

    def __init__(self) -> None:
        self.by_path: dict[str, list[tuple[int, bytes]]] = {"/version": [(200, json.dumps(VERSION).encode())]}
        self.asked: list[str] = []

    def take(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        given = next((answers for name, answers in self.by_path.items() if path.endswith(name)), [(404, b'{"message": "gone"}')])
        return given.pop(0) if len(given) > 1 else given[0]


class EngineServer:
    """Serves `answers` on a socket."""

    def __init__(self, folder: Path) -> None:
        self.answers = answers = Answers()
        self.socket = folder / "docker.sock"

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                if length := int(self.headers.get("Content-Length") or 0):
                    self.rfile.read(length)
                status, body = answers.take(self.path.partition("?")[0])
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names of the base class

            def address_string(self) -> str:
                return "unix"

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
                pass

        self._handler = Handler
        self._server: socketserver.ThreadingUnixStreamServer | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._server = socketserver.ThreadingUnixStreamServer(str(self.socket), self._handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def server() -> Iterator[EngineServer]:
    folder = Path(tempfile.mkdtemp(prefix="dca-"))
    made = EngineServer(folder)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder)


def test_call_waits_for_an_engine_that_is_restarted(server: EngineServer) -> None:
    server.stop()
    back = threading.Timer(0.5, server.start)
    back.start()
    with Engine.open(server.environment, patience=30) as engine:
        assert engine.version().api == (1, 45)
    back.join()


def test_call_without_patience_says_at_once_that_nobody_answers(server: EngineServer) -> None:
    server.stop()
    with Engine.open(server.environment) as engine, pytest.raises(EngineError, match="does not answer") as raised:
        engine.version()
    assert raised.value.kind == "unreachable"


def test_error_of_the_engine_is_tried_again(server: EngineServer) -> None:
    server.answers.by_path["/containers/dca/start"] = [(500, b'{"message": "context canceled"}'), (204, b"")]
    with Engine.open(server.environment, patience=30) as engine:
        engine.start("dca")
    assert server.answers.asked.count("/v1.45/containers/dca/start") == 2


def test_taken_port_is_not_tried_again(server: EngineServer) -> None:
    server.answers.by_path["/containers/dca/start"] = [(500, b'{"message": "port is already allocated"}')]
    began = time.monotonic()
    with Engine.open(server.environment, patience=30) as engine, pytest.raises(EngineError) as raised:
        engine.start("dca")
    assert raised.value.kind == "conflict"
    assert time.monotonic() - began < 5


def test_engine_that_comes_back_newer_is_spoken_to_in_its_own_version(server: EngineServer) -> None:
    newer = json.dumps(VERSION | {"ApiVersion": "1.50"}).encode()
    server.answers.by_path["/version"].append((200, newer))
    server.answers.by_path["/containers/dca/start"] = [(503, b"restarting"), (204, b"")]
    with Engine.open(server.environment, patience=30) as engine:
        engine.start("dca")
    assert server.answers.asked[-1] == "/v1.50/containers/dca/start"


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (
            [{"status": "Pulling"}, {"error": "toomanyrequests: slow", "errorDetail": {"message": "toomanyrequests: slow"}}],
            "rate limit",
        ),
        ([{"status": "Pulling"}, {"errorDetail": {"message": "no space left on device"}}], "no space"),
        ([{"status": "Pulling"}], "broken"),
    ],
)
def test_pull_fails_by_a_line_of_its_stream_and_never_brings_what_was_there_before(
    server: EngineServer, stream: list[dict[str, Any]], kind: str
) -> None:
    server.answers.by_path["/images/create"] = [(200, b"\r\n".join(json.dumps(line).encode() for line in stream))]
    told: list[str] = []
    with Engine.open(server.environment) as engine, pytest.raises(EngineError) as raised:
        engine.pull("registry.example.com/dca", DIGEST, lambda text, _percent: told.append(text))
    assert raised.value.kind == kind
    assert told == ["Pulling"]


def test_pull_tells_the_bytes_of_all_layers_as_one_percentage(server: EngineServer) -> None:
    lines = [
        {"status": "Downloading", "id": "a", "progressDetail": {"current": 10, "total": 100}},
        {"status": "Downloading", "id": "b", "progressDetail": {"current": 150, "total": 300}},
        {"status": "Download complete", "id": "b"},
    ]
    server.answers.by_path["/images/create"] = [(200, b"\n".join(json.dumps(line).encode() for line in lines))]
    server.answers.by_path["/json"] = [(200, b'{"Id": "sha256:2"}')]
    told: list[int | None] = []
    with Engine.open(server.environment) as engine:
        assert engine.pull("registry.example.com/dca", DIGEST, lambda _text, percent: told.append(percent)) == "sha256:2"
    assert told == [10, 40, 77]


def test_load_fails_by_a_line_of_its_stream(server: EngineServer, tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"x" * 100_000)
    server.answers.by_path["/images/load"] = [(200, b'{"errorDetail": {"message": "no space left on device"}}')]
    with Engine.open(server.environment) as engine, pytest.raises(EngineError) as raised:
        engine.load(tmp_path / "image.tar", lambda _text, _percent: None)
    assert raised.value.kind == "no space"


def test_restart_policy_of_an_old_engine_without_a_name_is_no(server: EngineServer) -> None:
    server.answers.by_path["/update"] = [(200, b'{"Warnings": []}')]
    with Engine.open(server.environment) as engine:
        engine.set_restart_policy("dca", {"Name": "", "MaximumRetryCount": 0})
    assert server.answers.asked[-1] == "/v1.45/containers/dca/update"
