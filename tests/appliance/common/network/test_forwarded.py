"""`X-Forwarded-*` as proxies really write it."""

import pytest

from appliance.common.network.forwarded import TrustedProxies, client_of, without_port

PROXIES = TrustedProxies.parse(["127.0.0.1", "2001:db8:1::/48"])


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:50123", "192.0.2.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.9, 192.0.2.7:1, 127.0.0.1", "192.0.2.7"),
        ("192.0.2.7, 2001:db8:1::5", "192.0.2.7"),
        ("unknown", None),
        ("192.0.2.7:http", None),
        ("", None),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(chain: str, client: str | None) -> None:
    assert PROXIES.forwarded("127.0.0.1", {"X-Forwarded-For": chain}).client == client


@pytest.mark.parametrize(
    ("said", "protocol"), [("https", "https"), ("https,http", "https"), ("HTTPS , http", "https"), ("wss", None)]
)
def test_the_protocol_is_what_the_client_spoke_to_the_first_proxy(said: str, protocol: str | None) -> None:
    assert PROXIES.forwarded("127.0.0.1", {"X-Forwarded-Proto": said}).protocol == protocol


def test_a_proxy_that_comes_over_a_socket_of_both_families_is_known() -> None:
    assert PROXIES.trusts("::ffff:127.0.0.1")


def test_nobody_else_is_believed() -> None:
    forwarded = PROXIES.forwarded("192.0.2.1", {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"})
    assert (forwarded.client, forwarded.protocol) == (None, None)


def test_connections_of_one_client_count_as_one() -> None:
    assert client_of(without_port("192.0.2.7:1") or "") == client_of(without_port("192.0.2.7:2") or "")
    assert client_of("::ffff:192.0.2.7") == client_of("192.0.2.7") != client_of("::ffff:192.0.2.8")
    assert client_of("2001:db8::1") == client_of("2001:db8::2") != client_of("2001:db8:0:1::1")
