"""Nothing of a large body is held for who may not send it, and all bodies under way together have a ceiling, fair by site."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from hosting.config import Limits
from tests.children import wait_until
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/readings"
CEILING = 300_000


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    """Return a server that holds little at once."""
    return start_server(limits=Limits(bodies_bytes=CEILING, site_bodies_bytes=200_000, site_burst=6, site_per_second=0.001))


def notes(size: int) -> dict[str, Any]:
    """Return a batch of about so many bytes."""
    return batch(reading() | {"misc": {"note": "x" * size}})


def large(size: int = 2_000_000) -> bytes:
    """Return a body of about so many bytes."""
    return json.dumps(notes(size)).encode()


@contextmanager
def half_sent(site: Site, size: int) -> Iterator[None]:
    """Send the head and the half of a body, and leave it at that until the end."""
    body = large(size)
    headers = site.signed(PATH, body, JSON) | {"Host": f"127.0.0.1:{site.server.port}", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with closing(socket.create_connection(("127.0.0.1", site.server.port))) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body[: size // 2])
        yield


def test_nothing_of_a_stranger_is_held(server: RunningServer, site: Site) -> None:
    body = large()
    for headers in (JSON, Site(server, site_id=site.site_id).signed(PATH, body, JSON), site.signed("/api/v1/checkin", body, JSON)):
        answer = server.request("POST", PATH, headers=headers, body=body)
        assert answer.status == 401, answer.text  # 503 would mean that it was held up to the ceiling
    assert server.services.bodies.total == 0


def test_nothing_of_a_site_beyond_its_budget_is_held(server: RunningServer, site: Site) -> None:
    for _ in range(6):
        site.check_in()
    assert site.send_bytes(PATH, large(), JSON).status == 429


def test_nothing_of_a_body_above_the_limit_is_held(server: RunningServer, site: Site) -> None:
    assert site.send_bytes("/api/v1/checkin", b" " * 1_000_000, JSON).status == 413
    assert site.send_bytes("/api/v1/enrol", b" " * 200_000, JSON, key_id=site.public_key).status == 413


def test_what_is_held_has_a_ceiling_and_one_site_does_not_reach_it(server: RunningServer, site: Site) -> None:
    other = Site(server).enrol("Other")
    bodies = server.services.bodies
    with half_sent(site, 190_000 * 2):
        wait_until("the half is held", lambda: bodies.total == 190_000)
        answer = site.upload(notes(50_000))
        assert (answer.status, answer.json()["error"]) == (503, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        assert other.upload(notes(50_000)).status == 200
        assert other.upload(notes(150_000)).status == 503
    wait_until("what was broken off is let go", lambda: bodies.total == 0)
    assert site.upload(notes(150_000)).status == 200
    assert bodies.total == 0


def test_a_body_of_unknown_length_is_looked_at_first_as_well(server: RunningServer, site: Site) -> None:
    body = large()
    stranger = Site(server, site_id=site.site_id)
    answer = server.request("POST", PATH, headers=stranger.signed(PATH, body, JSON), body=iter([body]))
    assert answer.status == 401, answer.text
