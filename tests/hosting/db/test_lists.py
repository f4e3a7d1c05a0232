"""Lists part by part: every order forth and back, with and without a filter, whichever way leads to a part."""

import html
import re
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from appliance.report.condition import SILENT_AFTER
from hosting.db import sites
from hosting.db.lists import count, devices
from hosting.db.lists.devices import SORTS, DeviceQuery
from hosting.db.lists.keyset import FIRST, LAST, Place
from hosting.db.lists.lower_case import folded
from hosting.db.sites import SiteQuery
from hosting.db.tables import device_latest, device_search, site, tally
from tests.hosting.person import Person
from tests.hosting.running import RunningServer

MODELS = ("HP LaserJet 4050", "hp laserjet 4050", "Xerox VersaLink C405", "", "Ärger Ä1 100%_")
CONDITIONS = ("error", "warning", "unknown", "ok")
DEVICES, SITES = 60, 7
SHOWN = 22


def fill(connection: sa.Connection) -> None:
    """Make devices that are alike in all that lists are ordered by but for their keys, and sites without any."""
    now = utc_now()
    ids = [f"{number:036}" for number in range(SITES + 3)]
    named = [{"site_id": each, "name": f"{'Bb'[n % 2]}ranch {n % 3}{'x' * n}", "created_at": now} for n, each in enumerate(ids)]
    connection.execute(sa.insert(site), named)
    keys = [{"site_id": ids[n * n % SITES], "device_key": f"serial:A:{n * 37 % 100}"} for n in range(DEVICES)]
    silent = now - SILENT_AFTER - timedelta(hours=1)
    rows = [
        {
            "first_seen_at": now,
            "taken_at": (silent if n % 4 == 0 else now) - timedelta(minutes=n % 5),
            "received_at": now,
            "condition": CONDITIONS[n % 3 + n % 2],
            "total": None if n % 6 == 0 else n // 9,
            "words": "",
            "body": "{}",
            **key,
        }
        for n, key in enumerate(keys)
    ]
    connection.execute(sa.insert(device_latest), rows)
    known = []
    for n, key in enumerate(keys):
        model = MODELS[n % len(MODELS)].lower()
        words = f"maker\n{model}\nserial {n}\n10.0.0.{n}"
        known.append(
            {"model": model, "serial": f"{n // 3}", "address": f"4{n:08x}", "location": "", "words": words, "taken_at": now, **key}
        )
    connection.execute(sa.insert(device_search), known)


@pytest.fixture
def filled(server: RunningServer) -> RunningServer:
    server.write(fill)
    return server


def every(server: RunningServer, query: DeviceQuery, start: Place, size: int) -> list[tuple[str, str]]:
    """Return the devices of all parts, walked from one end of the list to the other."""
    found: list[tuple[str, str]] = []
    place: Place | None = start
    while place is not None:
        asked = DeviceQuery(query.site_id, query.words, query.condition, query.sort, query.descending, place, size)
        part, _ = server.read(partial(devices.devices, query=asked))
        rows = [(row.site_id, row.device_key) for row in part.rows]
        # What is left before the first part from the end on is less than a part, which is filled up.
        found = [row for row in rows if row not in found] + found if start is LAST else found + rows
        place = part.previous if start is LAST else part.next
        assert len(found) <= DEVICES, "a device comes twice"
    return found


FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"words": ("laserjet", "4050")},
    {"words": ("hp",)},
    {"site_id": f"{2:036}", "words": ("x",), "condition": "silent"},
    {"condition": "ok"},
)


