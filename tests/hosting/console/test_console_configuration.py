"""The console publishes what a person has seen as a difference, and shows what sites made of it."""

import gzip
import html
import re
from datetime import timedelta
from typing import Any

import pytest

from appliance.common.clock import utc_now
from hosting.configuration.publication import Publishing
from hosting.configuration.scope import EVERYBODY, group_scope, site_scope
from hosting.db import sites
from tests.conftest import ROOT
from tests.hosting.person import Person
from tests.hosting.running import Answer, RunningServer
from tests.hosting.site import Site

GLOBAL = "/configuration/global"
DEFINITION = (ROOT / "appliance" / "definitions" / "kyocera.toml").read_text()


def compare(person: Person, path: str, settings: str, **definitions: str) -> Answer:
    names = [f"{name}.toml" for name in definitions]
    form = {"action": "compare", "settings": settings, "definition_name": names, "definition_text": list(definitions.values())}
    return person.post(path, form)


def publish(person: Person, path: str, compared: Answer) -> Answer:
    """Send the form with which a page of differences publishes them."""
    assert compared.status == 200, compared.text
    form: dict[str, Any] = {}
    part = compared.text.partition('value="publish"')[2].partition("</form>")[0]
    for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', part):
        form.setdefault(name, []).append(html.unescape(value))
    return person.post(path, form | {"action": "publish"})


def state(word: str, **outcome: str) -> dict[str, Any]:
    told = {"at": "2026-11-25T10:00:00Z", "what": word, "reason": None, "text": ""} | outcome
    layer = {"path": EVERYBODY.path, "version": 7, "sha256": "ab" * 32}
    return {"configuration": {"marker": "x", "state": word, "layers": [layer], "outcome": told}}


def test_a_change_is_shown_before_it_is_published(publisher: Person, publishing: Publishing) -> None:
    compared = compare(publisher, GLOBAL, '{"scan": {"read_minutes": 30}}')
    assert "scan.read_minutes" in compared.text
    assert '<del class="mono value-old">not set</del>' in compared.text
    assert '<ins class="mono value-new">30</ins>' in compared.text
    assert publishing.in_force(EVERYBODY).is_empty
    answer = publish(publisher, GLOBAL, compared)
    assert answer.status == 302
    page = publisher.get(answer.headers["Location"]).text
    assert "signed and published" in page
    assert "by admin" in page
    assert publishing.in_force(EVERYBODY).settings == {"scan": {"read_minutes": 30}}


def test_a_definition_is_published_as_it_was_typed(publisher: Person, publishing: Publishing) -> None:
    compared = compare(publisher, GLOBAL, "", acme=DEFINITION.replace("\n", "\r\n"))
    assert "definition acme.toml" in compared.text
    assert "line-new" in compared.text
    publish(publisher, GLOBAL, compared)
    assert publishing.in_force(EVERYBODY).definitions == {"acme.toml": DEFINITION}
    publish(publisher, GLOBAL, compare(publisher, GLOBAL, "", acme=" "))
    assert publishing.in_force(EVERYBODY).is_empty


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ('{"scan": {"read_minutes": 0}}', "scan.read_minutes"),
        ('{"snmp": {"credentials": []}}', "dca settings set snmp.credentials"),
        ('{"update": {"level": "auto"}}', "only the site decides"),
        ("{", "not JSON"),
    ],
)
def test_what_a_site_would_refuse_is_refused_with_the_reason_and_stays_typed(publisher: Person, settings: str, named: str) -> None:
    answer = compare(publisher, GLOBAL, settings)
    assert answer.status == 422
    assert named in answer.text
    assert html.escape(settings) in answer.text
    assert 'value="publish"' not in answer.text


def test_what_was_compared_with_another_version_is_not_published(publisher: Person, publishing: Publishing) -> None:
    compared = compare(publisher, GLOBAL, '{"scan": {"read_minutes": 30}}')
    publish(publisher, GLOBAL, compare(publisher, GLOBAL, '{"scan": {"read_minutes": 45}}'))
    answer = publish(publisher, GLOBAL, compared)
    assert answer.status == 422
    assert "in the meantime" in answer.text
    assert publishing.in_force(EVERYBODY).settings == {"scan": {"read_minutes": 45}}


