"""The way to a repository: authorities, proxies, the maximum rate, and what is said when there is no way."""

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.common.errors import SettingsError
from appliance.settings.model import HostingSettings
from tests.appliance.transmission.certificates import make_authority
from tests.appliance.transmission.proxy import proxying
from tests.updater.tuf_repository import serving
from updater.errors import FetchError, Reason
from updater.trust.http_source import Fetcher, FetchLimits
from updater.trust.transfer_rate import LOOK_SECONDS

FILES = {"metadata/a.json": b"content"}
LIMIT = 1000


def fetch(url: str, settings: HostingSettings | None = None, limits: FetchLimits | None = None, limit: int = LIMIT) -> bytes:
    fetcher = Fetcher(settings or HostingSettings(), limits)
    try:
        return b"".join(fetcher.fetch(url, limit))
    finally:
        fetcher.close()


def refused(url: str, settings: HostingSettings | None = None) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(url, settings)
    return caught.value


def test_authority_of_the_site_is_trusted_beside_the_public_ones(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serving(FILES, authority.server_context("localhost")) as server:
        url = f"{server.metadata_url}/a.json"

        assert fetch(url, HostingSettings(ca_file=str(authority.file))) == b"content"
        error = refused(url)

    assert error.reason is Reason.UNREACHABLE
    assert "hosting.ca_file" in str(error)


def test_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serving(FILES, authority.server_context("other.example")) as server:
        error = refused(f"{server.metadata_url}/a.json", HostingSettings(ca_file=str(authority.file)))

    assert "certificate" in str(error)


def test_expired_certificate_points_at_the_clock(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serving(FILES, authority.server_context("localhost", days=(-9, -1))) as server:
        error = refused(f"{server.metadata_url}/a.json", HostingSettings(ca_file=str(authority.file)))

    assert "clock" in str(error)


def test_proxy_is_used_and_told_user_and_password_which_the_server_is_not() -> None:
    seen: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers.get("Proxy-Authorization"))
        handler.send_response(200)
        handler.send_header("Content-Length", "2")
        handler.end_headers()
        handler.wfile.write(b"ok")

    with serving({}) as server, proxying(login="site:secret") as proxy:
        server.behaviours["metadata/a.json"] = note
        settings = HostingSettings(proxy=proxy.url, proxy_user="site", proxy_password=SecretStr("secret"))

        assert fetch(f"{server.metadata_url}/a.json", settings) == b"ok"
        assert proxy.lines == [f"GET {server.metadata_url}/a.json HTTP/1.1"]

    assert seen == [None]


def test_proxy_is_used_for_https_with_the_authority_of_the_site(tmp_path: Path) -> None:
    authority = make_authority(tmp_path)
    with serving(FILES, authority.server_context("localhost")) as server, proxying(login="site:secret") as proxy:
        settings = HostingSettings(
            proxy=proxy.url, proxy_user="site", proxy_password=SecretStr("secret"), ca_file=str(authority.file)
        )

        assert fetch(f"{server.metadata_url}/a.json", settings) == b"content"
        assert proxy.lines[0].startswith("CONNECT localhost:")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_proxy_that_wants_another_password_is_told_so(scheme: str) -> None:
    with proxying(login="site:secret") as proxy:
        error = refused(f"{scheme}://127.0.0.1:1/a.json", HostingSettings(proxy=proxy.url))

    assert "hosting.proxy_user" in str(error)


def test_proxy_that_refuses_or_is_gone_is_named() -> None:
    with proxying(refusal="403 Forbidden") as proxy:
        assert "403 Forbidden" in str(refused("https://127.0.0.1:1/a.json", HostingSettings(proxy=proxy.url)))

    assert "hosting.proxy" in str(refused("https://127.0.0.1:1/a.json", HostingSettings(proxy=proxy.url)))


def test_settings_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"hosting\.ca_file"):
        Fetcher(HostingSettings(ca_file=str(tmp_path / "none.pem")))


