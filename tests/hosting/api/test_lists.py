"""What programs read page by page: as JSON and as CSV, all of it once, in bounded pages, and not again where nothing changed."""

import csv
import gzip
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import urllib3

from appliance.common.clock import to_rfc3339, utc_now
from hosting.api.csv_text import lines
from hosting.api.lists import negotiated
from hosting.db import export, tokens
from hosting.db.site_names import rename
from hosting.db.sites import set_expiry, set_revoked, site_by_id
from hosting.db.tables import audit, device_latest
from hosting.db.tables import site as site_table
from hosting.db.tokens import Maker, NewToken
from tests.hosting.batches import batch, reading
from tests.hosting.history.days import NOON, hourly, keep, roll_up
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

CSV = {"Accept": "text/csv"}
LISTS = ("/api/v1/sites", "/api/v1/devices", "/api/v1/meters/newest", "/api/v1/meters")
METERS = {
    "total": {"value": 900, "unit": "impressions", "source": "a"},
    "total_color": {"value": 300, "unit": "impressions", "source": "a"},
    "copy_mono": {"value": 20, "unit": "impressions", "source": "a"},
    "scan_total": {"value": 7, "unit": "sheets", "source": "a"},
    "duplex": {"value": 5, "unit": "sheets", "source": "a"},
}


class Program:
    """Somebody's program with a token for everything."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.secret = server.write(lambda connection: tokens.add_token(connection, NewToken("ERP"), Maker()))

    def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return self.server.request("GET", path, headers={"Authorization": f"Bearer {self.secret}", **(headers or {})})

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return the rows of a list, page by page."""
        return [row for page in self.pages(path) for row in page]

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        name = path.split("?", maxsplit=1)[0].split("/")[3]
        query, following = path, None
        while True:
            answer = self.get(query if following is None else f"{path}{'&' if '?' in path else '?'}after={following}")
            assert answer.status == 200, answer.body
            page = answer.json()
            yield page[name]
            following = page["next"]
            if following is None:
                return

    def table(self, path: str) -> list[dict[str, str]]:
        """Return the rows of a list as CSV."""
        answer = self.get(path, CSV)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))


@pytest.fixture
def program(server: RunningServer) -> Program:
    return Program(server)


def fill(server: RunningServer, devices: int = 5) -> list[Site]:
    """Enrol two sites with devices, each with two days that are over."""
    sites = [Site(server).enrol(name) for name in ("Mill", "Port")]
    for site in sites:
        keys = [f"serial:A:{number}" for number in range(devices)]
        site.upload(batch(*(reading(key, hours=1) for key in keys)))
        for key in keys:
            for day in range(2):
                keep(server.database, hourly(2, key, NOON + timedelta(days=day), 100 * (day + 1)), key, site.site_id)
    roll_up(server.database)
    return sites


def test_meters_are_told_by_device_and_day_as_they_were_at_its_end(server: RunningServer, program: Program) -> None:
    [mill, _] = fill(server, 1)
    [first, second] = program.rows(f"/api/v1/meters?site={mill.site_id}&limit=1")
    assert (first["day"], first["meters"]["total"], first["readings"], first["zone"]) == ("2026-03-10", 101, 2, "UTC")
    assert first["read_at"] == "2026-03-10T13:00:00Z"
    assert (second["day"], second["meters"]["total"], second["site_name"]) == ("2026-03-11", 201, "Mill")
    assert second["meters"]["fax_color"] is None
    days = [row["day"] for row in program.rows(f"/api/v1/meters?site={mill.site_id}&since=2026-03-11")]
    assert days == ["2026-03-11"]
    assert program.rows("/api/v1/meters?since=2026-03-12&until=2026-03-31") == []
    assert len(program.rows("/api/v1/meters?until=2026-03-10")) == 2


def test_meters_are_typed_and_say_units_that_are_not_the_usual_one(server: RunningServer, program: Program, site: Site) -> None:
    site.upload(batch(reading() | {"meters": METERS}))
    [row] = program.rows("/api/v1/meters/newest")
    known = {name: value for name, value in row["meters"].items() if value is not None}
    assert known == {"total": 900, "total_color": 300, "copy_mono": 20, "scan_total": 7}
    assert row["other_meters"] == {"duplex": 5}
    assert row["units"] == {"scan_total": "sheets", "duplex": "sheets"}
    assert row["day"] is None
    [line] = program.table("/api/v1/meters/newest")
    assert (line["total"], line["total_mono"], line["scan_total"], line["units"]) == ("900", "", "7", "scan_total=sheets")
    [line] = program.table("/api/v1/devices")
    assert (line["copy_mono"], line["printer_status"], line["model"]) == ("20", "idle", "Acme Print 1")


