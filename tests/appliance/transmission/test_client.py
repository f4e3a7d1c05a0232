"""The three calls over real connections: what is sent, how it is signed, and what comes back."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.common.errors import HostingError, SettingsError
from appliance.common.version import installed_version
from appliance.report import Batch as WireBatch
from appliance.report.changes import state_digest
from appliance.store.rows import Batch
from appliance.transmission.client import HostingClient
from appliance.transmission.connection import ConnectionSettings
from appliance.transmission.site_key import Identity
from tests.appliance.store.samples import sample
from tests.appliance.transmission.certificates import Authority, make_authority
from tests.appliance.transmission.peer import Received, Reply, answering_raw, serving

IDENTITY = Identity(Ed25519PrivateKey.from_private_bytes(b"\x07" * 32), "site-1")
BATCH = Batch("01a204df-c909-73e2-8e7e-cac5182c5f08", tuple(sample(number).to_json() for number in (1, 2, 3)))
CHECKED_IN = {"server_time": "2026-11-22T10:00:00Z", "intervals": {"check_in_seconds": 60, "upload_seconds": 30}, "commands": []}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


def confirm(request: Received) -> Reply:
    return Reply({"accepted": len(request.content["readings"]), "duplicate": 0})


def test_an_upload_arrives_over_https_with_a_private_authority(authority: Authority) -> None:
    with (
        serving(confirm, authority.server_context("127.0.0.1")) as peer,
        HostingClient(peer.url, IDENTITY, authority.trusted) as client,
    ):
        answer = client.upload(BATCH)
        assert not client.insecure
    assert (answer.accepted, answer.duplicate) == (3, 0)
    (request,) = peer.received
    assert request.target == "/api/v1/readings"
    body = WireBatch.model_validate(request.content)
    assert (body.batch, body.readings) == (BATCH.id, (sample(1), sample(2), sample(3)))


def test_every_request_is_signed_over_method_authority_path_digest_and_encoding() -> None:
    with serving(confirm) as peer, HostingClient(peer.url, IDENTITY) as client:
        client.upload(BATCH)
    (request,) = peer.received
    result = request.verify("http", "site-1", IDENTITY.private_key.public_key())
    assert set(result.covered_components) == {
        '"@method"', '"@authority"', '"@path"', '"content-digest"', '"content-encoding"', '"@signature-params"',
    }  # fmt: skip
    assert result.label == "dca"
    assert set(result.parameters) == {"created", "keyid", "nonce"}
    assert re.fullmatch("[0-9a-f]{32}", result.nonce or "")


def test_no_two_requests_have_the_same_nonce() -> None:
    with serving(confirm) as peer, HostingClient(peer.url, IDENTITY) as client:
        for _ in range(3):
            client.upload(BATCH)
    nonces = {request.verify("http", "site-1", IDENTITY.private_key.public_key()).nonce for request in peer.received}
    assert len(nonces) == 3


def test_a_large_body_is_compressed_and_a_small_one_is_not() -> None:
    with serving(lambda _: Reply(CHECKED_IN)) as peer, HostingClient(peer.url, IDENTITY) as client:
        client.check_in({"small": True})
        client.check_in({"large": "x" * 5000})
    small, large = peer.received
    assert "content-encoding" not in small.headers
    assert large.headers["content-encoding"] == "gzip"
    assert len(large.raw) < 500
    assert large.content == {"version": installed_version(), "state": {"large": "x" * 5000}}


def test_a_batch_that_is_sent_again_has_the_same_body() -> None:
    with serving(confirm) as peer, HostingClient(peer.url, IDENTITY) as client:
        client.upload(BATCH)
        client.upload(BATCH)
    assert peer.received[0].raw == peer.received[1].raw


def test_one_connection_serves_all_calls(authority: Authority) -> None:
    with (
        serving(confirm, authority.server_context("127.0.0.1")) as peer,
        HostingClient(peer.url, IDENTITY, authority.trusted) as client,
    ):
        for _ in range(4):
            client.upload(BATCH)
    assert peer.connections == 1


def test_a_kept_connection_that_the_server_has_closed_is_opened_anew_without_an_error() -> None:
    def close(request: Received) -> Reply:
        return Reply({"accepted": 3, "duplicate": 0}, headers={"Connection": "close"})

    with serving(close) as peer, HostingClient(peer.url, IDENTITY) as client:
        client.upload(BATCH)
        client.upload(BATCH)
    assert peer.connections == 2


def test_a_connection_closed_before_the_answer_is_tried_once_more_newly_signed() -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\n{"accepted":3,"duplicate":0}'
    with answering_raw(b"", answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        assert client.upload(BATCH).accepted == 3
    first, second = peer.received
    assert first.raw == second.raw
    assert first.headers["signature"] != second.headers["signature"]


def test_enrolment_is_signed_with_the_key_that_is_enrolled() -> None:
    new = Identity(Ed25519PrivateKey.generate())
    with serving(lambda _: Reply({"site_id": "site-7"}, 201)) as peer, HostingClient(peer.url, new) as client:
        assert client.enrol("CODE-1", "Office").site_id == "site-7"
        assert client.site_id == "site-7"
    (request,) = peer.received
    assert request.target == "/api/v1/enrol"
    assert request.content == {
        "code": "CODE-1",
        "public_key": new.public_text,
        "site_name": "Office",
        "version": installed_version(),
        "root_sha256": None,
    }
    request.verify("http", new.public_text, new.private_key.public_key())


def test_enrolment_again_answers_the_same_site() -> None:
    with serving(lambda _: Reply({"site_id": "site-7"}, 200)) as peer, HostingClient(peer.url, IDENTITY) as client:
        assert client.enrol("CODE-1", "Office").site_id == "site-7"
    request = peer.received[0]
    request.verify("http", IDENTITY.public_text, IDENTITY.private_key.public_key())


def test_a_check_in_brings_intervals_and_commands() -> None:
    said = CHECKED_IN | {"commands": [{"id": "c1", "name": "scan_now", "later": "unknown fields do no harm"}], "also": 1}
    with serving(lambda _: Reply(said)) as peer, HostingClient(peer.url, IDENTITY) as client:
        answer = client.check_in({"devices": 13})
    assert peer.received[0].target == "/api/v1/checkin"
    assert answer.server_time.isoformat() == "2026-11-22T10:00:00+00:00"
    assert (answer.intervals.check_in_seconds, answer.intervals.upload_seconds) == (60, 30)
    assert [(command.id, command.name) for command in answer.commands] == [("c1", "scan_now")]


def test_a_server_below_a_path_is_asked_below_that_path() -> None:
    with serving(confirm) as peer, HostingClient(f"{peer.url}/dca/", IDENTITY) as client:
        client.upload(BATCH)
    (request,) = peer.received
    assert request.target == "/dca/api/v1/readings"
    request.verify("http", "site-1", IDENTITY.private_key.public_key())


def test_before_enrolment_nothing_is_sent() -> None:
    with (
        serving(confirm) as peer,
        HostingClient(peer.url, Identity(IDENTITY.private_key)) as client,
        pytest.raises(HostingError, match="not enrolled"),
    ):
        client.upload(BATCH)
    assert peer.received == []


def test_a_server_that_confirms_too_few_readings_has_not_got_the_batch() -> None:
    with (
        serving(lambda _: Reply({"accepted": 2, "duplicate": 0})) as peer,
        HostingClient(peer.url, IDENTITY) as client,
        pytest.raises(HostingError, match="confirmed 2 of 3 readings"),
    ):
        client.upload(BATCH)


def test_plain_http_and_unchecked_certificates_are_known_as_insecure(authority: Authority) -> None:
    with HostingClient("http://127.0.0.1:1", IDENTITY) as plain:
        assert plain.insecure
    with (
        serving(confirm, authority.server_context("127.0.0.1")) as peer,
        HostingClient(peer.url, IDENTITY, ConnectionSettings(verify=False)) as unchecked,
    ):
        assert unchecked.upload(BATCH).accepted == 3
        assert unchecked.insecure


@pytest.mark.parametrize("content", [None, "this is no certificate"])
def test_a_ca_file_that_cannot_be_used_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(SettingsError, match=rf"DCA_HOSTING_CA_FILE\) names {file}"):
        HostingClient("https://127.0.0.1:1", IDENTITY, ConnectionSettings(ca_file=str(file)))


def test_secrets_are_in_no_repr() -> None:
    connection = ConnectionSettings(proxy="http://127.0.0.1:2", proxy_user="u", proxy_password="pa55")
    with HostingClient("http://127.0.0.1:1", IDENTITY, connection) as client:
        shown = f"{client!r} {connection!r} {IDENTITY!r} {vars(client)!r}"
    assert "pa55" not in shown
    assert "Ed25519PrivateKey" not in shown


def test_a_state_that_is_the_same_is_told_by_its_digest() -> None:
    def answer(request: Received) -> Reply:
        state = request.content.get("state")
        return Reply(CHECKED_IN | ({"state_digest": state_digest(state)} if state else {}))

    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        for devices in (1, 1, 1, 2, 2):
            client.check_in({"devices": devices})
    assert ["state" in request.content for request in peer.received] == [True, False, False, True, False]
    assert peer.received[1].content == {"version": installed_version(), "unchanged": state_digest({"devices": 1})}


def test_a_server_that_does_not_answer_with_a_digest_is_told_the_state_each_time() -> None:
    with serving(lambda _: Reply(CHECKED_IN)) as peer, HostingClient(peer.url, IDENTITY) as client:
        for _ in range(3):
            client.check_in({"devices": 1})
    assert all(request.content["state"] == {"devices": 1} for request in peer.received)


def test_a_state_the_server_has_lost_is_told_at_once() -> None:
    def answer(request: Received) -> Reply:
        state = request.content.get("state")
        return Reply(CHECKED_IN | ({"state_digest": state_digest(state)} if state else {"state_needed": True}))

    with serving(answer) as peer, HostingClient(peer.url, IDENTITY) as client:
        client.check_in({"devices": 1})
        assert not client.check_in({"devices": 1}).state_needed
    assert ["state" in request.content for request in peer.received] == [True, False, True]
