"""Releases in the console, in a real browser: a person offers one, sees how far the sites are, and why one failed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from appliance.common.clock import utc_now
from hosting.config import Config
from hosting.configuration.publication import Publishing
from hosting.db import accounts
from hosting.db.tables import site_update
from hosting.releases.rollout import Wish
from tests.browser.conftest import PHONE, OpenPage, TakePicture, Watch, accessibility_faults, overflows
from tests.hosting import fleet
from tests.hosting.db.test_updates import update
from tests.hosting.releases.published import offer, publish_releases
from tests.hosting.repository.published import Published
from tests.hosting.running import RunningServer
from tests.hosting.site import Site

pytestmark = [pytest.mark.browser]

LOG = "loading the settings\nopening readings.db\nthe web interface did not answer within 180 seconds"
NOTES = "Reads supplies of more models.\nScans that were cut short go on where they were."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Yield a server that offers 0.2.0, to which 24 of 28 sites have moved within a day; 0.3.0 is signed."""
    published = Published(tmp_path_factory.mktemp("hosting")).found()
    server = RunningServer(Config(published.data))
    publish_releases(published.repository, published.keys, "0.1.0", "0.2.0", notes=NOTES)
    offer(Publishing(server.config, server.database), Wish(version="0.2.0", percent=60))
    publish_releases(published.repository, published.keys, "0.3.0", notes="Updates itself.")
    for number in range(28):
        site = Site(server).enrol(f"Depot {number:02}", root_sha256=server.root_sha256())
        site.send("/api/v1/checkin", {"version": "0.2.0" if number < 24 else "0.1.0", "state": state(number)})
        age(server, site, timedelta(minutes=55 * (28 - number)))
    yield server
    server.stop()


def age(server: RunningServer, site: Site, by: timedelta) -> None:
    """Let what the site said of its update lie back."""
    this, at = site_update.c.site_id == site.site_id, utc_now() - by
    server.write(lambda connection: connection.execute(sa.update(site_update).where(this).values(told_at=at, started_at=at)))


def state(number: int) -> dict[str, Any]:
    said: dict[int, dict[str, Any]] = {
        24: {"execution": "scheduled", "result": "none", "transaction": "", "waits": ["window"]},
        25: {"execution": "scheduled", "result": "none", "transaction": "", "waits": ["cohort"]},
        26: {"execution": "proceeding", "result": "none"},
        27: {"result": "failure", "reason": "never_ready", "text": "The version before was put back.", "log": LOG},
    }
    image = update(**({"transaction": f"{number:012x}"} | said.get(number, {})))
    told = fleet.state("Harbour office")
    return told | {"update": {"level": "auto", "channel": "stable", "rollout": "none", "image": image}}


def visit(open_page: OpenPage, server: RunningServer, **options: Any) -> Page:
    secret = server.write(lambda connection: accounts.start_session(connection, "admin", "127.0.0.1"))
    page = open_page(base_url=server.url, **options)
    page.context.add_cookies([{"name": "dca_hosting_session", "value": secret, "url": server.url}])
    return page


def test_a_person_sees_how_far_the_sites_are_and_why_one_failed(
    open_page: OpenPage, server: RunningServer, picture: TakePicture
) -> None:
    page = visit(open_page, server)
    page.goto("/releases")
    expect(page.get_by_role("group", name="Sites and version 0.2.0")).to_contain_text("24")
    expect(page.get_by_text("not among the first yet: 1 site").first).to_be_visible()
    expect(page.get_by_role("img", name="Sites that moved to 0.2.0")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1400})
    picture(page, "console-releases", document=True)
    page.get_by_text("0.2.0: notes, images, where it failed").click()
    expect(page.get_by_text("Scans that were cut short go on").first).to_be_visible()
    page.get_by_role("link", name="Depot 27").click()
    page.get_by_text("Log of the update to 0.2.0").click()
    expect(page.get_by_text("did not answer within 180 seconds")).to_be_visible()


def test_a_person_offers_a_release_and_pauses_it(open_page: OpenPage, server: RunningServer, watch: Watch) -> None:
    watch.allowed_errors.append("422 (Unprocessable Entity)")
    page = visit(open_page, server)
    page.goto("/releases?group=first")
    page.get_by_label("Release", exact=True).select_option("0.3.0")
    page.get_by_label("Share of the sites").fill("20")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("row").filter(has_text="group first")).to_contain_text("0.3.0 to 20 %")
    page.get_by_role("button", name="Sign and publish").click()
    expect(page.get_by_text("is signed and published")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Sign and publish").click()
    expect(page.get_by_text("0.3.0 to 20 %, paused.")).to_be_visible()
    page.get_by_role("button", name="Offer what others are offered").click()
    page.get_by_role("button", name="Sign and publish").click()
    expect(page.get_by_text("they are offered what others are")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, None], ids=["phone", "desk"])
def test_the_pages_fit_and_are_accessible(
    open_page: OpenPage, server: RunningServer, picture: TakePicture, size: tuple[int, int] | None, dark: bool
) -> None:
    page = visit(open_page, server, dark=dark, **({"size": size} if size else {}))
    page.goto("/sites?q=Depot+27")
    site = page.get_by_role("link", name="Depot 27").first.get_attribute("href")
    assert site
    for path in ("/releases", "/releases/stable/all", f"/releases/stable{site.replace('/sites', '/site')}", site):
        page.goto(path)
        for details in page.locator("details").all():
            details.evaluate("element => element.open = true")
        assert not overflows(page), path
        assert accessibility_faults(page) == [], path
        picture(page, f"release{path.count('/')}{'phone' if size else 'desk'}{'dark' if dark else 'light'}")
