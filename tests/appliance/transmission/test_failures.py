"""Each way in which the hosting server cannot be reached, or is none, has one sentence that says what to change."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.errors import ContentRefusedError, HostingError, RefusedError
from appliance.common.network.traffic import TrafficByPurpose
from appliance.store.rows import Batch
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings, TimeLimits
from appliance.transmission.site_key import Identity
from tests.appliance.store.samples import sample
from tests.appliance.transmission.certificates import Authority, make_authority
from tests.appliance.transmission.peer import Reply, answering_raw, serving
from tests.ports import free_port

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")
BATCH = Batch("01a204df-c909-73e2-8e7e-cac5182c5f08", tuple(sample(number).to_json() for number in (1, 2, 3)))


def failure(url: str, **options: Any) -> HostingError:
    """Return the error of an upload to `url`; its sentence is one line and names no secret."""
    with HostingClient(url, IDENTITY, **options) as client, pytest.raises(HostingError) as caught:
        client.upload(BATCH)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    assert "pa55word" not in text
    assert not any(word in text for word in ("Traceback", "urllib3", "object at 0x", "Error("))
    return caught.value


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def test_a_name_that_does_not_exist() -> None:
    traffic = TrafficByPurpose()
    text = str(failure("https://hosting.invalid", traffic=traffic))
    assert text.startswith("The name hosting.invalid of the hosting server cannot be resolved.")
    assert traffic.of("upload").packets_sent == 0


def test_a_port_where_nothing_listens() -> None:
    port = free_port()
    assert f"The hosting server 127.0.0.1:{port} refuses the connection" in str(failure(f"http://127.0.0.1:{port}"))


def test_a_certificate_of_an_unknown_authority_names_the_setting(authority: Authority) -> None:
    with serving(lambda _: Reply(), authority.server_context("127.0.0.1")) as peer:
        text = str(failure(peer.url))
    assert text.startswith(f"The certificate of 127.0.0.1:{peer.port} is not trusted: ")
    assert "hosting.ca_file (DCA_HOSTING_CA_FILE)" in text
    assert peer.received == []


@pytest.mark.parametrize("name", ["other.example", "127.9.9.9"])
def test_a_certificate_for_another_name(authority: Authority, name: str) -> None:
    with serving(lambda _: Reply(), authority.server_context(name)) as peer:
        text = str(failure(peer.url, connection=authority.trusted))
    assert text.startswith(f"The certificate of 127.0.0.1:{peer.port} is for another name: ")
    assert peer.received == []


@pytest.mark.parametrize(("days", "reason"), [((-30, -1), "expired"), ((1, 30), "not yet valid")])
def test_a_certificate_that_is_not_valid_now_points_to_the_clock(authority: Authority, days: tuple[int, int], reason: str) -> None:
    with serving(lambda _: Reply(), authority.server_context("127.0.0.1", days=days)) as peer:
        text = str(failure(peer.url, connection=authority.trusted))
    assert reason in text
    assert "Check this host's clock" in text


def test_https_asked_of_a_server_that_speaks_plain_http() -> None:
    with serving(lambda _: Reply()) as peer:
        text = str(failure(peer.url.replace("http://", "https://")))
    assert "does not speak HTTPS" in text
    assert "http://" in text


def test_plain_http_asked_of_a_server_that_speaks_https(authority: Authority) -> None:
    with serving(lambda _: Reply(), authority.server_context("127.0.0.1")) as peer:
        text = str(failure(peer.url.replace("https://", "http://")))
    assert "https://" in text or "does not speak HTTP" in text


def test_a_server_that_takes_the_request_and_stays_silent() -> None:
    with answering_raw(b"", hold=True) as peer:
        assert "did not answer in time" in str(failure(peer.url, limits=TimeLimits(read=0.3)))


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTT"],
    ids=["body", "headers", "status line"],
)
def test_a_server_that_drips_its_answer(head: bytes) -> None:
    with dripping(head) as port:
        began = time.monotonic()
        text = str(failure(f"http://127.0.0.1:{port}", limits=TimeLimits(exchange=0.5)))
        assert time.monotonic() - began < 10
    assert "did not finish its answer in time" in text


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.enrol("CODE1234", "Office"),
        lambda client: client.check_in({"devices": {}}),
        lambda client: client.upload(BATCH),
        lambda client: client.send_bundle(b"bundle"),
    ],
    ids=["enrolment", "check-in", "upload", "support bundle"],
)
@pytest.mark.parametrize("way", ["headers", "handshake", "proxy"])
def test_every_exchange_has_one_deadline_for_all_of_it(call: Callable[[HostingClient], object], way: str) -> None:
    head = {"headers": b"HTTP/1.1 200 OK\r\nX-Slow: ", "handshake": b"\x16\x03\x03", "proxy": b"HTTP/1.1 200 OK\r\nX-Slow: "}[way]
    with dripping(head) as port:
        url = f"{'https' if way == 'handshake' else 'http'}://127.0.0.1:{port}"
        connection = ConnectionSettings()
        if way == "proxy":
            url, connection = "https://hosting.invalid", ConnectionSettings(proxy=f"http://127.0.0.1:{port}")
        began = time.monotonic()
        # Each byte comes long before the next one is due: only the whole is too long.
        limits, late = TimeLimits(exchange=0.5, read=30), "did not finish its answer in time"
        with HostingClient(url, IDENTITY, connection, limits=limits) as client, pytest.raises(HostingError, match=late):
            call(client)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "url", ["https://hosting.invalid", "http://hosting.invalid:8080", f"https://{'a' * 70}.example", "http://[fe80::1]:9"]
)
def test_what_was_never_sent_is_not_counted(url: str) -> None:
    traffic = TrafficByPurpose()
    with HostingClient(url, IDENTITY, traffic=traffic) as client, pytest.raises(HostingError):
        client.check_in({})
    assert traffic.total().packets_sent == 0
    assert traffic.total().bytes == 0


def test_a_proxy_whose_name_does_not_resolve_is_not_counted_either() -> None:
    traffic = TrafficByPurpose()
    connection = ConnectionSettings(proxy="http://proxy.invalid:3128")
    with HostingClient("https://hosting.invalid", IDENTITY, connection, traffic=traffic) as client, pytest.raises(HostingError):
        client.check_in({})
    assert traffic.total().bytes == 0


@contextlib.contextmanager
def dripping(head: bytes) -> Iterator[int]:
    """Send `head` and then a byte every 50 ms."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(head)
                while not stop.wait(0.05):
                    connection.sendall(b" ")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n{"accepted":3,',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n{"accepted":3,',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\n{"accepted":3,\r\n',
        b'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{"accepted":3,',
        b"HTTP/1.1 200 OK\r\nContent-Le",
    ],
)
def test_an_answer_cut_in_half(answer: bytes) -> None:
    with answering_raw(answer) as peer:
        error = failure(peer.url)
    assert "cut off on its way" in str(error) or "its answer is empty" in str(error)
    assert not isinstance(error, RefusedError)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2"])
