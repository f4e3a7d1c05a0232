"""A support bundle is kept as it came, and only the newest ones."""

import gzip

import pytest

from hosting.config import Limits
from hosting.db import bundles
from tests.hosting.conftest import StartServer
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

GZIP = {"Content-Type": "application/gzip"}


def send(site: Site, content: bytes, headers: dict[str, str] = GZIP) -> Answer:
    return site.send_bytes("/api/v1/support-bundle", content, headers)


def test_a_bundle_is_kept_byte_for_byte(server: RunningServer, site: Site) -> None:
    content = gzip.compress(b"status and logs")
    answer = send(site, content)
    assert answer.status == 200
    bundle_id = answer.json()["bundle_id"]
    assert server.read(lambda connection: bundles.content_of(connection, site.site_id, bundle_id)) == content
    assert server.read(lambda connection: bundles.content_of(connection, "another", bundle_id)) is None


def test_only_the_newest_bundles_of_a_site_are_kept(server: RunningServer, site: Site) -> None:
    other = Site(server).enrol("Mill")
    send(other, gzip.compress(b"of another site"))
    sent = [send(site, gzip.compress(bytes([number]))).json()["bundle_id"] for number in range(bundles.KEPT + 2)]
    kept = [bundle.bundle_id for bundle in server.read(lambda connection: bundles.of_site(connection, site.site_id))]
    assert len(kept) == bundles.KEPT
    assert sent[-1] in kept
    assert len(server.read(lambda connection: bundles.of_site(connection, other.site_id))) == 1


@pytest.mark.parametrize(
    ("content", "headers", "status", "error"),
    [
        (b"PK\x03\x04 no gzip", GZIP, 400, "bad_gzip"),
        (gzip.compress(b"x", mtime=0), {"Content-Type": "application/json"}, 415, "not_gzip"),
        (b"", GZIP, 400, "not_json"),
    ],
)
def test_what_is_no_bundle_is_refused(
    server: RunningServer, site: Site, content: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    answer = send(site, content, headers)
    assert (answer.status, answer.json()["error"]) == (status, error)
    assert server.read(lambda connection: bundles.of_site(connection, site.site_id)) == []


def test_a_bundle_above_the_limit_is_refused(start_server: StartServer) -> None:
    server = start_server(limits=Limits(bundle_bytes=1000))
    site = Site(server).enrol()
    answer = send(site, gzip.compress(b"") + bytes(1000))
    assert (answer.status, answer.json()["error"]) == (413, "too_large")


def test_a_bundle_nobody_signed_is_refused(server: RunningServer) -> None:
    answer = server.request("POST", "/api/v1/support-bundle", headers=GZIP, body=gzip.compress(b"x"))
    assert answer.status == 401
