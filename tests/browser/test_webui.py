"""The local web UI in a real browser, on a real appliance with simulated printers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE, OpenPage, TakePicture, Watch, accessibility_faults, overflows
from tests.children import Child, wait_until
from tests.conftest import ROOT
from tests.ports import free_port

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
PAGES = ("/", "/devices", "/scanning", "/health", "/settings")


class Appliance:
    """`dca run` with a web UI at `address`."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.address = f"http://127.0.0.1:{port}"

    @property
    def token(self) -> str:
        """The token of the first-run setup, from the log."""
        line = self.child.wait_for("First-run setup")
        found = re.search(r"enter this token: ([0-9a-f-]+)", line)
        assert found is not None
        return found[1]

    def login(self, page: Page) -> None:
        """Log in and stay on the overview."""
        page.goto(f"{self.address}/login")
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def start_appliance(folder: Path, **settings: str) -> Appliance:
    """Start an appliance with its data in `folder` and further settings from the environment."""
    port = free_port()
    environment = {
        "DCA_DATA_DIR": str(folder / "data"),
        "DCA_RUN_DIR": str(folder / "run"),
        "DCA_WEB_PORT": str(port),
        "DCA_WEB_BIND": "127.0.0.1",
    }
    child = Child(["python", "-P", "-m", "updater"], environment=environment | settings)
    try:
        child.wait_for("The appliance is ready")
    except BaseException:
        child.stop()
        raise
    return Appliance(child, port)


@dataclass(frozen=True, slots=True)
class Printers:
    """The printers of the simulator."""

    port: int
    addresses: tuple[str, ...]

    @property
    def span(self) -> str:
        """All addresses as one range."""
        return f"{self.addresses[0]}-{self.addresses[-1]}"


@pytest.fixture(scope="module")
def printers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Printers]:
    """Yield the 13 printers of the demo, simulated."""
    ready = tmp_path_factory.mktemp("simulator") / "ready.json"
    child = Child(["python", "-m", "simulator", "serve", "--port", "0", "--ready-file", ready], folder=ROOT)
    wait_until("the simulator answers", lambda: ready.exists() or not child.running)
    told = json.loads(ready.read_text())
    yield Printers(told["port"], tuple(told["addresses"]))
    child.stop()


@pytest.fixture(scope="module")
def scanned(printers: Printers, tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Appliance]:
    """Yield an appliance that knows the printers of the simulator."""
    appliance = start_appliance(
        tmp_path_factory.mktemp("scanned"),
        DCA_SNMP_PORT=str(printers.port),
        DCA_ADMIN_PASSWORD=PASSWORD,
        DCA_SITE_NAME="Town hall",
    )
    page = chromium.new_page()
    appliance.login(page)
    page.goto(f"{appliance.address}/scanning")
    page.get_by_label("Scan these").fill(printers.span)
    page.get_by_role("button", name="Keep the ranges").click()
    expect(page.get_by_text("The ranges are kept.")).to_be_visible()
    start = page.get_by_role("button", name="Scan now")
    if start.is_enabled():  # else the appliance began by itself
        start.click()
    expect(page.locator("#scan .state", has_text="Done")).to_be_visible(timeout=30_000)
    page.close()
    yield appliance
    appliance.child.stop()


@pytest.fixture
def new_appliance(printers: Printers, tmp_path: Path) -> Iterator[Appliance]:
    """Yield an appliance that nobody has set up."""
    appliance = start_appliance(tmp_path, DCA_SNMP_PORT=str(printers.port))
    yield appliance
    appliance.child.stop()


def test_an_appliance_is_set_up_and_watched_at_its_first_scan(
    new_appliance: Appliance, printers: Printers, open_page: OpenPage, watch: Watch, picture: TakePicture
) -> None:
    appliance = new_appliance
    watch.allowed_errors.append("422")  # a form sent back with what is wrong with it
    page = open_page()
    page.goto(appliance.address)

    page.get_by_label("Token from the log").fill("00000000")
    page.get_by_label("Password for admin").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_label("Name of the site").fill("Town hall")
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("This is not the token of the last start.")).to_be_visible()
    assert accessibility_faults(page) == []
    page.get_by_label("Token from the log").fill(appliance.token)
    page.get_by_label("Password for admin").fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    picture(page, "webui-setup", document=True)
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Locations").select_option("mask")
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Go on").click()

    page.get_by_role("button", name="Later").click()

    page.get_by_label("Scan these").fill("127.0.42.300")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("'127.0.42.300' is no range of addresses")).to_be_visible()
    assert accessibility_faults(page) == []
    page.get_by_label("Scan these").fill("127.0.42.0/24")
    page.get_by_label("But never contact these").fill("127.0.42.250-254")
    page.get_by_role("button", name="Go on").click()

    page.get_by_label("Restart what fails").uncheck()
    page.get_by_label("Settings, and tell about new versions").check()
    assert accessibility_faults(page) == []
    page.get_by_role("button", name="Go on").click()

    region = page.locator("#scan")
    page.get_by_role("button", name="Start the first scan").click()
    asked = region.locator("dd").first
    first = asked.text_content()
    expect(asked).not_to_have_text(first or "", timeout=10_000)
    assert accessibility_faults(page) == []
    picture(page, "webui-first-scan", document=True)
    page.get_by_role("link", name="Show the devices").click()

    expect(page.locator("#devices tbody tr")).to_have_count(len(printers.addresses))
    page.get_by_role("link", name="Health and updates").click()
    expect(page.get_by_label("Restart what fails")).not_to_be_checked()
    expect(page.get_by_label("Settings, and tell about new versions")).to_be_checked()
    page.get_by_label("Restart what fails").check()
    page.get_by_role("button", name="Keep the switches").click()
    expect(page.get_by_text("The switches are kept.")).to_be_visible()
    expect(page.get_by_label("Restart what fails")).to_be_checked()