def test_a_connection_that_breaks_before_the_answer(answer: bytes) -> None:
    with answering_raw(answer, answer) as peer:
        error = failure(peer.url)
    assert "broke off before its answer came" in str(error) or "does not speak HTTP" in str(error)


def test_something_that_does_not_speak_http() -> None:
    with answering_raw(b"220 mail.example ESMTP\r\n") as peer:
        text = str(failure(peer.url))
    assert "is not a DCA hosting server: it does not speak HTTP" in text


@pytest.mark.parametrize(
    "reply",
    [
        Reply(raw=b"<!doctype html><title>A web site</title>"),
        Reply(raw=b""),
        Reply(["a", "list"]),
        Reply({"hello": "world"}),
        Reply({"accepted": -1, "duplicate": 0}),
        Reply({"accepted": "many", "duplicate": 0}),
        Reply(raw=b"<h1>Not found</h1>", status=404),
        Reply(raw=b"Method not allowed", status=405),
        Reply(raw=b"<h1>Bad request</h1>", status=400),
        Reply(raw=b"<h1>Log in</h1>", status=401),
        Reply(raw=b"{}", status=413),
        Reply(status=302, headers={"Location": "http://127.0.0.1:1/login"}),
    ],
)
def test_a_server_that_is_no_hosting_server_is_told_so_and_never_takes_a_batch_away(reply: Reply) -> None:
    with serving(lambda _: reply) as peer:
        error = failure(peer.url)
    assert "is not a DCA hosting server" in str(error)
    assert not isinstance(error, RefusedError)


