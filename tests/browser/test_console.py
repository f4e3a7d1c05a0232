"""The console in a real browser: what a person does, that nothing is blocked or broken, and the pictures of the README."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from appliance.common.clock import utc_now
from hosting.config import Config
from hosting.db import accounts
from hosting.db.tables import device_latest
from hosting.db.tables import site as site_table
from tests.browser.conftest import PHONE, OpenPage, TakePicture, Watch, accessibility_faults, overflows
from tests.hosting import fleet
from tests.hosting.batches import batch, reading
from tests.hosting.repository.published import Published
from tests.hosting.running import PASSWORD, RunningServer
from tests.hosting.site import Site

pytestmark = [pytest.mark.browser]


@pytest.fixture(scope="module")
def fed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Yield a server that two weeks of readings of three sites have reached, and one site that has not enrolled yet."""
    published = Published(tmp_path_factory.mktemp("hosting")).found()
    server = RunningServer(Config(published.data))
    server.code("Airport lounge")
    for name, printers in fleet.SITES.items():
        site = Site(server).enrol(name, root_sha256=server.root_sha256())
        for printer in printers:
            assert site.upload(batch(*fleet.readings(printer)), compressed=True).status == 200
        assert site.check_in(fleet.state(name)).status == 200
    age(server, "Mill Street depot", timedelta(hours=26))
    yield server
    server.stop()


def age(server: RunningServer, name: str, by: timedelta) -> None:
    """Let the last contact of a site lie back, and say its readings arrived when they were taken."""
    this = site_table.c.name == name
    server.write(lambda connection: connection.execute(sa.update(site_table).where(this).values(last_contact_at=utc_now() - by)))
    first = utc_now() - timedelta(days=fleet.DAYS)
    server.write(lambda connection: connection.execute(sa.update(device_latest).values(first_seen_at=first)))


@pytest.fixture
def page(open_page: OpenPage, fed_server: RunningServer) -> Page:
    """Return a page of a person who is logged in; its paths are those of the server."""
    return visit(open_page, fed_server)


def visit(open_page: OpenPage, server: RunningServer, **options: Any) -> Page:
    secret = server.write(lambda connection: accounts.start_session(connection, "admin", "127.0.0.1"))
    page = open_page(base_url=server.url, **options)
    page.context.add_cookies([{"name": "dca_hosting_session", "value": secret, "url": server.url}])
    return page


def test_a_person_logs_in_and_out(open_page: OpenPage, fed_server: RunningServer, picture: TakePicture) -> None:
    page = open_page(base_url=fed_server.url)
    page.goto("/devices")
    picture(page, "console-login", document=True)
    page.get_by_label("Account").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Devices", exact=True)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_all_sites_are_listed_with_their_state(page: Page, picture: TakePicture) -> None:
    page.goto("/sites")
    for name in (*fleet.SITES, "Airport lounge"):
        expect(page.get_by_role("row").filter(has_text=name)).to_have_count(1)
    expect(page.get_by_role("row").filter(has_text="Mill Street depot").get_by_text("Lost")).to_be_visible()
    picture(page, "console-sites", document=True)


def test_scan_now_is_asked_for_once(page: Page) -> None:
    page.goto("/sites")
    row = page.get_by_role("row").filter(has_text="Harbour office")
    row.get_by_role("button", name="Scan now").click()
    expect(page.get_by_text("The scan is asked for")).to_be_visible()
    expect(row.get_by_role("button", name="Scan asked for")).to_be_disabled()


def test_revoking_asks_first(page: Page) -> None:
    page.goto("/sites?q=mill")
    page.get_by_role("link", name="Mill Street depot").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("was revoked")).to_have_count(0)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("was revoked")).to_be_visible()
    page.get_by_role("button", name="Admit again").click()
    expect(page.get_by_text("admitted again.")).to_be_visible()


def test_devices_are_searched_and_sorted(page: Page, picture: TakePicture) -> None:
    page.goto("/devices")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(14)
    page.set_viewport_size({"width": 1280, "height": 1180})
    picture(page, "console-devices", document=True)
    page.get_by_label("Search").fill("ricoh ward")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(rows).to_have_count(2)
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("link", name="Total").click()
    page.get_by_role("link", name="Total").click()
    expect(rows.nth(1)).to_contain_text("HP LaserJet 4050")
    assert "sort=total&order=desc" in page.url


