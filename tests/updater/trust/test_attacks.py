"""Each attack on a repository, and each accident, is refused with its reason; what was trusted stays in force."""

import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler

import pytest
from securesystemslib.signer import CryptoSigner

from tests.updater.answers import endless, send, silent
from tests.updater.trusting import QUICK, Site
from tests.updater.tuf_repository import in_days
from updater.errors import ClockError, Reason, TrustError
from updater.trust.folder import METADATA_BYTES

TIMESTAMP = "metadata/timestamp.json"


def test_timestamp_signed_by_somebody_else_is_refused(site: Site) -> None:
    site.refresh()
    site.repository.signers["timestamp"] = [CryptoSigner.generate_ed25519()]
    site.repository.publish()

    site.refuses_and_keeps(Reason.SIGNATURES, "timestamp.json")


def test_targets_with_one_signature_of_two_are_refused(site: Site) -> None:
    site.refresh()
    site.repository.publish()
    targets = site.repository.targets
    site.repository.files[f"metadata/{targets.version}.targets.json"] = site.repository.signed(targets, "targets", by=1)

    site.refuses(Reason.SIGNATURES, "targets.json")
    assert site.kept()["targets.json"] == site.repository.files["metadata/2.targets.json"]


def test_two_signatures_by_one_key_are_one(site: Site) -> None:
    site.refresh()
    site.repository.signers["targets"] = [site.repository.signers["targets"][0]] * 2
    site.repository.publish()

    site.refuses(Reason.SIGNATURES, "targets.json")


def test_root_signed_by_new_keys_alone_is_refused(site: Site) -> None:
    site.refresh()
    repository = site.repository
    repository.rotate_root("root")
    repository.files["metadata/2.root.json"] = repository.signed(repository.root, "root")

    site.refuses_and_keeps(Reason.SIGNATURES, "2.root.json")


def test_root_that_skips_a_version_is_refused(site: Site) -> None:
    site.refresh()
    site.repository.rotate_root()
    site.repository.rotate_root()
    site.repository.files["metadata/2.root.json"] = site.repository.files["metadata/3.root.json"]

    site.refuses_and_keeps(Reason.MISMATCH, "2.root.json")


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_expired_metadata_is_refused_by_name(site: Site, role: str) -> None:
    site.refresh()
    getattr(site.repository, role).expires = in_days(-1)
    if role == "root":
        site.repository.rotate_root()
    site.repository.publish()

    error = site.refuses(Reason.EXPIRED, f"{role}.json")

    assert error.file == f"{role}.json"
    assert site.kept()["targets.json"] == site.repository.files["metadata/2.targets.json"]


def test_freeze_ends_with_the_validity_of_the_timestamp(site: Site) -> None:
    site.refresh()
    site.at(in_days(1.1))
    site.server.moment = in_days(1.1)

    site.refuses_and_keeps(Reason.EXPIRED, "timestamp.json")


def test_older_timestamp_is_a_rollback(site: Site) -> None:
    old = site.repository.files[TIMESTAMP]
    site.repository.publish()
    site.refresh()
    site.repository.files[TIMESTAMP] = old

    site.refuses_and_keeps(Reason.ROLLBACK, "timestamp.json")


def test_timestamp_that_names_an_older_snapshot_is_a_rollback(site: Site) -> None:
    site.repository.publish()
    site.refresh()
    site.repository.snapshot.version -= 1
    site.repository.publish_snapshot()
    site.repository.timestamp.version += 1
    site.repository.publish_timestamp()

    site.refuses_and_keeps(Reason.ROLLBACK, "timestamp.json")


def test_snapshot_that_names_older_targets_is_a_rollback(site: Site) -> None:
    site.repository.publish()
    site.refresh()
    site.repository.targets.version -= 2
    site.repository.publish()

    site.refuses(Reason.ROLLBACK, "snapshot.json")


def test_snapshot_of_another_moment_is_a_mix(site: Site) -> None:
    site.refresh()
    site.repository.publish()
    site.repository.files["metadata/3.snapshot.json"] = site.repository.files["metadata/2.snapshot.json"]

    site.refuses(Reason.MISMATCH, "3.snapshot.json")


def test_targets_of_another_moment_are_a_mix(site: Site) -> None:
    site.refresh()
    site.repository.publish()
    site.repository.files["metadata/3.targets.json"] = site.repository.files["metadata/2.targets.json"]

    site.refuses(Reason.MISMATCH, "3.targets.json")


def test_fast_forward_is_recovered_from_by_new_keys(site: Site) -> None:
    honest = site.repository.timestamp.version
    site.repository.timestamp.version = 2**31
    site.repository.snapshot.version = 2**31
    site.repository.publish()
    site.refresh()
    site.repository.timestamp.version, site.repository.snapshot.version = honest, honest
    site.repository.publish()
    site.refuses_and_keeps(Reason.ROLLBACK)

    site.repository.rotate_root("timestamp")
    site.repository.rotate_root("snapshot")
    site.repository.publish()

    site.refresh()


@pytest.mark.parametrize("path", [TIMESTAMP, "metadata/2.root.json", "metadata/3.snapshot.json", "metadata/3.targets.json"])
def test_endless_metadata_is_given_up(site: Site, path: str) -> None:
    site.refresh()
    site.repository.publish()
    site.server.behaviours[path] = endless

    site.refuses(Reason.TOO_LONG, path.rpartition("/")[2])


