"""What lists know of devices: found by any word, written only where it is new, and by the newest reading."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from hosting.db.tables import device_latest, device_search
from tests.hosting.batches import batch, reading
from tests.hosting.db.test_changes import change, changes
from tests.hosting.db.test_events import happened
from tests.hosting.person import Person
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

MODELS = {
    "serial:A:1": "Ärger Straße",
    "serial:A:2": "100%_sure",
    "serial:A:3": "5\" 'quoted' \\ back",
    "serial:A:4": "NEAR(x y) AND OR NOT -z* ^ col:umn",
    "serial:A:5": "İstanbul 印刷机 😀",
    "serial:A:6": "x" * 500 + "tail",
    "serial:A:7": "A" * 1000,
    "serial:A:8": "series",
}
QUERIES = (
    *("%", "_", "%_", "100%", "1%0", "\\", "\\ back", '"', "'", '5"', "'quoted'", "''", "x", "aa", "y)", "ä", "ÄR", "straße"),
    *("STRASSE", "near(x", "AND OR", "not", "-z*", "*", "^", "col:umn", "i̇stanbul", "İST", "印", "印刷机", "😀", "x" * 199),
    *("tail", "acme 100", "e r", "acme", "ser:", "\x00", "a\x00b", "ẞ", "cut", "esires"),
)
LONGEST = 2000


@pytest.fixture
def filled(server: RunningServer, site: Site) -> RunningServer:
    site.upload(
        batch(*(reading(key, model=model, manufacturer="Acme", location="B" * 996 + " cut") for key, model in MODELS.items()))
    )
    return server


def found(person: Person, query: str) -> set[str]:
    answer = person.get(f"/devices?{urlencode({'q': query})}")
    assert answer.status == 200
    return {key.replace("%3A", ":") for key in re.findall(r'href="/device\?[^"]*key=([^"&]+)', answer.text)}


def test_devices_are_found_by_any_word(filled: RunningServer, person: Person) -> None:
    hits = 0
    for query in QUERIES:
        words = [word.lower() for word in query.replace("\x00", " ").split()]
        known = {
            key: f"Acme\n{model}\n{key.rpartition(':')[2]}\n\n{'B' * 996} cut\n".lower()[:LONGEST] for key, model in MODELS.items()
        }
        expected = {key for key, text in known.items() if all(word in text for word in words)}
        assert found(person, query) == expected, query
        hits += 0 < len(expected) < len(MODELS)
    assert hits > 20


@contextmanager
def statements(server: RunningServer) -> Iterator[list[str]]:
    """Collect the statements about what lists know."""
    told: list[str] = []

    def collect(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "device_search" in statement:
            told.append(statement)

    sa.event.listen(server.database.engine, "before_cursor_execute", collect)
    yield told
    sa.event.remove(server.database.engine, "before_cursor_execute", collect)


def known(server: RunningServer) -> dict[str, str]:
    """Return what lists know by device key."""
    chosen = sa.select(device_search.c.device_key, device_search.c.words)
    return {row[0]: row[1] for row in server.read(lambda connection: connection.execute(chosen).all())}


def test_what_did_not_change_is_not_written(server: RunningServer, site: Site) -> None:
    keys = [f"serial:A:{number}" for number in range(5)]
    first, second, third, fourth = ([reading(key, hours=hours, total=9 - hours) for key in keys] for hours in (4, 3, 2, 1))
    site.upload(batch(*first))
    with statements(server) as told:
        assert site.upload(changes(*map(change, first, second))).json()["accepted"] == len(keys)
        assert told == [], "changes of counters ask nothing"
        site.upload(batch(*third))
        assert [statement.split()[0] for statement in told] == ["SELECT"], "readings in full ask once for all"
        told.clear()
        moved = [one | {"device": one["device"] | {"location": "Loft"}} for one in fourth]
        assert site.upload(changes(*map(change, third, moved))).json()["accepted"] == len(keys)
        assert [statement.split()[0] for statement in told] == ["SELECT", "INSERT"], "as many as they are"
    assert all("\nloft\n" in words for words in known(server).values())


def test_the_newest_reading_says_what_a_device_is_found_by(server: RunningServer, site: Site, person: Person) -> None:
    key = "serial:A:1"
    site.upload(batch(reading(key, hours=2, location="Cellar")))
    site.upload(batch(reading(key, hours=1, location="Attic"), reading(key, hours=3, location="Garage")))
    assert found(person, "attic") == {key}
    site.upload(batch(reading(key, hours=4, location="Shed")))
    assert found(person, "shed") | found(person, "cellar") | found(person, "garage") == set()
    assert found(person, "attic") == {key}
    site.upload(batch(reading(key)))
    assert found(person, "attic") == set(), "it has none any more"


@pytest.mark.parametrize("there", [False, True])
def test_a_device_that_a_server_before_this_one_took_is_found_with_its_next_change(
    server: RunningServer, site: Site, person: Person, there: bool
) -> None:
    key = "serial:A:1"
    base, now = reading(key, hours=1, location="Attic"), reading(key, total=1001, location="Attic")
    site.upload(batch(base))
    # It kept words of its own, and knew no other table.
    changed = sa.update(device_search).values(words="cellar") if there else sa.delete(device_search)
    server.write(lambda connection: connection.execute(changed))
    server.write(lambda connection: connection.execute(sa.update(device_latest).values(words="acme print 1 attic")))
    assert found(person, "attic") == set()
    assert site.upload(changes(change(base, now))).json()["accepted"] == 1
    assert found(person, "attic") == {key}


def test_a_device_that_is_known_by_another_key_is_found_by_that(server: RunningServer, site: Site, person: Person) -> None:
    former, key = "mac:001ba90ba752", "serial:ACME:1"
    site.upload(batch(reading(former, hours=1, location="Attic")))
    identified: dict[str, Any] = happened("device_identified", former_key=former, key=key)
    site.upload(batch() | {"events": [identified]})
    assert found(person, "attic") == {key}
    site.upload(batch(reading(former, location="Cellar")) | {"events": [identified | {"id": happened()["id"]}]})
    assert known(server).keys() == {key}