def test_a_device_shows_everything_it_said(page: Page, picture: TakePicture) -> None:
    page.goto("/devices?q=VNBRR4K1Q7")
    page.get_by_role("link", name="HP Color LaserJet").click()
    for text in ("MPS-0107", "Magenta cartridge is low", "lowToner", "prtMarkerLifeCount.1.1", "2411A", "CT1548213"):
        expect(page.get_by_text(text).first).to_be_visible()
    expect(page.get_by_role("img", name="Total from")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1740})
    picture(page, "console-device", document=True)
    page.get_by_role("link", name="Show all").click()
    expect(page.locator("#history >> xpath=ancestor::section").get_by_role("row")).to_have_count(fleet.DAYS * 4 + 1)


def test_a_site_shows_its_state(page: Page, picture: TakePicture) -> None:
    page.goto("/sites")
    page.get_by_role("link", name="Riverside clinic").click()
    expect(page.get_by_text("no SNMP community fits")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1180})
    picture(page, "console-site", document=True)


def test_an_enrolment_string_is_shown_once(page: Page, picture: TakePicture) -> None:
    page.goto("/enrolment")
    page.get_by_label("Name of the site").fill("Airport lounge")
    page.get_by_label("Address of this server").fill("https://mps.example.com")
    page.get_by_role("button", name="Make the string").click()
    shown = page.locator(".enrolment-string").inner_text()
    assert shown.startswith("https://mps.example.com#enrol=")
    picture(page, "console-enrolment", document=True)
    page.goto("/enrolment")
    assert shown not in page.content()


def test_a_configuration_is_compared_and_published_and_a_refused_one_shows_why(
    page: Page, watch: Watch, picture: TakePicture
) -> None:
    watch.allowed_errors.append("422 (Unprocessable Entity)")
    page.goto("/configuration")
    page.get_by_role("link", name="Look and change for all sites").click()
    page.get_by_label("Settings (JSON)").fill('{"scan": {"read_minutes": 30}, "snmp": {"credentials": []}}')
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("alert")).to_contain_text("dca settings set snmp.credentials")
    page.get_by_label("Settings (JSON)").fill('{"scan": {"read_minutes": 30, "sweep_minutes": 720}}')
    page.get_by_role("button", name="Compare").click()
    row = page.get_by_role("row").filter(has_text="scan.read_minutes")
    expect(row).to_contain_text("not set")
    expect(row).to_contain_text("30")
    picture(page, "console-configuration", document=True)
    page.get_by_role("button", name="Sign and publish version 1").click()
    expect(page.get_by_text("signed and published")).to_be_visible()
    expect(page.get_by_text("Version 1 is in force")).to_be_visible()
    page.get_by_role("link", name="Configuration", exact=True).first.click()
    page.get_by_role("link", name="which sites").first.click()
    page.get_by_role("link", name="Riverside clinic").click()
    expect(page.get_by_text("Refused: guardrail")).to_be_visible()
    expect(page.get_by_text("10.99.0.0/16 lies outside of guardrails.networks")).to_be_visible()
    picture(page, "site-refused")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_is_accessible(
    open_page: OpenPage, fed_server: RunningServer, watch: Watch, dark: bool, picture: TakePicture
) -> None:
    watch.allowed_errors.append("404 (Not Found)")
    page = visit(open_page, fed_server, dark=dark)
    for path in every_page(page):
        page.goto(path)
        assert accessibility_faults(page) == [], path
    page.goto("/sites")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == ("dark" if dark else "light")
    if dark:
        picture(page, "console-dark", document=True)


def test_every_page_fits_a_phone(open_page: OpenPage, fed_server: RunningServer, watch: Watch, picture: TakePicture) -> None:
    watch.allowed_errors.append("404 (Not Found)")
    page = visit(open_page, fed_server, size=PHONE)
    for path in every_page(page):
        page.goto(path)
        assert not overflows(page), path
        if path.startswith("/device?"):  # the page with the most parts, laid out anew on a phone
            assert accessibility_faults(page) == []
    page.goto("/sites")
    picture(page, "console-phone", document=True)


BOXES = """row => [...row.children].map(cell => ({box: cell.getBoundingClientRect(), text: cell.innerText}))
    .filter(cell => cell.box.width && cell.box.height)
    .map(({box, text}) => ({left: box.left, right: box.right, top: box.top, bottom: box.bottom, text}))"""