def test_an_earlier_version_is_published_again(publisher: Person, publishing: Publishing) -> None:
    for minutes in (30, 45):
        publish(publisher, GLOBAL, compare(publisher, GLOBAL, f'{{"scan": {{"read_minutes": {minutes}}}}}'))
    page = publisher.get(GLOBAL).text
    assert 'href="/configuration/global?version=1"' in page
    earlier = publisher.get(f"{GLOBAL}?version=1")
    assert '<ins class="mono value-new">30</ins>' in earlier.text
    publish(publisher, GLOBAL, earlier)
    assert publishing.in_force(EVERYBODY).settings == {"scan": {"read_minutes": 30}}
    assert publisher.get(f"{GLOBAL}?version=9").status == 404


def test_groups_and_sites_have_pages_of_their_own(signing_server: RunningServer, publisher: Person, publishing: Publishing) -> None:
    site = Site(signing_server).enrol("Mill")
    answer = publisher.get("/configuration?group=north")
    assert (answer.status, answer.headers["Location"]) == (302, "/configuration/group/north")
    assert publisher.get("/configuration?group=No+rth").status == 422
    path = f"/configuration/site/{site.site_id}"
    publish(publisher, path, compare(publisher, path, '{"scan": {"icmp": false}}'))
    publish(
        publisher, "/configuration/group/north", compare(publisher, "/configuration/group/north", '{"scan": {"read_minutes": 9}}')
    )
    assert publisher.post(f"/sites/{site.site_id}/group", {"group": "north"}).status == 302
    assert publishing.in_force(group_scope("north")).settings == {"scan": {"read_minutes": 9}}
    wanted = publishing.in_force(site_scope(site.site_id, "Mill"))
    assert (wanted.group, wanted.settings) == ("north", {"scan": {"icmp": False}})
    overview = publisher.get("/configuration").text
    assert 'href="/configuration/group/north"' in overview
    assert f'href="{path}"' in overview
    assert publisher.post(f"/sites/{site.site_id}/group", {"group": "No rth"}).status == 409
    publish(publisher, path, publisher.get(f"{path}?version=1"))
    assert publishing.in_force(site_scope(site.site_id, "Mill")).group == "north"


def test_without_a_repository_the_pages_say_what_is_lacking(server: RunningServer, person: Person) -> None:
    assert "no repository" in person.get("/configuration").text
    compared = compare(person, GLOBAL, '{"scan": {"read_minutes": 30}}')
    assert "disabled>Sign and publish" in compared.text
    assert "dca-hosting repository init" in publish(person, GLOBAL, compared).text
    site = Site(server).enrol()
    assert "dca-hosting repository init" in person.post(f"/sites/{site.site_id}/group", {"group": "north"}).text


def test_a_refused_configuration_shows_with_its_reason(server: RunningServer, person: Person) -> None:
    site, other = Site(server).enrol("Mill"), Site(server).enrol("Port")
    site.check_in(state("refused", reason="guardrail", text="10.9.0.0/16 lies outside of the guardrails."))
    other.check_in(state("kept"))
    page = person.get(f"/sites/{site.site_id}").text
    assert "Refused: guardrail" in page
    assert "10.9.0.0/16 lies outside" in page
    listed = person.get("/sites?show=refused").text
    assert "Mill" in listed
    assert "configuration refused" in listed
    assert ">Port<" not in listed
    assert "In force" in person.get(f"/sites/{other.site_id}").text


