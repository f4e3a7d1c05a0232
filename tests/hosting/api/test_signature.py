"""A request counts only when it is whole, fresh, new and signed by the key of the site."""

import json
from datetime import timedelta

import pytest

from hosting.db.sites import set_revoked
from hosting.db.tables import nonce as nonce_table
from hosting.db.tables import reading as reading_table
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import COVERED, Site

JSON = {"Content-Type": "application/json"}
PATH = "/api/v1/readings"


def refusal(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json()["error"]


def test_a_body_altered_on_the_way_is_refused(server: RunningServer, site: Site) -> None:
    honest = json.dumps(batch(reading(total=1000))).encode()
    answer = site.send_bytes(PATH, honest, JSON, sent=honest.replace(b"1000", b"9999"))
    assert refusal(answer) == (401, "bad_signature")
    assert server.count(reading_table) == 0


def test_a_digest_of_another_body_is_refused(site: Site) -> None:
    body = json.dumps(batch()).encode()
    headers = site.signed(PATH, b"something else", JSON)
    assert refusal(site.server.request("POST", PATH, headers=headers, body=body)) == (401, "bad_signature")


@pytest.mark.parametrize("missing", COVERED)
def test_what_has_to_be_signed_cannot_be_left_out(site: Site, missing: str) -> None:
    covered = tuple(name for name in COVERED if name != missing)
    answer = site.send_bytes(PATH, json.dumps(batch()).encode(), JSON, covered=covered)
    assert refusal(answer) == (401, "bad_signature")


def test_the_content_encoding_has_to_be_signed_where_there_is_one(site: Site) -> None:
    assert site.upload(batch(), compressed=True).status == 200
    assert refusal(site.upload(batch(), compressed=True, covered=COVERED)) == (401, "bad_signature")


def test_a_request_signed_for_another_server_is_refused(site: Site) -> None:
    site.public_url = "https://elsewhere.example"
    assert refusal(site.check_in()) == (401, "bad_signature")


def test_a_request_signed_for_another_call_is_refused(site: Site) -> None:
    body = json.dumps({"version": "1", "state": {}}).encode()
    headers = site.signed("/api/v1/checkin", body, JSON)
    assert refusal(site.server.request("POST", PATH, headers=headers, body=body)) == (401, "bad_signature")


def test_an_unsigned_request_is_refused(site: Site) -> None:
    answer = site.server.request("POST", PATH, headers=JSON, body=b"{}")
    assert refusal(answer) == (401, "bad_signature")


@pytest.mark.parametrize("seconds", [400, -400])
def test_a_clock_that_differs_is_named(site: Site, seconds: int) -> None:
    assert refusal(site.upload(batch(), age=timedelta(seconds=seconds))) == (401, "clock")


@pytest.mark.parametrize("seconds", [250, -250])
def test_a_clock_that_is_nearly_right_is_accepted(site: Site, seconds: int) -> None:
    assert site.upload(batch(), age=timedelta(seconds=seconds)).status == 200


def test_a_request_is_answered_once(server: RunningServer, site: Site) -> None:
    body = json.dumps(batch(reading())).encode()
    headers = site.signed(PATH, body, JSON)
    first = server.request("POST", PATH, headers=headers, body=body)
    again = server.request("POST", PATH, headers=headers, body=body)
    assert first.json() == {"accepted": 1, "duplicate": 0, "changes": True}
    assert refusal(again) == (401, "replayed")


def test_two_sites_may_use_the_same_nonce(server: RunningServer) -> None:
    for name in ("A", "B"):
        assert Site(server).enrol(name).upload(batch(), nonce="the-same-nonce-of-two-sites").status == 200


def test_a_nonce_is_required_to_be_one(site: Site) -> None:
    assert refusal(site.upload(batch(), nonce="short")) == (401, "bad_signature")


def test_an_unknown_site_is_told_so(server: RunningServer) -> None:
    stranger = Site(server, site_id="00000000-0000-4000-8000-000000000000")
    assert refusal(stranger.check_in()) == (401, "unknown_site")


def test_a_site_that_signs_with_another_key_is_refused(site: Site) -> None:
    impostor = Site(site.server, site_id=site.site_id)
    assert refusal(impostor.check_in()) == (401, "bad_signature")


def test_a_revoked_site_is_told_so_until_it_is_admitted_again(server: RunningServer, site: Site) -> None:
    server.write(lambda connection: set_revoked(connection, site.site_id, True, actor="test"))
    assert refusal(site.check_in()) == (403, "revoked")
    server.write(lambda connection: set_revoked(connection, site.site_id, False, actor="test"))
    assert site.check_in().status == 200


def test_the_nonce_of_a_refused_request_does_not_fill_the_table(server: RunningServer, site: Site) -> None:
    before = server.count(nonce_table)
    Site(server, site_id=site.site_id).check_in()
    site.upload(batch(), age=timedelta(hours=1))
    assert server.count(nonce_table) == before


def test_behind_a_proxy_the_public_address_counts(start_server: StartServer) -> None:
    server = start_server(public_urls=("https://mps.example/dca",))
    site = Site(server, public_url="https://mps.example/dca").enrol()
    assert site.check_in().status == 200
    # The proxy may pass the path on as it is, or without what it stands for.
    body = b'{"version": "1", "state": {}}'
    headers = site.signed("/api/v1/checkin", body, JSON) | {"Host": "mps.example"}
    assert server.request("POST", "/dca/api/v1/checkin", headers=headers, body=body).status == 200
    site.public_url = ""
    assert refusal(site.check_in()) == (401, "bad_signature")
