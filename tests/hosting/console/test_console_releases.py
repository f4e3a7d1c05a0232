"""The console shows releases and how far sites are, and publishes a rollout as a person has seen it."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from hosting.configuration.publication import Publishing
from hosting.releases.publication import Rollouts
from hosting.releases.rollout import Audience, Wish
from tests.hosting.db.test_updates import told, update
from tests.hosting.person import Person
from tests.hosting.releases.published import offer, publish_releases
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

ALL = "/releases/stable/all"


@pytest.fixture
def released(signing_server: RunningServer, local_keys: Path) -> RunningServer:
    """Return a server with two releases that nobody is offered."""
    publish_releases(signing_server.config.repository, local_keys, "0.1.0", "0.2.0", notes="Reads <more> meters.")
    return signing_server


def compare(person: Person, path: str, do: str = "offer", **form: str) -> Answer:
    usual = {"version": "0.2.0", "percent": "10", "not_before": ""} if do == "offer" else {}
    return person.post(path, {"action": "compare", "do": do} | usual | form)


def publish(person: Person, path: str, compared: Answer) -> Answer:
    """Send the form with which a page of differences publishes them."""
    assert compared.status == 200, compared.text
    part = compared.text.partition('value="publish"')[2].partition("</form>")[0]
    form = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', part)}
    return person.post(path, form | {"action": "publish"})


def offered(publishing: Publishing, audience: Audience | None = None) -> Any:
    rollout = Rollouts(publishing).in_force()
    whom = audience or Audience("stable")
    return whom.offer(rollout.channels[whom.channel]) if rollout.channels else None


def test_an_offer_is_shown_before_it_is_published(released: RunningServer, publisher: Person, publishing: Publishing) -> None:
    compared = compare(publisher, ALL, percent="25", not_before="2027-01-31T22:00")
    assert '<ins class="mono value-new">0.2.0 to 25 %, not before 2027-01-31T22:00:00Z</ins>' in compared.text
    assert offered(publishing) is None
    answer = publish(publisher, ALL, compared)
    assert answer.status == 302
    page = publisher.get(answer.headers["Location"]).text
    assert "The rollout is signed and published" in page
    assert 'value="2027-01-31T22:00"' in page
    assert (offered(publishing).version, offered(publishing).percent) == ("0.2.0", 25)
    assert released.config.folder.joinpath("repository/targets/config/global").exists()


def test_a_rollout_is_paused_and_goes_on(released: RunningServer, publisher: Person, publishing: Publishing) -> None:
    publish(publisher, ALL, compare(publisher, ALL))
    publish(publisher, ALL, compare(publisher, ALL, "pause"))
    assert offered(publishing).paused
    page = publisher.get(ALL).text
    assert "Paused" in page
    publish(publisher, ALL, compare(publisher, ALL, "resume"))
    assert not offered(publishing).paused
    publish(publisher, ALL, compare(publisher, ALL, "hold"))
    assert offered(publishing) is None


def test_groups_and_sites_have_offers_of_their_own(released: RunningServer, publisher: Person, publishing: Publishing) -> None:
    site = Site(released).enrol("Mill & Co")
    answer = publisher.get("/releases?group=first")
    assert (answer.status, answer.headers["Location"]) == (302, "/releases/stable/group/first")
    assert publisher.get("/releases?group=Fi+rst").status == 422
    publish(publisher, ALL, compare(publisher, ALL))
    first, mill = "/releases/stable/group/first", f"/releases/stable/site/{site.site_id}"
    publish(publisher, first, compare(publisher, first, percent="100"))
    compared = compare(publisher, mill, "hold")
    assert "stable, site Mill &amp; Co" in compared.text
    publish(publisher, mill, compared)
    assert offered(publishing, Audience("stable", group="first")).percent == 100
    assert "Held back" in publisher.get(mill).text
    overview = publisher.get("/releases").text
    assert "Group first" in overview
    assert "Mill &amp; Co" in overview
    assert "nothing (for this site itself)" in publisher.get(f"/sites/{site.site_id}").text
    publish(publisher, mill, compare(publisher, mill, "unpin"))
    assert site.site_id not in Rollouts(publishing).in_force().channels["stable"].sites
    assert publisher.get(f"/releases/stable/site/{'0' * 36}").status == 404
    assert publisher.get("/releases?channel=..%2Fx").status == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"version": "9.9.9"}, "no release 9.9.9 in the published catalogue"),
        ({"percent": "101"}, "101 percent"),
        ({"percent": "ten"}, "whole number"),
        ({"percent": ""}, "whole number"),
        ({"not_before": "soon"}, "no moment"),
    ],
)
def test_an_offer_that_cannot_be_is_refused_and_stays_typed(
    released: RunningServer, publisher: Person, publishing: Publishing, form: dict[str, str], said: str
) -> None:
    answer = compare(publisher, ALL, **form)

    assert answer.status == 422
    assert said in html.unescape(answer.text)
    assert 'value="publish"' not in answer.text
    assert offered(publishing) is None


def test_what_was_compared_with_another_rollout_is_not_published(
    released: RunningServer, publisher: Person, publishing: Publishing
) -> None:
    compared = compare(publisher, ALL)
    offer(publishing, Wish(version="0.1.0", percent=1))

    answer = publish(publisher, ALL, compared)
    assert answer.status == 422
    assert "in the meantime" in answer.text
    assert offered(publishing).version == "0.1.0"


def test_the_page_tells_how_far_the_sites_are(released: RunningServer, publisher: Person, publishing: Publishing) -> None:
    offer(publishing, Wish(version="0.2.0", percent=100))
    said = [
        update(),
        update(execution="scheduled", result="none", transaction="", waits=["window"]),
        update(execution="proceeding", result="none"),
        update(result="failure", reason="never_healthy"),
    ]
    for number, image in enumerate(said):
        Site(released).enrol(f"Site {number}").check_in(told(image))

    page = publisher.get("/releases").text
    figures = re.findall(
        r'figure-label">([^<]+)</span><span class="figure-value">(\d+)</span><span class="figure-note">([^<]+)', page
    )
    assert figures == [
        ("Run 0.2.0", "0", "sites"),
        ("Under way", "1", "site"),
        ("Wait", "1", "outside its update window: 1 site"),
        ("Failed", "1", "never healthy: 1 site"),
    ]
    assert "Reads &lt;more&gt; meters." in page
    assert re.search(r'<a href="/sites/[0-9a-f-]{36}">Site 3</a> \(never healthy\)', page)


def test_the_page_of_a_site_has_its_updates_and_the_log_of_a_failed_one(released: RunningServer, publisher: Person) -> None:
    site = Site(released).enrol("Mill")
    failed = update(result="failure", reason="never_healthy", text="It was taken back.", log="first <line>\nlast line")
    site.check_in(told(failed))

    page = publisher.get(f"/sites/{site.site_id}").text
    assert "Version 0.2.0: failed. <bdi>It was taken back.</bdi>" in page
    assert '<span class="line">first &lt;line&gt;</span><span class="line">last line</span>' in page
    assert f'href="/releases/stable/site/{site.site_id}"' in page
    site.check_in(told(update(execution="scheduled", result="none", transaction="", waits=["not before", "approval"])))
    page = html.unescape(publisher.get(f"/sites/{site.site_id}").text)
    assert "Version 0.2.0: waits (its time has not come, waits for the site's admin)." in page


def test_without_a_repository_the_pages_say_what_is_lacking(server: RunningServer, person: Person) -> None:
    assert "dca-hosting repository init" in person.get("/releases").text
    page = person.get(ALL)
    assert page.status == 200
    assert "dca-hosting repository init" in page.text


def test_an_empty_catalogue_says_how_a_release_is_made(publisher: Person) -> None:
    assert "dca-hosting release add" in publisher.get("/releases").text
    assert "no release to offer" in publisher.get(ALL).text


def test_nobody_looks_or_publishes_without_a_login(server: RunningServer) -> None:
    for path in ("/releases", ALL):
        assert server.request("GET", path).status == 302
        assert server.request("POST", path, body=b"action=publish").status == 403
