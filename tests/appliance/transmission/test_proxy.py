"""Through a web proxy: HTTPS by CONNECT, plain HTTP by absolute address, with and without a password."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.errors import HostingError, SettingsError
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.site_key import Identity
from tests.appliance.transmission.certificates import Authority, make_authority
from tests.appliance.transmission.peer import Peer, Reply, serving
from tests.appliance.transmission.proxy import Proxy, proxying
from tests.ports import free_port

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")
CHECKED_IN = Reply({"server_time": "2026-11-22T10:00:00Z"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def check_in(peer: Peer, proxy: Proxy, **options: Any) -> None:
    with HostingClient(peer.url, IDENTITY, ConnectionSettings(proxy=proxy.url, **options)) as client:
        client.check_in({})


def failure(peer: Peer, proxy: Proxy, **options: Any) -> str:
    with pytest.raises(HostingError) as caught:
        check_in(peer, proxy, **options)
    assert "pa55" not in str(caught.value)
    return str(caught.value)


def test_https_goes_through_a_tunnel_and_the_server_is_still_checked(authority: Authority) -> None:
    with serving(lambda _: CHECKED_IN, authority.server_context("127.0.0.1")) as peer, proxying() as proxy:
        check_in(peer, proxy, ca_file=str(authority.file))
        assert proxy.lines == [f"CONNECT 127.0.0.1:{peer.port} HTTP/1.1"] or proxy.lines == [
            f"CONNECT 127.0.0.1:{peer.port} HTTP/1.0"
        ]
        assert "is not trusted" in failure(peer, proxy)
    assert len(peer.received) == 1


def test_plain_http_is_handed_to_the_proxy_and_the_signature_still_fits() -> None:
    with serving(lambda _: CHECKED_IN) as peer, proxying() as proxy:
        check_in(peer, proxy)
    assert proxy.lines == [f"POST {peer.url}/api/v1/checkin HTTP/1.1"]
    peer.received[0].verify("http", "site-1", IDENTITY.private_key.public_key())


@pytest.mark.parametrize("secure", [True, False])
def test_user_and_password_are_for_the_proxy_alone(authority: Authority, secure: bool) -> None:
    context = authority.server_context("127.0.0.1") if secure else None
    with serving(lambda _: CHECKED_IN, context) as peer, proxying(login="anna:pa55:wörd") as proxy:
        check_in(peer, proxy, ca_file=str(authority.file), proxy_user="anna", proxy_password="pa55:wörd")
    assert "proxy-authorization" not in peer.received[0].headers


@pytest.mark.parametrize("secure", [True, False])
def test_a_wrong_password_for_the_proxy_names_the_settings(authority: Authority, secure: bool) -> None:
    context = authority.server_context("127.0.0.1") if secure else None
    with serving(lambda _: CHECKED_IN, context) as peer, proxying(login="anna:right") as proxy:
        text = failure(peer, proxy, ca_file=str(authority.file), proxy_user="anna", proxy_password="pa55")
    assert "DCA_PROXY_USER, DCA_PROXY_PASSWORD_FILE" in text
    assert f"The proxy 127.0.0.1:{proxy.port}" in text
    assert peer.received == []


def test_a_proxy_that_will_not_connect_is_told(authority: Authority) -> None:
    with serving(lambda _: CHECKED_IN, authority.server_context("127.0.0.1")) as peer, proxying(refusal="403 Forbidden") as proxy:
        text = failure(peer, proxy, ca_file=str(authority.file))
    assert f"The proxy 127.0.0.1:{proxy.port} will not connect to the hosting server: 403 Forbidden." in text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there_is_told_with_its_setting(scheme: str) -> None:
    port = free_port()
    text = failure(Peer(f"{scheme}://127.0.0.1:1", 1, []), Proxy(f"http://127.0.0.1:{port}", port))
    assert f"The proxy 127.0.0.1:{port} refuses the connection" in text
    assert "DCA_PROXY" in text


def test_an_address_that_is_no_proxy_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="DCA_PROXY"):
        HostingClient("https://127.0.0.1:1", IDENTITY, ConnectionSettings(proxy="socks5://127.0.0.1:9"))
