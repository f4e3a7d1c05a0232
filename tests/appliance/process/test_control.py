"""Control sockets: a component that serves, and those that do not answer, hang, or die in the middle."""

import asyncio
import socket
import stat
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.web import Application

from appliance.common.errors import ControlError, DataFolderError, SettingsError
from appliance.process.client import ControlClient
from appliance.process.control import ControlHandler, serve_control


class Echo(ControlHandler):
    def get(self) -> None:
        self.answer({"answer": "yes"})

    def post(self) -> None:
        self.answer({"heard": self.body()}, 202)


class Refuse(ControlHandler):
    def post(self) -> None:
        raise SettingsError("There is nothing to scan. Add a range.")


class Fail(ControlHandler):
    def get(self) -> None:
        raise RuntimeError("secret inner workings")


class Events(ControlHandler):
    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        for number in range(3):
            self.write(f'data: {{"number": {number}, "filler": "{"x" * 200_000}"}}\n\n')
            await self.flush()


ROUTES = [(r"/v1/echo", Echo), (r"/v1/refuse", Refuse), (r"/v1/fail", Fail), (r"/v1/events", Events)]


def with_component(socket_file: Path, work: Callable[[ControlClient], Awaitable[Any]], timeout: float = 10.0) -> Any:
    """Serve the routes at `socket_file` while `work` uses them."""

    async def run() -> Any:
        server = serve_control(Application(ROUTES, log_function=lambda _handler: None), socket_file)
        try:
            return await work(ControlClient(socket_file, "collector", timeout=timeout))
        finally:
            server.stop()
            await server.close_all_connections()

    return asyncio.run(run())


@pytest.fixture
def socket_file(tmp_path: Path) -> Path:
    return tmp_path / "collector.sock"


def test_a_call_brings_the_answer(socket_file: Path) -> None:
    assert with_component(socket_file, lambda client: client.call("GET", "/v1/echo")) == {"answer": "yes"}


def test_a_body_arrives(socket_file: Path) -> None:
    answer = with_component(socket_file, lambda client: client.call("POST", "/v1/echo", {"targets": ["Büro"]}))
    assert answer == {"heard": {"targets": ["Büro"]}}


def test_the_sentence_of_the_component_comes_through(socket_file: Path) -> None:
    with pytest.raises(ControlError, match=r"^There is nothing to scan\. Add a range\.$"):
        with_component(socket_file, lambda client: client.call("POST", "/v1/refuse"))


def test_an_unexpected_fault_tells_nothing_of_its_inner_workings(socket_file: Path) -> None:
    with pytest.raises(ControlError, match=r"^Internal Server Error$"):
        with_component(socket_file, lambda client: client.call("GET", "/v1/fail"))


def test_an_unknown_call_is_an_error(socket_file: Path) -> None:
    with pytest.raises(ControlError, match="The collector answered 404"):
        with_component(socket_file, lambda client: client.call("GET", "/v1/nothing"))


@pytest.mark.parametrize("content", [b"no json", b"[1]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(socket_file: Path, content: bytes) -> None:
    async def send(_client: ControlClient) -> bytes:
        reader, writer = await asyncio.open_unix_connection(str(socket_file))
        writer.write(b"POST /v1/echo HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(content) + content)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    answer = with_component(socket_file, send)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'{"error":"The request is not JSON' in answer or b'{"error":"The request is not a JSON object' in answer


def test_events_come_one_by_one_however_long(socket_file: Path) -> None:
    async def collect(client: ControlClient) -> list[int]:
        return [event["number"] async for event in client.events("/v1/events")]

    assert with_component(socket_file, collect) == [0, 1, 2]


def test_events_may_be_left_before_their_end(socket_file: Path) -> None:
    async def first(client: ControlClient) -> int:
        async with aclosing(client.events("/v1/events")) as events:
            async for event in events:
                return int(event["number"])
        return -1

    assert with_component(socket_file, first) == 0


def test_an_event_stream_that_is_refused_is_an_error(socket_file: Path) -> None:
    async def collect(client: ControlClient) -> list[Any]:
        return [event async for event in client.events("/v1/nothing")]

    with pytest.raises(ControlError, match="answered 404"):
        with_component(socket_file, collect)


def test_the_socket_is_for_its_user_alone(socket_file: Path) -> None:
    async def mode(_client: ControlClient) -> int:
        return stat.S_IMODE(socket_file.stat().st_mode)

    assert with_component(socket_file, mode) == 0o600


def test_a_socket_left_by_a_killed_process_is_taken_over(socket_file: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_file))
    assert with_component(socket_file, lambda client: client.call("GET", "/v1/echo")) == {"answer": "yes"}


@pytest.mark.parametrize("left_behind", [True, False])
def test_a_component_that_does_not_run_is_told_with_the_remedy(socket_file: Path, left_behind: bool) -> None:
    if left_behind:
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(socket_file))
    with pytest.raises(ControlError, match=r"The collector is not running .*Start it with `dca run`\."):
        asyncio.run(ControlClient(socket_file, "collector").call("GET", "/v1/status"))


@contextmanager
def answering(socket_file: Path, answer: bytes, *, hang: bool = False) -> Iterator[None]:
    """Stand for a component that says `answer` and closes, or hangs."""
    stop = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_file))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
                if hang:
                    stop.wait(20)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]",
    ],
)
def test_a_component_that_dies_or_talks_nonsense_is_told(socket_file: Path, answer: bytes) -> None:
    with answering(socket_file, answer), pytest.raises(ControlError, match="The collector does not answer at"):
        asyncio.run(ControlClient(socket_file, "collector").call("GET", "/v1/status"))


def test_a_component_that_hangs_is_told_in_time(socket_file: Path) -> None:
    with answering(socket_file, b"", hang=True), pytest.raises(ControlError, match="does not answer"):
        asyncio.run(ControlClient(socket_file, "collector", timeout=0.2).call("GET", "/v1/status"))


def test_a_stream_ends_with_the_component_and_half_an_event_is_none(socket_file: Path) -> None:
    async def collect() -> list[Any]:
        return [event async for event in ControlClient(socket_file, "collector").events("/v1/scan/events")]

    with answering(socket_file, b'HTTP/1.1 200 OK\r\n\r\ndata: {"asked": 1}\n\ndata: {"asked": 2'):
        assert asyncio.run(collect()) == [{"asked": 1}]


@pytest.mark.parametrize("name", ["nowhere/collector.sock", "x" * 120])
def test_a_socket_that_cannot_be_made_names_the_setting(tmp_path: Path, name: str) -> None:
    async def serve() -> None:
        serve_control(Application([]), tmp_path / name)

    with pytest.raises(DataFolderError, match=r"The control socket .* cannot be made: .*DCA_RUN_DIR"):
        asyncio.run(serve())
