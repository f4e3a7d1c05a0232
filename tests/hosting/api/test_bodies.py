"""Bodies that are too large, not JSON, compressed oddly, or do not fit the contract: each is refused by its own code."""

import gzip
import json

import pytest

from hosting.config import Limits
from hosting.db.tables import batch as batch_table
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.site import Site

JSON = {"Content-Type": "application/json"}
GZIP = JSON | {"Content-Encoding": "gzip"}
PATH = "/api/v1/readings"


def test_a_compressed_body_is_read(site: Site) -> None:
    assert site.upload(batch(reading()), compressed=True).json() == {"accepted": 1, "duplicate": 0, "changes": True}


def test_a_gzip_bomb_is_stopped_at_the_limit(site: Site) -> None:
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), compresslevel=9)
    assert len(bomb) < 300_000
    answer = site.send_bytes(PATH, bomb, GZIP)
    assert (answer.status, answer.json()["error"]) == (413, "too_large")


def test_a_body_above_the_limit_is_refused_with_an_answer(start_server: StartServer) -> None:
    server = start_server(limits=Limits(body_bytes=100_000))
    site = Site(server).enrol()
    answer = site.send_bytes(PATH, b" " * 300_000, JSON)
    assert (answer.status, answer.json()["error"]) == (413, "too_large")
    assert site.check_in().status == 200


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Content-Type": "text/plain"}, b"{}", 415, "not_json"),
        (JSON | {"Content-Encoding": "br"}, b"{}", 415, "encoding"),
        (JSON, b"{ not json", 400, "not_json"),
        (JSON, b"\xff\xfe", 400, "not_json"),
        (JSON, b"[" * 100_000, 400, "not_json"),
        (GZIP, b"not gzip", 400, "bad_gzip"),
        (GZIP, gzip.compress(b"{}", mtime=0)[:-4], 400, "bad_gzip"),
        (GZIP, gzip.compress(b"{}", mtime=0) + b"more", 400, "bad_gzip"),
        (JSON, b"[]", 422, "does_not_fit"),
    ],
    ids=["text", "brotli", "no JSON", "no UTF-8", "deep JSON", "no gzip", "cut gzip", "two in one", "a list"],
)
def test_what_cannot_be_read_is_refused_by_its_code(
    site: Site, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    answer = site.send_bytes(PATH, body, headers)
    assert (answer.status, answer.json()["error"]) == (status, code)
    assert site.server.count(batch_table) == 0


def test_a_reading_that_does_not_fit_is_named_by_its_path(site: Site) -> None:
    wrong = reading()
    wrong["meters"]["total"]["value"] = -5
    answer = site.upload(batch(reading("serial:A:1"), wrong))
    assert answer.status == 422
    assert "readings.1.meters.total.value" in answer.json()["message"]
    assert site.server.count(batch_table) == 0


def test_the_answer_does_not_repeat_what_was_sent(site: Site) -> None:
    wrong = reading() | {"taken_at": "the private words"}
    assert "private" not in site.upload(batch(wrong)).text


def test_unknown_fields_of_a_newer_appliance_are_accepted(site: Site) -> None:
    newer = reading() | {"something_new": {"a": 1}}
    assert site.upload(batch(newer)).json() == {"accepted": 1, "duplicate": 0, "changes": True}


def test_a_key_postgresql_could_not_store_is_refused(site: Site) -> None:
    answer = site.upload(batch(reading("serial:A:\x00")))
    assert (answer.status, answer.json()["error"]) == (422, "does_not_fit")


def test_text_with_nul_characters_is_kept(site: Site) -> None:
    assert site.upload(batch(reading(location="2nd\x00 floor"))).status == 200


def test_a_state_that_is_too_large_is_refused(site: Site) -> None:
    assert site.check_in({"problems": ["x" * 70_000]}).status == 422


def test_only_post_is_answered(site: Site) -> None:
    answer = site.server.request("GET", PATH)
    assert answer.status == 405
    assert json.loads(answer.body)["error"] == "method"