@pytest.mark.parametrize(("dark", "size"), [(False, PHONE), (True, (375, 667))], ids=["light", "dark-and-narrow"])
def test_a_device_is_two_lines_on_a_phone_and_nothing_overlaps(
    open_page: OpenPage, fed_server: RunningServer, dark: bool, size: tuple[int, int], picture: TakePicture
) -> None:
    page = visit(open_page, fed_server, size=size, dark=dark)
    page.goto("/sites")
    site = page.get_by_role("link", name="Harbour office").first.get_attribute("href")
    assert site
    for path in ("/devices", site):
        page.goto(path)
        # As long as a printer may say it.
        page.locator(".device-table tbody tr").first.evaluate(
            """row => {
            row.querySelector('th a').textContent = 'W'.repeat(120);
            row.querySelector('.state').textContent = 'x y '.repeat(40);
            row.querySelectorAll('.device-fact').forEach(cell => { cell.textContent = '8'.repeat(60); }); }"""
        )
        assert not overflows(page), path
        rows = page.locator(".device-table tbody tr")
        assert rows.count() > 3
        for row in rows.all():
            cells = row.evaluate(BOXES)
            first, second = ([cell for cell in cells if (cell["top"] < cells[0]["bottom"]) is above] for above in (True, False))
            assert len(first) == 2, "its name and how it is"
            assert len(second) == 3, "three facts"
            for line in (first, second):
                ordered = sorted(line, key=lambda cell: cell["left"])
                assert all(left["right"] <= right["left"] for left, right in pairwise(ordered)), ordered
                assert ordered[0]["left"] >= 0
                assert ordered[-1]["right"] <= size[0]
            assert max(cell["bottom"] for cell in first) <= min(cell["top"] for cell in second), cells
            assert max(cell["bottom"] for cell in cells) - min(cell["top"] for cell in cells) < 64, "two lines"
        picture(page, f"console-{'devices' if path == '/devices' else 'site'}-phone{'-dark' if dark else ''}")


@pytest.mark.parametrize("size", [PHONE, None], ids=["phone", "desk"])
def test_what_is_to_be_signed_fits_and_is_accessible(
    open_page: OpenPage, tmp_path: Path, picture: TakePicture, size: tuple[int, int] | None
) -> None:
    published = Published(tmp_path).found()
    assert published.run("renew", "release").returncode == 0
    published.let_timestamp_expire(utc_now() + timedelta(hours=3))
    server = RunningServer(Config(published.data))
    try:
        page = visit(open_page, server, **({"size": size} if size else {}))
        page.goto("/sites")
        page.get_by_role("link", name="Repository Late").click()
        expect(page.get_by_text("timestamp expires in")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="2.release.json")).to_contain_text("2 more needed")
        assert not overflows(page)
        assert accessibility_faults(page) == []
        picture(page, "console-repository-phone" if size else "console-repository")
    finally:
        server.stop()


def every_page(page: Page) -> list[str]:
    """Return the paths of the pages, one site and one device among them."""
    page.goto("/devices?q=VNBRR4K1Q7")
    device = page.get_by_role("link", name="HP Color LaserJet").get_attribute("href")
    page.goto("/sites")
    site = page.get_by_role("link", name="Riverside clinic").first.get_attribute("href")
    assert device
    assert site
    pages = ["/sites", site, "/devices", device, "/enrolment", "/nowhere", "/devices?q=nothing-fits"]
    return [*pages, "/configuration", "/configuration/global", "/repository", "/jobs"]


def test_a_site_and_a_device_are_removed_after_a_question_and_kept_by_a_button(
    open_page: OpenPage, fed_server: RunningServer, picture: TakePicture
) -> None:
    site = Site(fed_server).enrol("Old mill")
    assert site.upload(batch(reading("serial:ACME:77"))).status == 200
    for name, options in (("desk", {}), ("phone", {"size": PHONE})):
        page = visit(open_page, fed_server, **options)
        page.on("dialog", lambda dialog: dialog.accept())
        for path, thing in ((f"/sites/{site.site_id}", "site"), (f"/device?site={site.site_id}&key=serial:ACME:77", "device")):
            page.goto(path)
            page.get_by_role("button", name=f"Remove the {thing}").click()
            notice = page.locator(".notice-bad", has_text=f"This {thing} will be removed")
            expect(notice).to_be_visible()
            picture(page, f"console-removal-{thing}-{name}")
            assert not overflows(page)
            assert accessibility_faults(page) == []
            page.get_by_role("button", name=f"Keep the {thing}").click()
            expect(notice).to_have_count(0)