def test_sites_that_are_turned_away_are_listed(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol("Mill")
    Site(server).enrol("Port")
    assert person.post(f"/sites/{site.site_id}/deactivate").status == 302
    assert site.check_in().json()["error"] == "deactivated"
    listed = person.get("/sites?show=quiet").text
    assert ">Mill<" in listed
    assert ">Port<" not in listed
    assert "was deactivated" in person.get(f"/sites/{site.site_id}").text
    person.post(f"/sites/{site.site_id}/activate")
    assert site.check_in().status == 200


def test_the_expiry_of_a_site_is_set_and_taken_away(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    yesterday = (utc_now() - timedelta(days=1)).date().isoformat()
    assert person.post(f"/sites/{site.site_id}/expiry", {"expires": yesterday}).status == 302
    assert site.check_in().json()["error"] == "expired"
    assert f'value="{yesterday}"' in person.get(f"/sites/{site.site_id}").text
    assert person.post(f"/sites/{site.site_id}/expiry", {"expires": "soon"}).status == 422
    person.post(f"/sites/{site.site_id}/expiry", {"expires": ""})
    assert site.check_in().status == 200


def test_checks_and_bundles_are_asked_for_and_bundles_downloaded(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    assert "allows none" in person.get(f"/sites/{site.site_id}").text
    site.check_in({"update": {"level": "auto", "support_bundle": True}})
    for action in ("check", "bundle"):
        assert person.post(f"/sites/{site.site_id}/{action}").status == 302
    page = person.get(f"/sites/{site.site_id}").text
    assert "Check asked for" in page
    assert "Bundle asked for" in page
    assert {each["name"] for each in site.check_in().json()["commands"]} == {"check_now", "send_support_bundle"}
    content = gzip.compress(b"logs")
    site.send_bytes("/api/v1/support-bundle", content, {"Content-Type": "application/gzip"})
    found = re.search(r'href="(/sites/[0-9a-f-]+/bundles/[0-9a-f-]+)"', person.get(f"/sites/{site.site_id}").text)
    assert found is not None
    answer = person.get(found[1])
    assert (answer.body, answer.headers["Content-Type"]) == (content, "application/gzip")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert server.request("GET", found[1]).status == 302


def test_a_site_that_is_turned_away_is_asked_for_nothing(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    server.write(lambda connection: sites.set_deactivated(connection, site.site_id, True, actor="test"))
    for action in ("scan", "check", "bundle"):
        assert person.post(f"/sites/{site.site_id}/{action}").status == 409


def test_what_was_published_and_told_is_never_taken_as_markup(
    signing_server: RunningServer, publisher: Person, publishing: Publishing
) -> None:
    evil = "<script>alert(1)</script>"
    site = Site(signing_server).enrol("Mill")
    site.check_in(state("refused", reason=evil, text=evil) | {"update": {"level": evil}})
    path = f"/configuration/site/{site.site_id}"
    compared = compare(publisher, path, f'{{"site": {{"name": "{evil}"}}}}')
    publish(publisher, path, compared)
    assert publishing.in_force(site_scope(site.site_id, "Mill")).settings == {"site": {"name": evil}}
    for page in (path, f"{path}?version=1", f"/sites/{site.site_id}", "/configuration", "/configuration?group=<script>alert(1)"):
        text = publisher.get(page).text
        assert "<script>alert" not in text
        assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) is None, page
    assert "<script>alert" not in compared.text


@pytest.mark.parametrize("told", [5, [], {"layers": 5}, {"outcome": []}, {"state": 5}, {"layers": [1]}])
def test_a_configuration_of_another_shape_never_breaks_the_pages(server: RunningServer, person: Person, told: object) -> None:
    site = Site(server).enrol()
    assert site.check_in({"configuration": told}).status == 200
    for path in ("/sites", f"/sites/{site.site_id}", "/configuration"):
        assert person.get(path).status == 200


@pytest.mark.parametrize(
    ("settings", "warning"),
    [
        ('{"store": {"keep_days": 1}}', "store.keep_days is 1: the site removes what it has read after that time."),
        ('{"hosting": {"check_in_seconds": 86400}}', "hosting.check_in_seconds is 86400: a site learns of commands"),
        ('{"scan": {"exclude": ["0.0.0.0/0"]}}', "scan.exclude holds every address"),
    ],
)
def test_what_a_value_means_at_a_site_is_said_before_it_is_published(publisher: Person, settings: str, warning: str) -> None:
    assert warning in compare(publisher, GLOBAL, settings).text
    assert "notice-warn" not in compare(publisher, GLOBAL, '{"scan": {"read_minutes": 30}}').text
