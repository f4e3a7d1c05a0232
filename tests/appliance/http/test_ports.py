"""Ports of printing are never dialled, and nothing in the collector can dial a device but one function."""

import ast
import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.network.device_ports import HTTP_PORTS, PRINTER_PORTS
from appliance.common.network.traffic import Traffic
from appliance.http.errors import HttpError, NotAllowedError, RefusedError
from appliance.http.ports import AllowedPorts
from appliance.http.visit import HttpLimits, Visit
from tests.appliance.http.web import Page, device
from tests.conftest import FreePort

APPLIANCE = Path(__file__).parents[3] / "appliance"
LOCAL = {"process/notify.py": "Unix socket", "commands/health.py": "Unix socket", "store/database.py": "SQLite"}
DIALLING = {
    *("connect", "connect_ex", "sock_connect", "create_connection", "open_connection"),
    *("PoolManager", "ProxyManager", "HTTPConnectionPool", "HTTPSConnectionPool", "HTTPConnection", "HTTPSConnection"),
    *("AsyncHTTPClient", "SimpleAsyncHTTPClient", "HTTPClient", "TCPClient", "urlopen", "urlretrieve", "websocket_connect"),
}
CLIENTS = {"urllib3", "urllib.request", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib", "tornado.httpclient"}
CLIENTS |= {"tornado.simple_httpclient", "tornado.tcpclient", "tornado.curl_httpclient", "tornado.websocket"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(APPLIANCE.rglob("*.py")):
        yield file.relative_to(APPLIANCE).as_posix(), ast.parse(file.read_text(encoding="utf-8"))


def called(tree: ast.AST) -> set[str]:
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in functions}


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return names


def test_only_one_function_dials_devices() -> None:
    """`transmission` and its pool are left out: they dial the hosting server, never a device."""
    dialling = {name for name, tree in sources() if called(tree) & DIALLING and not name.startswith("transmission/")}
    assert dialling == {"http/ports.py", "common/network/outbound_connections.py", *LOCAL}


def test_what_connects_locally_opens_no_tcp_connection() -> None:
    for name in LOCAL:
        text = (APPLIANCE / name).read_text(encoding="utf-8")
        assert "AF_INET" not in text
        assert "AF_UNIX" in text or "sqlite3" in text


def test_libraries_that_dial_are_imported_for_the_hosting_server_alone() -> None:
    users = {name: tree for name, tree in sources() if any(client in imported(tree) for client in CLIENTS)}
    outbound = {name for name in users if not name.startswith("transmission/")}
    assert outbound == {"common/network/outbound.py", "common/network/outbound_connections.py"}
    # The first reads the errors of the library, and opens nothing with it.
    nodes = [node for node in ast.walk(users["common/network/outbound.py"]) if isinstance(node, ast.Attribute)]
    assert {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "urllib3"} <= {
        "exceptions",
        "disable_warnings",
    }
    # The second is used where the hosting server is spoken to, and nowhere else in the collector.
    speakers = {name for name, tree in sources() if "appliance.common.network.outbound_connections" in imported(tree)}
    assert speakers == {"transmission/client.py"}


def test_tcp_sockets_are_made_in_one_place() -> None:
    def stream_sockets(tree: ast.AST) -> bool:
        return any(isinstance(node, ast.Attribute) and node.attr == "SOCK_STREAM" for node in ast.walk(tree))

    assert {name for name, tree in sources() if stream_sockets(tree)} - LOCAL.keys() == {"http/ports.py"}


def test_the_allow_list_is_fixed() -> None:
    assert {80, 443, 631, 8000, 8080, 8443} == HTTP_PORTS
    assert {515, 9999, *range(9100, 9117)} <= PRINTER_PORTS


@pytest.mark.parametrize("port", [515, 9999, *range(9100, 9117), 22, 161, 8081, 0, -1, 70000])
def test_other_ports_are_refused_before_anything_is_sent(port: int) -> None:
    with pytest.raises(NotAllowedError, match=str(port)):
        asyncio.run(AllowedPorts().dial("127.0.0.1", port, 1.0, Traffic()))


@pytest.mark.parametrize("port", [515, 9999, *range(9100, 9117)])
def test_ports_of_printing_cannot_even_be_added(port: int) -> None:
    with pytest.raises(NotAllowedError, match="port of printing"):
        AllowedPorts([port])


def test_names_are_never_dialled(free_port: FreePort) -> None:
    port = free_port()
    with pytest.raises(NotAllowedError, match="no IP address"):
        asyncio.run(AllowedPorts([port]).dial("localhost", port, 1.0, Traffic()))


def test_a_redirect_to_a_port_of_printing_is_refused() -> None:
    """A real listener stands at the port: it must not hear anything."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        for port in (9100, elsewhere.getsockname()[1]):
            location = f"http://127.0.0.1:{port}/"

            async def visit(location: str = location) -> None:
                async with (
                    device({"/status.xml": Page(status=302, location=location)}) as served,
                    Visit("127.0.0.1", AllowedPorts([served.port]), HttpLimits(), Traffic()) as visited,
                ):
                    await visited.get("/status.xml", port=served.port)

            with pytest.raises(NotAllowedError, match=str(port)):
                asyncio.run(visit())
        elsewhere.setblocking(False)
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


@pytest.mark.parametrize("location", ["http://127.0.0.2:80/", "http://printer.example/", "ftp://127.0.0.1/", "http://[::1/"])
def test_a_redirect_to_another_place_is_not_followed(location: str) -> None:
    async def visit() -> None:
        async with (
            device({"/status.xml": Page(status=301, location=location)}) as served,
            Visit("127.0.0.1", AllowedPorts([served.port]), HttpLimits(), Traffic()) as visited,
        ):
            await visited.get("/status.xml", port=served.port)

    with pytest.raises(NotAllowedError):
        asyncio.run(visit())


def test_a_refused_connection_is_told_apart(free_port: FreePort) -> None:
    port = free_port()
    with pytest.raises(RefusedError, match=f"127.0.0.1 refuses connections to port {port}"):
        asyncio.run(AllowedPorts([port]).dial("127.0.0.1", port, 1.0, Traffic()))
    assert issubclass(RefusedError, HttpError)
