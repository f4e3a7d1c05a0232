"""The console lets nobody in without a session, and does nothing a person did not ask for."""

import hashlib
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from appliance.common.clock import utc_now
from hosting.api.routes import API_ROUTES
from hosting.config import Limits
from hosting.console.routes import CONSOLE_ROUTES, GROUP, SITE
from hosting.db import accounts
from hosting.db.tables import audit as audit_table
from hosting.db.tables import command as command_table
from hosting.db.tables import session as session_table
from hosting.server import HostingApplication
from tests.hosting import fleet
from tests.hosting.batches import batch, reading
from tests.hosting.conftest import StartServer
from tests.hosting.person import SESSION, Person
from tests.hosting.running import PASSWORD, RunningServer
from tests.hosting.site import Site
from web.session import IDLE, LONGEST

SOME_SITE = "00000000-0000-4000-8000-000000000000"


def literal(pattern: str) -> str:
    """Return a path that fits the pattern of a route."""
    for part, example in ((SITE, SOME_SITE), (GROUP, "north"), ("(global)", "global"), ("(group)", "group"), ("(site)", "site")):
        pattern = pattern.replace(part, example)
    return pattern


def paths() -> list[str]:
    """Return a path for every route of the console."""
    return [literal(pattern) for pattern, _ in CONSOLE_ROUTES] + ["/nowhere"]


@pytest.mark.parametrize("path", [path for path in paths() if path != "/login"])
def test_without_a_session_every_page_leads_to_the_login(server: RunningServer, path: str) -> None:
    answer = server.request("GET", path)
    assert answer.status in (302, 405)
    assert answer.status == 405 or answer.headers["Location"].startswith("/login")
    assert Person(server).post(path).status == 403


def test_the_routes_of_the_application_are_those_that_are_tested(server: RunningServer) -> None:
    application = HostingApplication(server.services)
    static = 3  # /static/, /favicon.ico and /robots.txt, which Tornado adds
    assert len(application.wildcard_router.rules) == len(API_ROUTES) + len(CONSOLE_ROUTES) + static


def test_login_leads_to_where_the_person_wanted_to(server: RunningServer) -> None:
    answer = Person(server).log_in(next="/devices?q=x")
    assert (answer.status, answer.headers["Location"]) == (302, "/devices?q=x")


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%0a\n//x"]
)
def test_login_never_leads_elsewhere(server: RunningServer, target: str) -> None:
    assert Person(server).log_in(next=target).headers["Location"] == "/sites"


@pytest.mark.parametrize(("account", "password"), [("admin", "wrong"), ("nobody", PASSWORD), ("", ""), ("admin", "")])
def test_a_wrong_name_or_password_gets_the_same_answer(server: RunningServer, account: str, password: str) -> None:
    person = Person(server)
    answer = person.log_in(password, account)
    assert answer.status == 403
    assert "The name or the password is not right." in answer.text
    assert SESSION not in person.cookies


def test_guessing_passwords_is_throttled_even_with_the_right_one(start_server: StartServer) -> None:
    server = start_server(limits=Limits(failures_burst=3, failures_per_second=0.01))
    person = Person(server)
    assert [person.log_in("wrong").status for _ in range(4)] == [403, 403, 403, 429]
    answer = person.log_in()
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_logins_of_everybody_together_are_throttled(start_server: StartServer) -> None:
    server = start_server(limits=Limits(logins_burst=2, logins_per_second=0.01))
    assert [Person(server).log_in("wrong").status for _ in range(3)] == [403, 403, 429]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(server: RunningServer) -> None:
    [line] = [line for line in Person(server).log_in().headers.getlist("Set-Cookie") if line.startswith(SESSION)]
    assert "HttpOnly" in line
    assert "SameSite=Strict" in line
    assert "Secure" not in line


