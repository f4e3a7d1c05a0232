"""A new connection resumes the TLS session of the one before, and an idle one is not trusted for too long."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.store.rows import Batch
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings, TimeLimits
from appliance.transmission.site_key import Identity
from tests.appliance.store.samples import sample
from tests.appliance.transmission.certificates import Authority, make_authority
from tests.appliance.transmission.peer import Received, Reply, serving
from tests.appliance.transmission.proxy import proxying

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")
BATCH = Batch("01a204df-c909-73e2-8e7e-cac5182c5f08", (sample(1).to_json(),))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


def confirm(_request: Received) -> Reply:
    return Reply({"accepted": 1, "duplicate": 0})


def confirm_and_close(_request: Received) -> Reply:
    return Reply({"accepted": 1, "duplicate": 0}, headers={"Connection": "close"})


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2])
def test_the_next_connection_resumes_the_session(authority: Authority, version: ssl.TLSVersion) -> None:
    context = authority.server_context("127.0.0.1")
    context.maximum_version = version
    with (
        serving(confirm_and_close, context) as peer,
        HostingClient(peer.url, IDENTITY, authority.trusted) as client,
    ):
        for _ in range(3):
            client.upload(BATCH)
    assert peer.connections == 3
    assert [request.resumed for request in peer.received] == [False, True, True]


def test_a_server_that_has_forgotten_the_session_makes_a_new_one(authority: Authority) -> None:
    with serving(confirm_and_close, authority.server_context("127.0.0.1")) as peer:
        port = peer.port
        client = HostingClient(peer.url, IDENTITY, authority.trusted)
        client.upload(BATCH)
    with serving(confirm_and_close, authority.server_context("127.0.0.1"), port=port) as peer, client:
        client.upload(BATCH)
        client.upload(BATCH)
    assert [request.resumed for request in peer.received] == [False, True]


def test_a_session_is_never_offered_by_another_client(authority: Authority) -> None:
    with serving(confirm_and_close, authority.server_context("127.0.0.1")) as peer:
        for _ in range(2):
            with HostingClient(peer.url, IDENTITY, authority.trusted) as client:
                client.upload(BATCH)
    assert [request.resumed for request in peer.received] == [False, False]


def test_the_session_with_the_server_is_resumed_through_a_proxy(authority: Authority) -> None:
    with (
        serving(confirm_and_close, authority.server_context("127.0.0.1")) as peer,
        proxying() as proxy,
        HostingClient(peer.url, IDENTITY, ConnectionSettings(ca_file=str(authority.file), proxy=proxy.url)) as client,
    ):
        client.upload(BATCH)
        client.upload(BATCH)
    assert [request.resumed for request in peer.received] == [False, True]


def test_a_connection_that_was_idle_for_long_is_not_used_again(authority: Authority) -> None:
    with (
        serving(confirm, authority.server_context("127.0.0.1")) as peer,
        HostingClient(peer.url, IDENTITY, authority.trusted, limits=TimeLimits(idle=0)) as client,
    ):
        client.upload(BATCH)
        client.upload(BATCH)
    assert peer.connections == 2
    assert [request.resumed for request in peer.received] == [False, True]