def test_redirect_is_not_followed() -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", f"{server.metadata_url}/a.json")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving(dict(FILES)) as server:
        server.behaviours["metadata/b.json"] = redirect
        error = refused(f"{server.metadata_url}/b.json")

        assert "redirect" in str(error)
        assert server.requests == ["metadata/b.json"]


def test_maximum_rate_is_kept_and_is_not_taken_for_a_slow_server() -> None:
    limits = FetchLimits(minimum_rate=10_000_000, grace_seconds=0.6, maximum_rate=200_000)
    with serving({"metadata/a.json": bytes(200_000)}) as server:
        began = time.monotonic()
        content = fetch(f"{server.metadata_url}/a.json", limits=limits, limit=1 << 20)
        seconds = time.monotonic() - began

    assert len(content) == 200_000
    assert seconds >= 0.95


def think_first(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(4 * LOOK_SECONDS)
    handler.send_response(200)
    handler.send_header("Content-Length", "2")
    handler.end_headers()
    handler.wfile.write(b"ok")


def test_time_in_which_the_server_thinks_is_granted_before_the_minimum_rate_counts() -> None:
    with serving({}) as server:
        server.behaviours["metadata/a.json"] = think_first
        url = f"{server.metadata_url}/a.json"

        assert fetch(url, limits=FetchLimits(minimum_rate=10_000_000)) == b"ok"
        with pytest.raises(FetchError) as caught:
            fetch(url, limits=FetchLimits(minimum_rate=10_000_000, grace_seconds=LOOK_SECONDS))

    assert caught.value.reason is Reason.SLOW


def test_connection_is_kept_between_two_files() -> None:
    ports = set()

    def note(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address[1])
        handler.close_connection = False
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with serving({}) as server:
        server.behaviours["metadata/a.json"] = note
        fetcher = Fetcher(HostingSettings())
        for _ in range(3):
            list(fetcher.fetch(f"{server.metadata_url}/a.json", LIMIT))
        fetcher.close()

    assert len(ports) == 1


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a.json", "nonsense", "http://127.0.0.1:99999/a.json", "http://[::1/a.json", ""])
def test_address_that_is_none_is_refused_in_a_sentence(url: str) -> None:
    assert refused(url).reason is Reason.UNREACHABLE


def test_name_that_does_not_exist_is_told() -> None:
    assert "printers.invalid" in str(refused("http://printers.invalid/a.json"))


def speak_ssh(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n")


def test_server_that_speaks_another_protocol_is_told() -> None:
    with serving({}) as server:
        server.behaviours["metadata/a.json"] = speak_ssh

        assert "does not speak HTTP" in str(refused(f"{server.metadata_url}/a.json"))
        assert "encrypted" in str(refused(f"{server.metadata_url}/a.json".replace("http:", "https:")))


def test_what_fetches_cost_is_counted_with_their_headers() -> None:
    with serving({"a": b"x" * 50_000}) as server:
        fetcher = Fetcher(HostingSettings())
        for _ in range(2):
            assert b"".join(fetcher.fetch(f"{server.url}/a", 50_000)) == b"x" * 50_000
        fetcher.close()

    # Twice the file, headers of HTTP, TCP and IP; one connection, which is opened with two packets from here and closed.
    assert 100_000 < fetcher.traffic.bytes_received < 110_000
    assert 300 < fetcher.traffic.bytes_sent < 10_000
    assert fetcher.traffic.packets_sent >= 6


def test_a_connection_that_is_refused_is_counted_too() -> None:
    fetcher = Fetcher(HostingSettings())
    with pytest.raises(FetchError):
        list(fetcher.fetch("http://127.0.0.1:1/a", LIMIT))
    fetcher.close()

    assert (fetcher.traffic.packets_sent, fetcher.traffic.packets_received) == (1, 1)
