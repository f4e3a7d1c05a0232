"""The language of the console: English for everybody, and no text that the catalogue does not know."""

import gzip
import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.configuration.publication import Publishing
from hosting.db import sites
from hosting.db.connection.database import Connection
from hosting.db.history.roll_up import RollUp
from hosting.db.tables import job
from hosting.releases.rollout import Audience, Wish
from tests.hosting.batches import batch, moment, reading
from tests.hosting.console.test_console_configuration import compare, publish
from tests.hosting.db.test_updates import told, update
from tests.hosting.history.days import steps
from tests.hosting.person import Person
from tests.hosting.releases.published import offer, publish_releases
from tests.hosting.running import RunningServer
from tests.hosting.site import Site
from tests.web.shown_texts import bracketed, untranslated

__all__ = ["bracketed"]

DATA = re.compile(
    r"\S*[./:#]\S*|admin|test|site|all|stable|\w+_(now|bundle)|prtMarkerLifeCount|"
    r"cleanup|roll-up|dictionary|retention|UTC|root|targets|snapshot|timestamp|release|globalcfg|config|"
    r"valid for \d+ days|lowToner|jam|vendor|\d+ bytes|config/\S+ version \d+|version 0.1.0|its own name|north|sha256:a+, .*|"
    r"[0-9a-f]{8}(, [0-9a-f]{8})*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}"
)
"""What is in no language: addresses, names of roles and objects, and the details that the audit log has noted."""
KEY = "serial:ACME:1"
SUPPLY = {"index": "1.1", "type": "tonerCartridge", "class": "supplyThatIsConsumed", "source": "X", "unit": "percent"}
BLACK = {"color": "black", "level": 5, "capacity": 100, "percent": 5.0, "state": "low"}
TRAY = {"index": "1.1", "media": "A4", "capacity": 100, "level": 0, "state": "empty"}


def whole_reading(total: int, hours: float) -> dict[str, Any]:
    """Return a reading with all that the page of a device shows."""
    return reading(KEY, total=total, hours=hours, model="LASER", manufacturer="ACME", location="LOBBY", color=True) | {
        "status": {"printer": "printing", "device": "warning", "errors": ["lowToner"], "console": ["LOW"]},
        "alerts": [{"severity": "critical", "group": "mediaPath", "code": "jam", "location": 2, "since": moment(hours=hours)}],
        "supplies": [
            SUPPLY
            | {"color": "black", "level": 5, "capacity": 100, "percent": 5.0, "state": "low", "serial": "S", "part_number": "P"},
            SUPPLY | {"index": "1.2", "description": "WASTE", "level": -2, "percent": None, "state": "unknown"},
        ],
        "trays": [TRAY, TRAY | {"index": "1.2", "name": "TRAY", "state": "ok"}],
    }


def state(word: str, **more: Any) -> dict[str, Any]:
    """Return what a site says of itself at a check-in."""
    layer = {"path": "config/global/all.json", "version": 1, "sha256": "ab" * 32}
    return {
        "started_at": moment(hours=50),
        "collector": "scanning",
        "devices": {"known": 3, "answering": 2},
        "outbox": {"readings": 2, "oldest_at": moment(hours=1)},
        "problems": [{"name": "X", "text": "PROBLEM", "since": moment(hours=1)}],
        "health_check": True,
        "privacy": {"ip_address": "pseudonym", "location": "remove"},
        "traffic": {"sweep": 1, "poll": 2, "check_in": 3},
        "configuration": {"marker": "X", "state": word, "layers": [layer], "outcome": {"at": moment(), "what": word}},
    } | more