def test_every_order_has_each_device_once_forth_and_back_and_both_ways_agree(
    filled: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {}
    before: list[tuple[str, str]] = []
    for number, (chosen, sort, descending) in enumerate(product(FILTERS, SORTS, (False, True))):
        query = DeviceQuery(sort=sort, descending=descending, **chosen)
        for module, name in ((devices, "FEW"), (count, "EXACT")):
            monkeypatch.setattr(module, name, 0)
        forth = every(filled, query, FIRST, SHOWN)
        assert len(set(forth)) == len(forth)
        if chosen:
            for module, name in ((devices, "FEW"), (count, "EXACT")):
                monkeypatch.setattr(module, name, DEVICES)
            assert every(filled, query, LAST, SHOWN) == forth, (chosen, sort, descending)
        else:
            assert every(filled, query, LAST, SHOWN) == forth, (sort, descending)
        if descending:
            assert forth == before[::-1], (chosen, sort)
        before = forth
        sizes[number // (2 * len(SORTS))] = len(forth)
    assert sizes[0] == DEVICES
    assert sizes[1] == sizes[2] == 2 * DEVICES // len(MODELS)
    assert 0 < sizes[3] < sizes[4] < DEVICES


def test_lists_are_in_the_order_they_say(filled: RunningServer) -> None:
    def of(sort: str) -> list[sa.Row[tuple[object, ...]]]:
        keys = every(filled, DeviceQuery(sort=sort), FIRST, DEVICES)
        latest, search = device_latest.c, device_search.c
        same = sa.and_(search.site_id == latest.site_id, search.device_key == latest.device_key)
        joined = sa.select(device_latest, search.address.label("ordered")).join(device_search, same)
        rows = filled.read(lambda connection: connection.execute(joined).all())
        by_key = {(row.site_id, row.device_key): row for row in rows}
        return [by_key[key] for key in keys]

    totals = [-1 if row.total is None else row.total for row in of("total")]
    assert totals == sorted(totals)
    assert [row.taken_at for row in of("taken")] == sorted(row.taken_at for row in of("taken"))
    assert [row.ordered for row in of("address")] == sorted(row.ordered for row in of("address"))
    before = utc_now() - SILENT_AFTER
    ranks = {"error": 1, "warning": 2, "unknown": 3, "ok": 4}
    states = [(row.taken_at >= before, ranks[row.condition], row.taken_at) for row in of("condition")]
    assert states == sorted(states)
    assert states[0][0] is False


def links(text: str) -> dict[str, str]:
    """Return the addresses of the parts around by their relation."""
    return {rel: html.unescape(address) for rel, address in re.findall(r'rel="(first|prev|next|last)" href="([^"]+)"', text)}


def shown(text: str) -> list[str]:
    return re.findall(r'href="/device\?([^"]+)"', text)


def test_the_page_leads_through_its_parts(filled: RunningServer, person: Person) -> None:
    first = person.get("/devices?sort=total&order=desc").text
    assert set(links(first)) == {"next", "last"}
    assert f"{DEVICES} devices, each with its newest reading." in first
    second = person.get(links(first)["next"]).text
    assert set(links(second)) == {"first", "prev"}
    assert len(shown(first)) == 50
    assert len(set(shown(first) + shown(second))) == DEVICES
    assert shown(person.get(links(second)["prev"]).text) == shown(first)
    assert set(shown(person.get(links(first)["last"]).text)) > set(shown(second)), "a whole part, counted from the end"
    # A place belongs to its order; the links of other orders begin at their start.
    assert "at=" not in "".join(re.findall(r'class="sort" href="([^"]+)"', second))
    wrong = person.get(links(first)["next"].replace("sort=total", "sort=model"))
    assert wrong.status == 422
    assert "The address names no part of this list." in wrong.text


@pytest.mark.parametrize("place", ["x", "W10", "WyJkZXZpY2VzIHNpdGUiLDAsMV0", "W" * 5000, "é"])
def test_a_place_that_is_none_is_refused(server: RunningServer, person: Person, place: str) -> None:
    for page in ("/devices", "/sites", "/enrolment"):
        assert person.get(f"{page}?at={place}").status == 422


def test_a_part_whose_rows_have_gone_leads_back(filled: RunningServer, person: Person) -> None:
    behind = links(person.get("/devices?sort=serial").text)["next"]
    filled.write(lambda connection: connection.execute(sa.delete(device_latest).where(device_latest.c.device_key >= "serial:A:2")))
    text = person.get(behind).text
    left = len(shown(text))
    assert left < 50
    filled.write(lambda connection: connection.execute(sa.delete(device_latest)))
    text = person.get(behind).text
    assert "Nothing is left behind this place of the list." in text
    assert set(links(text)) == {"first", "prev"}


def test_what_would_take_long_to_count_is_told_as_it_was_counted_last(
    filled: RunningServer, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count, "EXACT", 20)
    monkeypatch.setattr(devices, "FEW", 20)
    rows = [{"name": f"devices:{name}", "rows": rows, "counted_at": utc_now()} for name, rows in (("ok", 1_000_400), ("error", 12))]
    filled.write(lambda connection: connection.execute(sa.insert(tally), rows))
    text = person.get("/devices").text
    assert "About 1\u202f000\u202f000 devices, each with its newest reading." in text
    assert "More than 20 devices fit the filters" in person.get("/devices?q=laserjet").text
    assert f"{DEVICES // len(MODELS)} devices fit the filters" in person.get("/devices?q=xerox").text


def test_what_moves_meanwhile_hides_nothing_that_stays(filled: RunningServer) -> None:
    """Each part is asked for after devices in front of it and behind it got other totals: all others come once."""
    for descending in (False, True):
        staying = {row for row in every(filled, DeviceQuery(sort="total"), FIRST, DEVICES) if int(row[1].rpartition(":")[2]) % 3}
        moving = sorted(set(every(filled, DeviceQuery(sort="total"), FIRST, DEVICES)) - staying)
        found: list[tuple[str, str]] = []
        place: Place | None = FIRST
        while place is not None:
            query = DeviceQuery(sort="total", descending=descending, place=place, limit=7)
            part, _ = filled.read(partial(devices.devices, query=query))
            found += [(row.site_id, row.device_key) for row in part.rows]
            place = part.next
            site_id, key = moving[len(found) % len(moving)]
            here = sa.and_(device_latest.c.site_id == site_id, device_latest.c.device_key == key)
            moved = sa.update(device_latest).where(here).values(total=len(found) * 31 % 7 or None)
            filled.write(lambda connection, moved=moved: connection.execute(moved))  # type: ignore[misc]
        assert sorted(row for row in found if row in staying) == sorted(staying)


@pytest.mark.parametrize("sort", ["name", "contact", "version"])
def test_sites_are_in_every_order_forth_and_back(server: RunningServer, sort: str) -> None:
    now = utc_now()
    rows: list[dict[str, Any]] = [
        {
            "site_id": f"{n * 7 % 30:036}",
            "name": f"{'aÄZz'[n % 4]} 100%_{n // 4}",
            "created_at": now - timedelta(minutes=n % 3),
            "last_contact_at": None if n % 2 else now - timedelta(minutes=n % 3),
            "version": None if n % 5 == 0 else f"0.{n % 3}",
        }
        for n in range(30)
    ]
    server.write(lambda connection: connection.execute(sa.insert(site), rows))
    walked = []
    for descending, start in product((False, True), (FIRST, LAST)):
        found: list[str] = []
        place: Place | None = start
        while place is not None:
            query = SiteQuery(sort=sort, descending=descending, place=place, limit=7)
            part, counted = server.read(partial(sites.find_sites, query=query))
            ids = [row.site_id for row in part.rows]
            found = [each for each in ids if each not in found] + found if start is LAST else found + ids
            place = part.previous if start is LAST else part.next
            assert counted.number == len(rows)
        walked.append(found)
    up, up_from_its_end, down, down_from_its_end = walked
    assert sorted(up) == sorted(row["site_id"] for row in rows)
    assert up == up_from_its_end == down[::-1] == down_from_its_end[::-1]
    by_id = {row["site_id"]: row for row in rows}
    if sort == "contact":
        heard = [by_id[each]["last_contact_at"] or by_id[each]["created_at"] for each in up]
        assert heard == sorted(heard)
    elif sort == "version":
        versions = [str(by_id[each]["version"] or "") for each in up]
        assert versions == sorted(versions)


@pytest.mark.parametrize(("words", "many"), [("ä", 8), ("Ä 1", 8), ("%", 30), ("_7", 2), ("'", 0), ("zz", 0), ("A 0%_7 ", 1)])
def test_sites_are_found_by_any_word_of_their_names(server: RunningServer, person: Person, words: str, many: int) -> None:
    rows = [{"site_id": f"{n:036}", "name": f"{'aÄZz'[n % 4]} 100%_{n // 4}", "created_at": utc_now()} for n in range(30)]
    server.write(lambda connection: connection.execute(sa.insert(site), rows))
    if not server.read(lambda connection: connection.execute(sa.select(folded("Ä") == "ä")).scalar_one()):
        words = words.replace("ä", "Ä")  # a database of PostgreSQL with the locale C knows the case of A to Z
    assert len(set(re.findall(r'href="/sites/(\d{36})"', person.get(f"/sites?{urlencode({'q': words})}").text))) == many
    found = server.read(lambda connection: sites.site_names(connection, part=words.strip().partition(" ")[0], limit=50))
    assert len(found) >= many
