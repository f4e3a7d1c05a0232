"""The repository handed out by a real server, to our own client and to whoever else asks."""

import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
import urllib3

from appliance.settings.model import HostingSettings
from hosting.repository.repository import Repository
from tests.children import Child
from tests.conftest import StartChild
from tests.hosting.commands.test_cli import done, hosting, serve
from updater.installation.archive_download import download
from updater.trust.client import Target
from updater.trust.http_source import Fetcher

from .published import Published, Site, document, sha256

ONE = "config/site/one.json"


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that hands out a repository."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tuf"

    def ask(self, path: str, method: str = "GET") -> urllib3.BaseHTTPResponse:
        return urllib3.request(method, self.url + path, retries=False)

    def raw(self, path: str, method: str = "GET") -> bytes:
        """Return an answer as it comes, to a path that no library would send."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
            return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture
def serving(published: Published, start_child: StartChild) -> Serving:
    done(hosting("init", "--data", published.data))
    words = ("--http", "--public-url", "https://mps.example/dca")
    return Serving(*serve(start_child, published.data, *words))


def test_our_client_follows_the_server(serving: Serving, published: Published, repository: Repository, tmp_path: Path) -> None:
    site = Site(tmp_path, serving.url).begin(published.root)
    assert "No role of the repository signed" in str(site.fetch(ONE))

    repository.publish_configuration({ONE: document(1)})

    assert site.fetch(ONE) == document(1)


def test_our_client_follows_it_below_the_path_of_the_public_address(serving: Serving, published: Published, tmp_path: Path) -> None:
    site = Site(tmp_path, serving.url.replace("/tuf", "/dca/tuf")).begin(published.root)

    assert site.refresh().returncode == 0


def test_only_the_timestamp_is_asked_for_again(serving: Serving, repository: Repository) -> None:
    repository.publish_configuration({ONE: document(1)})
    target = f"/targets/config/site/{sha256(document(1))}.one.json"

    for path in ("/metadata/1.root.json", "/metadata/2.snapshot.json", target):
        assert serving.ask(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert serving.ask("/metadata/timestamp.json").headers["Cache-Control"] == "no-cache"
    assert serving.ask("/metadata/2.root.json").headers["Cache-Control"] == "no-cache"


def test_head_tells_the_length_alone(serving: Serving, published: Published) -> None:
    answer = serving.ask("/metadata/1.targets.json", "HEAD")

    assert answer.status == 200
    assert int(answer.headers["Content-Length"]) == len((published.repository / "metadata/1.targets.json").read_bytes())
    assert serving.raw("/tuf/metadata/1.targets.json", "HEAD").endswith(b"\r\n\r\n")


def test_an_idle_poll_is_one_kilobyte(serving: Serving) -> None:
    asked = "GET /tuf/metadata/{} HTTP/1.1\r\nHost: hosting.example\r\nUser-Agent: dca/1.0.0\r\nAccept-Encoding: identity\r\n\r\n"
    requests = [len(asked.format(name)) for name in ("2.root.json", "timestamp.json")]
    absent, timestamp = (serving.raw(f"/tuf/metadata/{name}") for name in ("2.root.json", "timestamp.json"))

    assert absent.startswith(b"HTTP/1.1 404 ")
    assert absent.endswith(b"\r\n\r\n")
    assert len(absent) + len(timestamp) + sum(requests) <= 1024


def test_a_download_that_broke_off_goes_on(serving: Serving, published: Published) -> None:
    name = "release/" + "a" * 64 + ".0.2.0-linux-amd64.tar.gz"
    file = published.repository / "targets" / name
    file.parent.mkdir(exist_ok=True)
    content = bytes(range(256)) * 4096
    file.write_bytes(content)

    def part(asked: str) -> tuple[int, str | None, bytes]:
        answer = urllib3.request("GET", f"{serving.url}/targets/{name}", headers={"Range": asked}, retries=False)
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        return answer.status, answer.headers.get("Content-Range"), answer.data

    end = len(content)
    assert part("bytes=1000-1999") == (206, f"bytes 1000-1999/{end}", content[1000:2000])
    assert part("bytes=700000-") == (206, f"bytes 700000-{end - 1}/{end}", content[700_000:])
    assert part(f"bytes={end - 1}-{end + 99}") == (206, f"bytes {end - 1}-{end - 1}/{end}", content[-1:])
    assert part("bytes=-5") == (206, f"bytes {end - 5}-{end - 1}/{end}", content[-5:])
    assert part(f"bytes={end}-") == (416, f"bytes */{end}", b"")
    assert part("bytes=-0") == (416, f"bytes */{end}", b"")
    for not_understood in ("bytes=-", "bytes=5-4", "bytes=0-1,5-6", "lines=1-2", "bytes=" + "9" * 20 + "-"):
        assert part(not_understood) == (200, None, content)


def test_an_archive_that_broke_off_is_gone_on_with_by_our_client(serving: Serving, published: Published, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    name = f"release/{sha256(content)}.0.2.0-linux-amd64.tar.gz"
    file = published.repository / "targets" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    hashes = {"sha256": sha256(content)}
    wanted = Target("release/0.2.0-linux-amd64.tar.gz", len(content), hashes, {}, f"{serving.url}/targets/{name}")
    fetcher = Fetcher(HostingSettings())

    def broken_off(_text: str, percent: int | None) -> None:
        if percent and percent >= 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(wanted, fetcher, tmp_path, broken_off)
    fetcher.close()
    there = (tmp_path / "0.2.0-linux-amd64.tar.gz.part").stat().st_size
    assert there > 400_000
    fetcher = Fetcher(HostingSettings())
    try:
        assert download(wanted, fetcher, tmp_path, lambda *_: None).read_bytes() == content
    finally:
        fetcher.close()
    assert len(content) - there < fetcher.traffic.bytes_received < 1.1 * (len(content) - there) + 2000


def test_a_part_of_what_changes_is_not_handed_out(serving: Serving) -> None:
    whole = serving.ask("/metadata/timestamp.json").data
    answer = urllib3.request("GET", f"{serving.url}/metadata/timestamp.json", headers={"Range": "bytes=5-"}, retries=False)

    assert (answer.status, answer.data) == (200, whole)


@pytest.mark.parametrize(
    "path",
    [
        "/tuf",
        "/tuf/",
        "/tuf/metadata",
        "/tuf/metadata/",
        "/tuf/targets/",
        "/tuf/targets/config/site",
        "/tuf/targets/config/site/",
        "/tuf/metadata/9.root.json",
        "/tuf/metadata/../keys/secret.key",
        "/tuf/metadata/..%2fkeys/secret.key",
        "/tuf/metadata/%2e%2e/keys/secret.key",
        "/tuf/metadata//timestamp.json",
        "/tuf/metadata/.hidden.json",
        "/tuf/targets/../metadata/timestamp.json",
        "/tuf/keys/secret.key",
        "/tuf/drafts/1.root.json",
        "/tuf/.lock",
    ],
)
def test_nothing_but_what_is_published_is_handed_out(serving: Serving, published: Published, path: str) -> None:
    for name in ("keys/secret.key", "drafts/1.root.json", "metadata/.hidden.json"):
        (published.repository / name).write_text("not for you")

    answer = serving.raw(path)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b"\r\n\r\n")


def test_nothing_can_be_changed_from_afar(serving: Serving) -> None:
    assert {serving.ask("/metadata/timestamp.json", method).status for method in ("POST", "PUT", "DELETE")} == {405}


def test_a_root_that_is_not_there_yet_is_nothing_to_warn_of(serving: Serving) -> None:
    serving.ask("/metadata/2.root.json")
    serving.ask("/metadata/2.snapshot.json")

    serving.child.wait_for("2.snapshot.json")
    assert "2.root.json" not in serving.child.stderr


def test_a_server_without_a_repository_has_none_to_hand_out(tmp_path: Path, start_child: StartChild) -> None:
    done(hosting("init", "--data", tmp_path))

    _, port = serve(start_child, tmp_path, "--http")

    assert urllib3.request("GET", f"http://127.0.0.1:{port}/tuf/metadata/timestamp.json").status == 404