def browse(server: RunningServer, publisher: Person, publishing: Publishing, keys: Path) -> dict[str, str]:
    """Return the pages of a console, first without anything to show, then with something of everything."""
    pages: dict[str, str] = {}

    def look(*paths: str, note: str = "") -> None:
        pages.update({f"{path} {note}": publisher.get(path).text for path in paths})

    visitor = Person(server)
    pages["login"] = visitor.get("/login").text
    pages["login refused"] = visitor.log_in("wrong").text
    lists = ("/sites", "/devices", "/configuration", "/configuration/global", "/releases", "/releases/stable/all", "/enrolment")
    look(*lists, "/repository", "/jobs", note="empty")
    pages["made"] = publisher.post("/enrolment", {"site": "NEW", "url": "https://X", "days": "7"}).text
    pages["not made"] = publisher.post("/enrolment", {"site": "", "url": "X", "days": "7"}).text

    first, second = Site(server).enrol("FIRST"), Site(server).enrol("SECOND")
    page, other = f"/sites/{first.site_id}", f"/sites/{second.site_id}"
    look(page, note="not heard of")
    first.upload(batch(*(whole_reading(1000 + 10 * step, 30 - step) for step in range(20))))
    second.upload(batch(reading("serial:ACME:2", hours=100, model="OLD")))
    waiting = update(execution="scheduled", result="none", transaction="", waits=["window", "approval"])
    support = {"level": "auto", "support_bundle": True}
    first.check_in(state("kept", update=told(waiting)["update"] | support))
    first.send_bytes("/api/v1/support-bundle", gzip.compress(b"X"), {"Content-Type": "application/gzip"})
    second.check_in(state("refused", health_check=False) | told(update(result="failure", text="BACK", log="LOG")))
    publish_releases(server.config.repository, keys, "0.1.0", "0.2.0", notes="NOTES")
    offer(publishing, Wish(version="0.2.0", percent=50, not_before="2027-01-31T22:00Z"))
    offer(publishing, Wish("hold"), Audience("stable", site_id=second.site_id))
    offer(publishing, Wish(version="0.1.0", percent=0, paused=True), Audience("stable", group="north"))
    compared = compare(publisher, "/configuration/global", '{"scan": {"read_minutes": 30}}')
    pages["compared"] = compared.text
    publish(publisher, "/configuration/global", compared)
    definition = {"definition_name": "acme.toml", "definition_text": "X"}
    own = {"action": "compare", "settings": '{"scan": {"read_minutes": 40}}'}
    publish(publisher, f"/configuration/site/{first.site_id}", publisher.post(f"/configuration/site/{first.site_id}", own))
    pages["refused"] = publisher.post("/configuration/global", own | definition | {"settings": "{"}).text
    for asked in ("scan", "check", "bundle"):
        publisher.post(f"{page}/{asked}")
    publisher.post(f"{page}/group", {"group": "north"})

    offers = [f"/releases/stable/{whom}" for whom in ("all", "group/north", "group/south", f"site/{second.site_id}")]
    look(*lists, *offers, f"/configuration/site/{first.site_id}", "/configuration/global?version=1", page, other)
    look("/devices?q=X", "/sites?q=X", "/configuration?group=+X", "/releases?group=+X", note="nothing found")
    look(*(f"/device?site={site.site_id}&key={key}" for site, key in ((first, KEY), (second, "serial:ACME:2"))))
    steps(server.database, RollUp(utc_now() + timedelta(days=10)))
    look(f"/device?site={first.site_id}&key={KEY}", note="rolled up")
    server.write(_note_jobs)
    look("/jobs")
    for path, form in (
        (offers[0], {"action": "compare", "version": "0.2.0", "percent": "100"}),
        (offers[0], {"action": "compare", "version": "0.2.0", "percent": "101"}),
        (offers[1], {"action": "compare", "do": "unpin"}),
        (f"{page}/expiry", {"expires": "X"}),
    ):
        pages[f"{path} {form}"] = publisher.post(path, form).text
    for action in ("deactivate", "revoke"):
        pages[action] = publisher.get(publisher.post(f"{other}/{action}").headers["Location"]).text
    server.write(lambda connection: sites.set_expiry(connection, first.site_id, None, actor="test"))
    pages["asked in vain"] = publisher.post(f"{other}/scan").text
    pages["form refused"] = publisher.post(f"{page}/scan", token=False).text
    pages["not logged in"] = visitor.post(f"{page}/scan").text
    look("/nowhere")
    return pages


def _note_jobs(connection: Connection) -> None:
    """Let one job be under way, one have failed, and one be in order."""
    now = utc_now()
    ended = {"last_run_at": now, "rows": 7, "seconds": 0.5, "next_at": now}
    connection.execute(sa.insert(job).values(name="cleanup", began_at=now, **ended))
    connection.execute(sa.insert(job).values(name="roll-up", error="FAULT", **ended))
    connection.execute(sa.insert(job).values(name="retention", **ended))


def test_every_text_of_every_page_is_in_the_catalogue(
    bracketed: None, signing_server: RunningServer, publisher: Person, publishing: Publishing, local_keys: Path
) -> None:
    pages = browse(signing_server, publisher, publishing, local_keys)

    found = [f"{name}: {text}" for name, page in pages.items() for text in untranslated(page, DATA)]
    assert "\n".join(found) == ""
    assert all("⟦" in html.unescape(page) for page in pages.values())


@pytest.mark.parametrize("asked", ["de", "de-AT,de;q=0.9", "fr", ""])
def test_pages_are_wholly_in_english_whatever_a_browser_asks_for(server: RunningServer, asked: str) -> None:
    page = server.request("GET", "/login", headers={"Accept-Language": asked}).text

    assert '<html lang="en">' in page
    assert "<title>Log in · DCA hosting</title>" in page