def test_a_redirect_is_not_followed() -> None:
    with serving(lambda _: Reply({"accepted": 3, "duplicate": 0})) as other:
        with serving(lambda _: Reply(status=307, headers={"Location": f"{other.url}/api/v1/readings"})) as peer:
            failure(peer.url)
        assert other.received == []


def test_an_answer_that_never_ends_is_not_read_to_its_end() -> None:
    with serving(lambda _: Reply(raw=b"[" + b" " * (3 << 20) + b"]")) as peer:
        assert "its answer is larger than 1 MiB" in str(failure(peer.url))


def test_a_compressed_answer_is_not_unpacked() -> None:
    with serving(lambda _: Reply(raw=b"\x1f\x8b" + b"\0" * 100, headers={"Content-Encoding": "gzip"})) as peer:
        assert "its answer is not JSON" in str(failure(peer.url))
        assert peer.received[0].headers.get("accept-encoding", "identity") == "identity"


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "unknown_site", "does not know this site"),
        (401, "bad_signature", "does not accept the signature"),
        (403, "code_invalid", "Ask the hosting team for a new enrolment string"),
        (403, "revoked", "has revoked this site"),
        (403, "something_new", "A reason of later."),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_tried_again_soon(status: int, code: str, words: str) -> None:
    with serving(lambda _: Reply({"error": code, "message": "A reason of later"}, status)) as peer:
        error = failure(peer.url)
    assert isinstance(error, RefusedError)
    assert not isinstance(error, ContentRefusedError)
    assert error.code == code
    assert words in str(error)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_content_the_server_will_never_take_is_known_as_such(status: int) -> None:
    with serving(lambda _: Reply({"error": "invalid", "message": "readings.0.device.key is too long"}, status)) as peer:
        error = failure(peer.url)
    assert isinstance(error, ContentRefusedError)
    assert "readings.0.device.key is too long." in str(error)


@pytest.mark.parametrize(("ahead", "words"), [(725, "12 minutes ahead of"), (-7300, "2 hours behind"), (-172_900, "2 days behind")])
def test_a_wrong_clock_is_told_with_its_difference_and_tried_again(ahead: int, words: str) -> None:
    date = format_datetime(datetime.now(UTC) - timedelta(seconds=ahead), usegmt=True)
    head = f"HTTP/1.1 401 Unauthorized\r\nDate: {date}\r\nContent-Length: 38\r\n\r\n".encode()
    with answering_raw(head + b'{"error":"clock","message":"too far."}') as peer:
        error = failure(peer.url)
    assert f"The clock of this host is {words} the clock of the hosting server" in str(error)
    assert "NTP" in str(error)
    assert not isinstance(error, RefusedError)


def test_a_request_seen_before_is_tried_again() -> None:
    with serving(lambda _: Reply({"error": "replayed", "message": "Seen."}, 401)) as peer:
        assert not isinstance(failure(peer.url), RefusedError)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("content", [{"error": "busy", "message": "Later"}, None])
def test_a_busy_server_names_when_to_come_back(status: int, content: Any) -> None:
    with serving(lambda _: Reply(content, status, {"Retry-After": "120"})) as peer:
        error = failure(peer.url)
    assert error.retry_after == 120
    assert "asks to wait 2 minutes" in str(error)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_fault_of_the_server_is_tried_again(status: int) -> None:
    with serving(lambda _: Reply(raw=b"<h1>Oops</h1>", status=status)) as peer:
        error = failure(peer.url)
    assert str(status) in str(error)
    assert not isinstance(error, RefusedError)


def test_what_a_server_says_cannot_break_the_line() -> None:
    with serving(lambda _: Reply({"error": "odd", "message": "one\r\ntwo\x1b[31m\tthree"}, 500)) as peer:
        assert "one two [31m three." in str(failure(peer.url))


def test_a_server_that_breaks_off_while_encryption_is_agreed() -> None:
    with answering_raw_to_tls() as port:
        text = str(failure(f"https://127.0.0.1:{port}"))
    assert f"127.0.0.1:{port}" in text
    assert "tried again" in text


@contextlib.contextmanager
def answering_raw_to_tls() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(100)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def test_the_tls_context_asks_for_a_modern_protocol(authority: Authority) -> None:
    old = authority.server_context("127.0.0.1")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    with serving(lambda _: Reply(), old) as peer:
        failure(peer.url, connection=authority.trusted)
    assert peer.received == []