def test_cookies_are_for_https_only_behind_a_proxy_that_speaks_it(start_server: StartServer) -> None:
    server = start_server(public_urls=("https://mps.example/dca",))
    person = Person(server)
    first = person.get("/dca/login")
    answer = person.log_in()
    for line in (*first.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")):
        assert "Secure" in line
        assert "Path=/dca/" in line
    assert answer.headers["Location"] == "/dca/sites"
    assert 'href="/dca/devices"' in person.get("/dca/sites").text
    assert 'href="/dca/static/console.css?v=' in person.get("/sites").text


def test_sessions_are_stored_as_hashes(server: RunningServer, person: Person) -> None:
    stored = server.read(lambda connection: connection.execute(sa.select(session_table)).one())
    assert person.cookies[SESSION] not in str(stored)


@pytest.mark.parametrize(("column", "back"), [("seen_at", IDLE), ("created_at", LONGEST)])
def test_a_session_ends_by_itself(server: RunningServer, person: Person, column: str, back: timedelta) -> None:
    assert person.get("/sites").status == 200
    past = utc_now() - back - timedelta(seconds=5)
    server.write(lambda connection: connection.execute(sa.update(session_table).values({column: past})))
    assert person.get("/sites").status == 302


def test_after_logging_out_the_old_cookie_is_worth_nothing(person: Person) -> None:
    old = person.cookies[SESSION]
    assert person.post("/logout").status == 302
    person.cookies[SESSION] = old
    assert person.get("/sites").status == 302


def test_a_new_password_ends_all_sessions(server: RunningServer, person: Person) -> None:
    server.write(lambda connection: accounts.set_password(connection, "admin", "x"))
    assert person.get("/sites").status == 302


def test_a_form_of_another_site_is_refused(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    path = f"/sites/{site.site_id}/scan"
    assert person.post(path, token=False).status == 403
    assert person.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status == 403
    assert person.post(path, headers={"Origin": "https://evil.example"}).status == 403
    assert server.count(command_table) == 0


def test_scan_now_reaches_the_site_and_is_noted(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    answer = person.post(f"/sites/{site.site_id}/scan")
    assert answer.status == 302
    assert "The scan is asked for" in person.get(answer.headers["Location"]).text
    assert [command["name"] for command in site.check_in().json()["commands"]] == ["scan_now"]
    actors = server.read(lambda connection: connection.execute(sa.select(audit_table.c.actor, audit_table.c.action)).all())
    assert ("admin", "command queued") in actors


def test_a_site_that_has_not_enrolled_cannot_be_told_to_scan(server: RunningServer, person: Person) -> None:
    server.code("Later")
    found = re.search(r'href="/sites/([0-9a-f-]{36})"', person.get("/sites").text)
    assert found is not None
    assert person.post(f"/sites/{found[1]}/scan").status == 409
    assert server.count(command_table) == 0


def test_an_unknown_site_or_device_is_not_found(person: Person) -> None:
    assert person.get(f"/sites/{SOME_SITE}").status == 404
    assert person.post(f"/sites/{SOME_SITE}/revoke").status == 404
    assert person.get(f"/device?site={SOME_SITE}&key=serial%3AA%3A1").status == 404
    assert person.get("/device?site=%00&key=%00").status == 404


def test_a_revoked_site_is_refused_and_admitted_again(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    person.post(f"/sites/{site.site_id}/revoke")
    assert site.check_in().json()["error"] == "revoked"
    person.post(f"/sites/{site.site_id}/admit")
    assert site.check_in().status == 200


def test_an_enrolment_string_made_here_works_and_is_shown_once(server: RunningServer, person: Person) -> None:
    made = person.post("/enrolment", {"site": "Lighthouse", "url": server.url, "days": "1"}).text
    found = re.search(r"#enrol=([0-9A-Z-]+)", made)
    assert found is not None
    assert found[1] not in person.get("/enrolment").text
    site = Site(server)
    assert site.send("/api/v1/enrol", site.enrolment(found[1]), key_id=site.public_key).status == 201


def test_an_enrolment_string_names_the_root_of_the_repository(signing_server: RunningServer) -> None:
    person = Person(signing_server)
    person.log_in()
    made = person.post("/enrolment", {"site": "Lighthouse", "url": signing_server.url, "days": "1"}).text
    found = re.search(r"#enrol=[0-9A-Z-]+&amp;root=([0-9a-f]{64})<", made)
    assert found is not None
    root = signing_server.config.repository / "metadata" / "1.root.json"
    assert hashlib.sha256(root.read_bytes()).hexdigest() == found[1]


@pytest.mark.parametrize(("field", "value"), [("site", ""), ("site", "x" * 101), ("url", "no address"), ("url", "https://a b")])
def test_a_field_that_cannot_be_used_is_named(server: RunningServer, person: Person, field: str, value: str) -> None:
    answer = person.post("/enrolment", {"site": "Mill", "url": server.url} | {field: value})
    assert answer.status == 422
    assert f'id="{field}-error"' in answer.text


def test_empty_pages_say_what_to_do_next(server: RunningServer, person: Person) -> None:
    assert "Enrol the first site" in person.get("/sites").text
    assert "Enrol a site" in person.get("/devices").text
    Site(server).enrol()
    assert "Scan now" in person.get("/devices").text
    assert "No device fits this selection" in person.get("/devices?q=nothing").text
    assert "No site fits this search" in person.get("/sites?q=nothing").text


def test_a_device_tells_how_it_was_read(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol("Mill")
    user = {"version": "3", "credential": "user", "level": "authPriv", "auth_protocol": "SHA-256", "priv_protocol": "AES-128"}
    assert site.upload(batch(reading() | {"access": {"snmp": user, "http": "http"}})).status == 200
    text = person.get(f"/device?site={site.site_id}&key=serial%3AACME%3A1").text
    assert "SNMP 3, authPriv (SHA-256 + AES-128)" in text
    assert "HTTP, not encrypted" in text


def test_what_devices_say_is_never_taken_as_markup(server: RunningServer, person: Person) -> None:
    evil = "<script>alert(1)</script>"
    site = Site(server).enrol("<b>Mill</b>")
    said = reading(model=evil, location=evil) | {"misc": {evil: evil}, "status": {"console": [evil]}}
    assert site.upload(batch(said)).status == 200
    site.check_in({"problems": [{"text": evil}], "collector": evil})
    pages = ["/sites", f"/sites/{site.site_id}", "/devices", f"/device?site={site.site_id}&key=serial%3AACME%3A1"]
    for path in [*pages, f"/devices?q={evil}", f"/sites?q={evil}"]:
        text = person.get(path).text
        assert "<script>alert" not in text
        assert "<b>Mill" not in text


def test_a_device_marks_what_no_recording_has_proven(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    said = reading() | {"misc": {"unproven": ["device.serial", "meters.total", "misc.drum_pages"], "drum_pages": 12}}
    assert site.upload(batch(said)).status == 200
    text = person.get(f"/device?site={site.site_id}&key=serial%3AACME%3A1").text
    assert text.count('href="#unproven"') == 3
    assert "no recording of a real device has proven yet" in text
    assert "device.serial" not in text, "the list itself is no value of the device"


@pytest.mark.parametrize("told", ["yes", [1, None, {}], {"meters.total": 1}, []])
def test_marks_of_another_shape_never_break_the_page(server: RunningServer, person: Person, told: object) -> None:
    site = Site(server).enrol()
    assert site.upload(batch(reading() | {"misc": {"unproven": told}})).status == 200
    answer = person.get(f"/device?site={site.site_id}&key=serial%3AACME%3A1")
    assert (answer.status, 'href="#unproven"' in answer.text) == (200, False)


@pytest.mark.parametrize(
    "state",
    [
        {"devices": "many"},
        {"problems": [1]},
        {"update": None, "outbox": []},
        {"started_at": "yesterday"},
        {"collector": {}},
        {"traffic": 5},
    ],
)
def test_a_state_of_another_shape_never_breaks_the_pages(server: RunningServer, person: Person, state: dict[str, object]) -> None:
    site = Site(server).enrol()
    assert site.check_in(state).status == 200
    assert person.get("/sites").status == 200
    assert person.get(f"/sites/{site.site_id}").status == 200


def test_a_site_shows_what_it_costs_the_network(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    site.check_in({"traffic": {"check_in": 3100, "poll": 20_000, "update": 0, "new_thing": 12}})
    assert "23.1 kB: polls 20.0 kB, check-ins 3.1 kB, new thing 12 B" in person.get(f"/sites/{site.site_id}").text


def test_devices_are_searched_filtered_and_sorted(server: RunningServer, person: Person) -> None:
    for name, printers in fleet.SITES.items():
        site = Site(server).enrol(name)
        for printer in printers:
            site.upload(batch(list(fleet.readings(printer))[-1]))

    def serials(query: str) -> list[str]:
        listed = re.findall(r'data-label="Serial"[^>]*>([^<]+)<', person.get(f"/devices?{query}").text)
        return [serial.strip() for serial in listed]

    assert len(serials("")) == 13
    assert serials("q=RICOH+ward") == ["3089R310442"]
    assert serials("q=192.168.40.13") == ["2TY0193847"]
    assert serials("q=%25") == []
    assert set(serials("condition=error")) == {"2GT04418", "ZD6MBJDK4000312"}
    assert serials("sort=total&order=desc")[:2] == ["USQA018273", "18J204100233"]
    assert serials("sort=total")[0] == "X3BC012345"
    assert serials("sort=nonsense&order=x&page=0") == serials("")
    assert person.get("/devices?condition=y").status == 422
    assert serials("page=%C2%B2") == serials("")


def test_every_answer_carries_the_security_headers(server: RunningServer, person: Person) -> None:
    for answer in (person.get("/sites"), person.get("/login"), person.get("/nowhere"), server.request("GET", "/healthz")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Server" not in answer.headers
    assert "Content-Security-Policy" in server.request("GET", "/static/console.css").headers


def test_pages_hold_no_inline_style_or_script(server: RunningServer, person: Person) -> None:
    site = Site(server).enrol()
    for printer in fleet.SITES["Harbour office"]:
        site.upload(batch(*fleet.readings(printer)))
    key = "serial%3AHP%3AVNBRR4K1Q7"
    for path in ("/sites", f"/sites/{site.site_id}", "/devices", f"/device?site={site.site_id}&key={key}", "/enrolment"):
        text = person.get(path).text
        assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) is None, path


def test_what_is_no_text_is_told_in_our_words(person: Person) -> None:
    answer = person.get("/sites?q=%ff")
    assert answer.status == 400
    assert "The request is not understood." in answer.text
    assert "unicode" not in answer.text


def test_a_form_that_the_browser_calls_foreign_is_refused_in_our_words(person: Person) -> None:
    for site in ("cross-site", "same-site", "x"):
        answer = person.post("/tokens", {"name": "ERP", "scope": "read:sites"}, headers={"Sec-Fetch-Site": site})
        assert answer.status == 403
        assert "came from another site" in answer.text
        assert "Sec-Fetch-Site" not in answer.text


@pytest.mark.parametrize(
    ("path", "wrong", "right"),
    [
        ("/tokens", {"scope": ["read:sites", "bogus"]}, {"scope": ["read:sites"]}),
        ("/tokens", {"days": "1e3"}, {"days": "always"}),
        ("/enrolment", {"days": "1e3"}, {"days": "30"}),
    ],
)
def test_what_no_list_of_a_form_has_is_refused(
    person: Person, path: str, wrong: dict[str, str | list[str]], right: dict[str, str | list[str]]
) -> None:
    form = {"/tokens": {"name": "ERP", "scope": "read:sites"}, "/enrolment": {"site": "Mill", "url": "https://mps.example"}}[path]
    assert person.post(path, {**form, **wrong}).status == 422
    assert person.post(path, {**form, **right}).status == 200


def test_another_form_of_a_day_is_refused(server: RunningServer, person: Person, site: Site) -> None:
    for text, status in (("2027-W01-1", 422), ("20270104", 422), ("0001-01-01", 422), ("2027-01-04", 302)):
        assert person.post(f"/sites/{site.site_id}/expiry", {"expires": text}).status == status, text


def test_what_names_a_device_hides_nothing_in_a_list(person: Person, site: Site) -> None:
    hidden = "\u200b\u2060\u3164\ufeff\xad"
    told = reading("serial:ACME:1")
    told["device"] |= {"manufacturer": None, "model": f"{hidden}2"}
    assert site.upload(batch(told)).status == 200
    for path in ("/devices", f"/sites/{site.site_id}"):
        text = person.get(path).text
        assert not set(hidden) & set(text), path
        assert "\\u200b\\u2060\\u3164\\ufeff\\xad2" in text, path
