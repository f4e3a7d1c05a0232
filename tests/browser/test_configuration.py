"""Signed configuration in a real browser, on a real appliance that has received two of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.settings.store import SettingsStore
from tests.browser.conftest import PHONE, OpenPage, TakePicture, accessibility_faults, overflows
from tests.browser.test_webui import PASSWORD, Appliance, start_appliance
from tests.webui.received import SIGNED_BY, receive, refuse

pytestmark = [pytest.mark.browser]


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    """Return the settings of a site that has kept version 3 of the hosting team's configuration, and then version 4."""
    (tmp_path / "data").mkdir()
    store = SettingsStore(tmp_path / "data" / "settings.json", {})
    receive(store)
    return store


@pytest.fixture
def configured(tmp_path: Path, store: SettingsStore) -> Iterator[Appliance]:
    """Yield the appliance of that site."""
    assert store.received().in_force
    appliance = start_appliance(tmp_path, DCA_ADMIN_PASSWORD=PASSWORD, DCA_SITE_NAME="Town hall")
    yield appliance
    appliance.child.stop()


def open_health(appliance: Appliance, page: Page) -> None:
    appliance.login(page)
    page.goto(f"{appliance.address}/health")


def test_what_was_received_is_shown_and_one_goes_back_after_a_question(
    configured: Appliance, store: SettingsStore, open_page: OpenPage, picture: TakePicture
) -> None:
    page = open_page()
    open_health(configured, page)
    region = page.locator("#configuration")
    expect(region).to_contain_text("In force")
    expect(region.get_by_role("row").filter(has_text="For this site")).to_contain_text("10.1.0.0/24")
    expect(region).to_contain_text(SIGNED_BY)
    assert accessibility_faults(page) == []
    picture(page, "webui-configuration", document=True, part="#configuration")

    questions: list[str] = []

    def refuse_to(dialog: object) -> None:
        questions.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.once("dialog", refuse_to)
    region.get_by_role("button", name="Go back").click()
    [question] = questions
    assert "config/global/all.json 3" in question
    assert store.effective().settings.scan.read_minutes == 45

    page.once("dialog", lambda dialog: dialog.accept())
    region.get_by_role("button", name="Go back").click()
    expect(region).to_contain_text("Held by you")
    expect(region.locator("#configuration-received")).to_contain_text("Gone back by hand")
    assert store.effective().settings.scan.read_minutes == 30
    page.goto(f"{configured.address}/scanning")
    expect(page.get_by_text("Set by the hosting server, for all sites")).to_be_visible()


def test_the_page_follows_by_itself_what_becomes_of_a_configuration(
    configured: Appliance, store: SettingsStore, open_page: OpenPage
) -> None:
    page = open_page()
    open_health(configured, page)
    region = page.locator("#configuration")
    expect(region).to_contain_text("In force")
    refuse(store)
    expect(region).to_contain_text("The newest was refused", timeout=15_000)
    expect(region.locator("#configuration-received")).to_contain_text("10.9.0.0/24 lies outside")


def test_on_a_phone_nothing_is_wider_than_the_window(
    configured: Appliance, store: SettingsStore, open_page: OpenPage, picture: TakePicture
) -> None:
    refuse(store)
    page = open_page(size=PHONE)
    open_health(configured, page)
    expect(page.locator("#configuration")).to_contain_text("For the group schools")
    assert not overflows(page)
    picture(page, "configuration-phone", part="#configuration")
    page.goto(f"{configured.address}/settings#guardrails")
    expect(page.get_by_label("The only networks that may be scanned")).to_be_visible()
    assert not overflows(page)
    assert accessibility_faults(page) == []


def test_it_works_without_scripts(configured: Appliance, store: SettingsStore, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    open_health(configured, page)
    page.locator("#configuration").get_by_role("button", name="Go back").click()
    expect(page.locator("#configuration")).to_contain_text("Held by you")
    assert store.received().state == "held"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the support bundle").click()
    assert download.value.suggested_filename.startswith("dca-support-")