def test_metadata_of_100_mb_is_not_even_begun(site: Site) -> None:
    site.refresh()
    site.repository.publish()
    site.server.behaviours["metadata/3.targets.json"] = send(b"", 100 << 20)

    site.refuses(Reason.TOO_LONG, str(METADATA_BYTES))


def test_length_signed_by_an_online_key_does_not_raise_the_limit(site: Site) -> None:
    site.refresh()
    site.repository.publish()
    site.repository.timestamp.snapshot_meta.length = 100 << 20
    site.repository.timestamp.version += 1
    site.repository.publish_timestamp()
    site.server.behaviours["metadata/3.snapshot.json"] = endless

    site.refuses(Reason.TOO_LONG, "3.snapshot.json")


NOT_METADATA = {
    "10,000 levels": b"[" * 10_000,
    "text": b"<html>Sign in to the wireless network</html>",
    "nothing": b"",
    "a number": b"7",
    "other JSON": b'{"signed": {"_type": "timestamp"}, "signatures": [{}]}',
    "no UTF-8": b"\xff\xfe{}",
    "a huge number": b'{"signed": {"version": ' + b"9" * 10_000 + b"}}",
    "cut off": b'{"signed": {"_type": "timest',
}


@pytest.mark.parametrize("content", NOT_METADATA.values(), ids=NOT_METADATA)
@pytest.mark.parametrize("path", [TIMESTAMP, "metadata/2.root.json"])
def test_what_is_no_metadata_is_refused(site: Site, path: str, content: bytes) -> None:
    site.refresh()
    site.repository.files[path] = content

    site.refuses_and_keeps(Reason.INVALID, path.rpartition("/")[2])


@pytest.mark.parametrize("levels", [100, 300, 400, 700, 950, 3000])
def test_deep_metadata_with_valid_signatures_crashes_nothing(site: Site, levels: int) -> None:
    site.refresh()
    site.repository.publish()
    signed = json.loads(site.repository.files[TIMESTAMP])
    text = json.dumps(signed).replace('"signed": {', '"signed": {"x": ' + "[" * levels + "]" * levels + ", ", 1)
    site.repository.files[TIMESTAMP] = text.encode()

    with pytest.raises(TrustError) as caught:
        site.refresh()

    assert caught.value.reason in (Reason.INVALID, Reason.SIGNATURES)


@pytest.mark.parametrize("path", ["metadata/3.snapshot.json", "metadata/3.targets.json"])
def test_repository_cut_off_in_the_middle_is_told_and_works_when_it_is_whole(site: Site, path: str) -> None:
    site.refresh()
    site.repository.publish()
    missing = site.repository.files.pop(path)
    site.refuses(Reason.ANSWER, path.rpartition("/")[2], "404")

    site.repository.files[path] = missing

    site.refresh()
    assert site.kept()["targets.json"] == site.repository.files["metadata/3.targets.json"]


def test_answer_cut_off_on_its_way_is_told(site: Site) -> None:
    site.refresh()
    site.server.behaviours[TIMESTAMP] = send(b'{"signed"', 400)

    assert "cut off" in str(site.refuses_and_keeps(Reason.UNREACHABLE, "timestamp.json"))


@pytest.mark.parametrize("status", [301, 401, 500, 503])
def test_server_errors_are_no_news_about_the_root(site: Site, status: int) -> None:
    site.refresh()
    site.server.behaviours["metadata/2.root.json"] = send(b"", status=status)

    site.refuses_and_keeps(Reason.ANSWER, "2.root.json", str(status))


def test_silent_server_is_given_up(site: Site) -> None:
    site.limits = QUICK
    site.server.behaviours[TIMESTAMP] = silent(site.server)

    with pytest.raises(TrustError) as caught:
        site.refresh()

    assert caught.value.reason in (Reason.SLOW, Reason.UNREACHABLE)


@pytest.mark.parametrize("where", ["status line", "header", "chunk", "body"])
def test_dripping_server_is_given_up_wherever_it_drips(site: Site, where: str) -> None:
    site.limits = QUICK

    def drip(handler: BaseHTTPRequestHandler) -> None:
        begin = {
            "status line": b"HTTP/1.1 ",
            "header": b"HTTP/1.1 200 OK\r\nX-Long: ",
            "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;",
            "body": b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n",
        }
        handler.wfile.write(begin[where])
        while not site.server.stopped.wait(0.1):
            handler.wfile.write(b"2")

    site.server.behaviours[TIMESTAMP] = drip

    site.refuses(Reason.SLOW, "timestamp.json")


def test_clock_of_1970_stops_before_anybody_is_asked(site: Site) -> None:
    site.at(datetime(1970, 1, 1, tzinfo=UTC))

    error = site.refuses_and_keeps(Reason.CLOCK, "1970-01-01T00:00:00Z")

    assert isinstance(error, ClockError)
    assert site.server.requests == []


def test_clock_of_2100_is_told_from_a_repository_that_expired(site: Site) -> None:
    site.refresh()
    site.at(datetime(2100, 1, 1, tzinfo=UTC))

    assert isinstance(site.refuses_and_keeps(Reason.CLOCK, "2100-01-01T00:00:00Z"), ClockError)
