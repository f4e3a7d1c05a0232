"""SIGTERM: load balancers are told at once, requests under way are answered, jobs given back, and nothing acknowledged is lost."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
import urllib3.exceptions

from hosting.db.tables import job as job_table
from tests.children import wait_until
from tests.conftest import StartChild
from tests.hosting.batches import batch, reading
from tests.hosting.load import Load, assert_nothing_is_lost_or_doubled, stored
from tests.hosting.process import ServerProcess
from tests.hosting.site import Site

PATH = "/api/v1/readings"
StartProcess = Callable[..., ServerProcess]


@pytest.fixture
def start_process(start_child: StartChild, migrated_address: str | None, tmp_path: Path) -> Iterator[StartProcess]:
    """Yield a function that starts a server process; its words are variables of the environment."""
    started: list[ServerProcess] = []

    def start(**environment: str) -> ServerProcess:
        started.append(ServerProcess(start_child, tmp_path, migrated_address, **environment))
        return started[-1]

    yield start
    for server in started:
        server.close()


def begun(site: Site, body: bytes, port: int) -> socket.socket:
    """Return a connection on which the head of an upload and half of its body were sent."""
    headers = site.signed(PATH, body, {"Content-Type": "application/json"}) | {"Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}\r\n".encode() + body[: len(body) // 2])
    return connection


def test_under_load_nothing_acknowledged_is_lost_and_jobs_are_given_back(start_process: StartProcess) -> None:
    server = start_process()
    sites = [server.site(f"Site {number}") for number in range(4)]
    with Load(sites) as load:
        load.wait_for(20)
        server.child.send(signal.SIGTERM)
        ended = server.child.wait()
        load.wait_for(1, status=0)
        assert ended.returncode == 0, ended.stderr
        assert load.acknowledged() <= set(stored(server.database))
        with server.database.reading() as connection:
            assert set(connection.execute(sa.select(job_table.c.holder)).scalars()) <= {None}
        server.start()
        load.settle()
        assert_nothing_is_lost_or_doubled(load, server.database)
    assert load.told.keys() <= {200, 0}
    assert "Traceback" not in ended.stderr


def test_while_it_drains_it_serves_and_says_that_it_is_not_ready(start_process: StartProcess) -> None:
    server = start_process(DCA_HOSTING_DRAIN_SECONDS="120")
    site = server.site()
    assert server.request("GET", "/readyz").status == 200
    server.child.send(signal.SIGTERM)
    wait_until("it is not ready", lambda: server.request("GET", "/readyz").status == 503)
    answer = server.request("GET", "/readyz")
    assert (answer.json()["error"], answer.headers["Connection"]) == ("stopping", "close")
    assert int(answer.headers["Retry-After"]) > 0
    assert server.request("GET", "/livez").status == 200
    answer = site.upload(batch(reading()))
    assert (answer.status, answer.headers["Connection"]) == (200, "close")

    body = json.dumps(batch(reading("serial:ACME:2") | {"misc": {"note": "x" * 200_000}})).encode()
    with closing(begun(site, body, server.port)) as upload, closing(socket.create_connection(("127.0.0.1", server.port))) as idle:
        server.child.wait_for('"event": "stopping"')
        assert server.request("GET", "/livez").status == 200  # the head of the upload has been read by now
        server.child.send(signal.SIGTERM)  # shortens it
        assert idle.recv(1) == b""
        upload.sendall(body[len(body) // 2 :])
        answered = upload.recv(65536)
        assert answered.startswith(b"HTTP/1.1 200 OK\r\n"), answered
        assert b'"accepted":1' in answered
        assert upload.recv(1) == b""
    assert server.child.wait().returncode == 0
    assert len(stored(server.database)) == 2
    with pytest.raises(urllib3.exceptions.HTTPError):
        server.request("GET", "/livez")


@pytest.mark.parametrize("migrated_address", ["sqlite"], indirect=True)
def test_whoever_never_ends_a_request_does_not_keep_it(start_process: StartProcess) -> None:
    server = start_process()
    site = server.site()
    with closing(begun(site, b"{}" * 1000, server.port)) as upload:
        assert server.request("GET", "/livez").status == 200
        server.child.send(signal.SIGTERM)
        assert server.child.wait().returncode == 0
        assert upload.recv(65536) == b""