@pytest.mark.parametrize("path", LISTS)
def test_every_page_and_the_whole_list_have_each_row_once(
    server: RunningServer, program: Program, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(server)
    monkeypatch.setattr(export, "EXAMINED", 4)
    monkeypatch.setattr(export, "SITES_AT_ONCE", 1)
    expected = {"/api/v1/sites": 2, "/api/v1/meters": 20}.get(path, 10)
    rows = program.rows(f"{path}?limit=3")
    assert len(rows) == len({json.dumps(row) for row in rows}) == expected
    assert all(len(page) <= 3 for page in program.pages(f"{path}?limit=3"))
    table = program.table(path)
    assert len(table) == len({tuple(line.values()) for line in table}) == expected
    assert [line["site_id"] for line in table] == [row["site_id"] for row in rows]


def test_a_page_ends_before_it_is_too_large(server: RunningServer, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(server)
    monkeypatch.setattr(export, "PAGE_BYTES", 500)
    for path in LISTS[1:]:
        assert max(map(len, program.pages(path))) <= 3
        assert len(program.rows(path)) == {"/api/v1/meters": 20}.get(path, 10)


def test_only_what_has_come_since_is_asked_for(server: RunningServer, program: Program) -> None:
    [mill, _] = fill(server)
    then = utc_now() - timedelta(hours=3)
    server.write(lambda connection: connection.execute(sa.update(device_latest).values(received_at=then)))
    old = {"created_at": then, "enrolled_at": then, "last_contact_at": then}
    server.write(lambda connection: connection.execute(sa.update(site_table).values(**old)))
    server.write(lambda connection: connection.execute(sa.update(audit).values(at=then)))
    mill.upload(batch(reading("serial:A:3", total=5000)))
    since = f"since={to_rfc3339(utc_now() - timedelta(hours=1))}"
    for path in ("/api/v1/devices", "/api/v1/meters/newest"):
        [row] = program.rows(f"{path}?{since}")
        assert row["site_id"] == mill.site_id
    assert [row["site_name"] for row in program.rows(f"/api/v1/sites?{since}")] == ["Mill"]
    assert len(program.rows(f"/api/v1/devices?since={to_rfc3339(then)}")) == 10


def test_all_that_is_done_to_a_site_counts_as_since(server: RunningServer, program: Program, site: Site) -> None:
    then, since = utc_now() - timedelta(hours=3), to_rfc3339(utc_now() - timedelta(hours=1))
    old = {"created_at": then, "enrolled_at": then, "last_contact_at": then}
    known = server.read(lambda connection: site_by_id(connection, site.site_id))
    assert known is not None

    for work in (
        None,
        lambda connection: set_revoked(connection, site.site_id, True, actor="test"),
        lambda connection: set_revoked(connection, site.site_id, False, actor="test"),
        lambda connection: rename(connection, known, "Quay", actor="test"),
        lambda connection: set_expiry(connection, site.site_id, utc_now(), actor="test"),
    ):
        server.write(lambda connection: connection.execute(sa.update(site_table).values(**old)))
        server.write(lambda connection: connection.execute(sa.update(site_table).values(revoked_at=then)))
        server.write(lambda connection: connection.execute(sa.update(audit).values(at=then)))
        if work is not None:
            server.write(work)
        assert len(program.rows(f"/api/v1/sites?since={since}")) == (work is not None)


def test_what_was_being_stored_at_the_moment_is_told_again(server: RunningServer, program: Program, site: Site) -> None:
    site.upload(batch(reading()))
    server.write(
        lambda connection: connection.execute(sa.update(device_latest).values(received_at=utc_now() - timedelta(seconds=90)))
    )
    assert len(program.rows(f"/api/v1/devices?since={to_rfc3339(utc_now())}")) == 1


def test_one_device_of_a_site_can_be_asked_for(server: RunningServer, program: Program) -> None:
    [mill, _] = fill(server)
    of_one = f"site={mill.site_id}&device=serial:A:2"
    assert [row["reading"]["device"]["key"] for row in program.rows(f"/api/v1/devices?{of_one}")] == ["serial:A:2"]
    assert {row["device_key"] for row in program.rows(f"/api/v1/meters?{of_one}")} == {"serial:A:2"}


def test_a_page_that_did_not_change_is_not_sent_again(server: RunningServer, program: Program, site: Site) -> None:
    site.upload(batch(reading()))
    for headers in ({}, CSV):
        first = program.get("/api/v1/devices?limit=5", headers)
        again = program.get("/api/v1/devices?limit=5", {**headers, "If-None-Match": first.headers["Etag"]})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["Etag"] == first.headers["Etag"]
    site.upload(batch(reading(total=2000)))
    changed = program.get("/api/v1/devices?limit=5", {"If-None-Match": first.headers["Etag"]})
    assert changed.status == 200
    assert changed.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("headers", [{}, CSV])
def test_lists_are_compressed_where_that_is_asked_for(server: RunningServer, program: Program, headers: dict[str, str]) -> None:
    fill(server)
    asked = {"Authorization": f"Bearer {program.secret}", "Accept-Encoding": "gzip", **headers}
    answer = urllib3.request("GET", f"{server.url}/api/v1/devices", headers=asked, decode_content=False, preload_content=False)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.read()) == program.get("/api/v1/devices", headers).body


def test_a_page_of_csv_names_the_next_one(server: RunningServer, program: Program) -> None:
    fill(server)
    path, lines_seen = "/api/v1/devices?limit=4", 0
    while path:
        answer = program.get(path, CSV)
        lines_seen += len(answer.text.splitlines()) - 1
        link = answer.headers.get("Link")
        path = link.partition(">")[0].removeprefix("<") if link else ""
    assert lines_seen == 10


def test_a_list_that_breaks_off_does_not_look_whole(
    server: RunningServer, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(server)
    monkeypatch.setattr(export, "EXAMINED", 4)
    last = server.read(lambda connection: connection.execute(sa.select(sa.func.max(device_latest.c.site_id))).scalar_one())
    broken = sa.update(device_latest).where(device_latest.c.site_id == last).values(body="broken")
    server.write(lambda connection: connection.execute(broken))
    with pytest.raises(urllib3.exceptions.ProtocolError):
        program.get("/api/v1/devices", CSV)


def test_text_of_others_is_quoted_and_never_a_formula(server: RunningServer, program: Program, site: Site) -> None:
    odd: dict[str, Any] = {
        "model": '=HYPERLINK("http://x","a"), 2',
        "location": 'Room "7"\r\nleft',
        "hostname": "-1+1",
        "asset_number": "\uff1d1",
    }
    site.upload(batch(reading(**odd)))
    answer = program.get("/api/v1/devices", CSV)
    assert b'"\'=HYPERLINK(""http://x"",""a""), 2"' in answer.body
    assert answer.body.endswith(b"\r\n")
    [line] = program.table("/api/v1/devices")
    assert line["location"] == 'Room "7"\r\nleft'
    assert [line[name][0] for name in ("model", "hostname", "asset_number")] == ["'"] * 3


@pytest.mark.parametrize(
    ("cell", "written"),
    [(None, ""), (-5, "-5"), (True, "true"), ("a,b", '"a,b"'), ("\tx", "'\tx"), ("a\x00b", "ab"), ("@x", "'@x"), ("\ud800", "?")],
)
def test_a_cell_is_written_as_rfc_4180_has_it(cell: Any, written: str) -> None:
    assert lines([[1, cell]]) == f"1,{written}\r\n".encode()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/csv;q=0.1, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/csv"),
        ("text/html", None),
        ("text/csv;q=no", None),
    ],
)
def test_the_header_accept_chooses(accept: str, kind: str | None) -> None:
    assert negotiated(accept) == kind