def test_the_pages_of_a_site_at_work(scanned: Appliance, printers: Printers, open_page: OpenPage, picture: TakePicture) -> None:
    page = open_page()
    scanned.login(page)
    expect(page.locator(".figure", has_text="Devices").locator(".figure-value")).to_have_text(str(len(printers.addresses)))
    picture(page, "webui-overview", document=True)
    page.goto(f"{scanned.address}/devices?sort=address")
    picture(page, "webui-devices", document=True)
    page.locator("#devices tbody tr", has_text=printers.addresses[0]).first.get_by_role("link").click()
    picture(page, "webui-device", document=True)
    for name, path in (("scanning", "/scanning"), ("health", "/health"), ("settings", "/settings")):
        page.goto(f"{scanned.address}{path}")
        picture(page, f"webui-{name}", document=True)
    page.goto(f"{scanned.address}/scanning")
    expect(page.locator("#load")).to_contain_text("Your site")
    picture(page, "webui-network-load", document=True, part="#load")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_no_page_keeps_anybody_out(
    scanned: Appliance, open_page: OpenPage, picture: TakePicture, size: tuple[int, int], dark: bool
) -> None:
    page = open_page(size=size, dark=dark)
    page.goto(f"{scanned.address}/login")
    assert accessibility_faults(page) == []
    scanned.login(page)
    device = page.goto(f"{scanned.address}/devices")
    assert device is not None
    first = page.locator("#devices tbody a").first.get_attribute("href")
    for path in (*PAGES, first or "", "/setup/privacy", "/setup/hosting", "/setup/devices", "/setup/care", "/setup/scan"):
        page.goto(f"{scanned.address}{path}")
        shown = "device" if path == first else path.strip("/").replace("/", "-") or "overview"
        picture(page, f"every-{'dark' if dark else 'light'}-{size[0]}-{shown}")
        assert accessibility_faults(page) == []
        assert not overflows(page), path


def test_the_list_is_filtered_while_one_types_and_the_address_follows(
    scanned: Appliance, printers: Printers, open_page: OpenPage
) -> None:
    page = open_page()
    scanned.login(page)
    page.goto(f"{scanned.address}/devices")
    rows = page.locator("#devices tbody tr")
    expect(rows).to_have_count(len(printers.addresses))
    page.get_by_label("Search").press_sequentially(printers.addresses[2])
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(rf"q={re.escape(printers.addresses[2])}"))
    page.reload()
    expect(rows).to_have_count(1)


def test_the_theme_is_switched_by_hand_and_stays(scanned: Appliance, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(f"{scanned.address}/login")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Theme").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 27)"


def test_everything_can_be_set_without_scripts(scanned: Appliance, printers: Printers, open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    scanned.login(page)
    page.goto(f"{scanned.address}/scanning")
    page.get_by_label("But never contact these").fill(printers.addresses[0])
    page.get_by_role("button", name="Keep the ranges").click()
    expect(page.get_by_text("The ranges are kept.")).to_be_visible()
    page.goto(f"{scanned.address}/devices")
    page.get_by_label("Search").fill(printers.addresses[2])
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#devices tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_component_is_restarted_after_a_question(scanned: Appliance, open_page: OpenPage) -> None:
    page = open_page()
    scanned.login(page)
    page.goto(f"{scanned.address}/health")
    questions: list[str] = []

    def refuse(dialog: object) -> None:
        questions.append(dialog.message)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.once("dialog", refuse)
    page.get_by_role("button", name="Restart collector").click()
    assert questions == ["Restart this component? (collector)"]
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Restart collector").click()
    expect(page.get_by_text("Collector is being restarted.")).to_be_visible()
    scanned.child.wait_for("A component is restarted, because somebody asked for it.")