def test_another_form_is_refused(program: Program) -> None:
    answer = program.get("/api/v1/sites", {"Accept": "application/xml"})
    assert (answer.status, answer.json()["error"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("sites=x", "'sites'"),
        ("limit=1001", "limit"),
        ("limit=1&limit=2", "more than once"),
        ("site=x", "site"),
        ("site=%ff", "UTF-8"),
        ("device=serial:A:1", "device needs site"),
        ("limit=1_0", "limit: it is no whole number"),
        ("limit=1.0", "limit: it is no whole number"),
        ("since=yesterday", "since"),
        ("since=2026-W48-1", "since: it is no moment"),
        ("since=20261130", "since: it is no moment"),
        ("since=0001-01-01T00:00:00Z", "since"),
        ("after=WyJhIl0=", "another list"),
        ("after=WyJhIiwgImJcdTAwMDAiXQ==", "no cursor"),
        ("after=WyJhIiwgIlx1ZDgwMCJd", "no cursor"),
    ],
)
def test_what_cannot_be_asked_is_named(program: Program, query: str, named: str) -> None:
    answer = program.get(f"/api/v1/devices?{query}")
    assert (answer.status, answer.json()["error"]) == (400, "not_understood")
    assert named in answer.json()["message"]


def test_meters_need_their_scope(server: RunningServer) -> None:
    wanted = NewToken("sites", ("read:sites",))
    secret = server.write(lambda connection: tokens.add_token(connection, wanted, Maker()))
    for path in ("/api/v1/meters", "/api/v1/meters/newest"):
        answer = server.request("GET", path, headers={"Authorization": f"Bearer {secret}"})
        assert (answer.status, "read:meters" in answer.json()["message"]) == (403, True)
