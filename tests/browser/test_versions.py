"""New versions in a real browser, on a real appliance: asked for, followed, and a page that outlives the restart."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from appliance.common.files import write_atomic
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.settings.store import SettingsStore
from tests.browser.conftest import PHONE, OpenPage, TakePicture, Watch, accessibility_faults, overflows
from tests.browser.test_webui import PASSWORD, Appliance
from tests.children import Child, wait_until
from tests.ports import free_port
from tests.updater.offering import NEXT, Offering
from updater.records import denied
from updater.records.history import Result, add

pytestmark = [pytest.mark.browser]

RUNNER = Path(__file__).with_name("run_appliance.py")
INSTALLER = Path(__file__).parent.parent / "updater" / "installer.py"
MOMENT = "2026-11-25T10:00:00Z"
AWAY = (
    "Failed to fetch",
    "ERR_CONNECTION_REFUSED",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONNECTION_RESET",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)


class Updated:
    """An appliance to which a version is offered."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(data=folder / "data", run=folder / "run")
        self.paths.prepare()
        self.store = SettingsStore(self.paths.settings, {})
        self.offering = Offering(self.paths, self.store)
        self.plan = folder / "plan.json"
        found = json.dumps({"state": "possible", "text": "It can replace the container dca.", "api_version": "1.50"})
        installer = [sys.executable, str(INSTALLER), str(self.paths.data), "install"]
        self.plan.write_text(json.dumps({"engine": ["echo", found], "install": installer}))
        self.port = free_port()
        self.child: Child | None = None

    def start(self) -> Appliance:
        self.child = Child(
            ["python", "-P", str(RUNNER), str(self.plan)],
            environment={
                "DCA_DATA_DIR": str(self.paths.data),
                "DCA_RUN_DIR": str(self.paths.run),
                "DCA_WEB_PORT": str(self.port),
                "DCA_WEB_BIND": "127.0.0.1",
                "DCA_ADMIN_PASSWORD": PASSWORD,
                "DCA_SITE_NAME": "Town hall",
            },
        )
        self.child.wait_for("The appliance is ready")
        return Appliance(self.child, self.port)

    def stop(self) -> None:
        if self.child:
            self.child.stop()


@pytest.fixture
def updated(tmp_path: Path) -> Iterator[Updated]:
    made = Updated(tmp_path)
    made.store.change_site({"update": {"level": "notify"}})
    made.offering.offer()
    yield made
    made.stop()


def row(outcome: str, to_version: str, text: str, log: str = "") -> Result:
    return Result(
        "cd" * 6, "0.0.9", to_version, MOMENT, MOMENT, 31.0, outcome, "", text, "admin", log, 6.4  # type: ignore[arg-type]
    )  # fmt: skip


def open_versions(appliance: Appliance, page: Page) -> None:
    appliance.login(page)
    page.goto(f"{appliance.address}/health#versions")


def test_a_page_outlives_the_update_it_has_begun_and_shows_how_it_went(
    updated: Updated, open_page: OpenPage, picture: TakePicture, watch: Watch
) -> None:
    (updated.paths.data / "busy").touch()
    appliance, page = updated.start(), open_page()
    open_versions(appliance, page)
    region = page.locator("#versions")
    expect(region).to_contain_text("It waits for somebody to install it", timeout=15_000)
    expect(region).to_contain_text(f"What is new in {NEXT}")
    expect(region.get_by_role("button", name="Install now")).to_be_visible(timeout=15_000)
    assert accessibility_faults(page) == []
    picture(page, "webui-versions", document=True, part="#versions")

    questions: list[str] = []

    def answer(dialog: object) -> None:
        questions.append(dialog.message)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    page.once("dialog", answer)
    region.get_by_role("button", name="Install now").click()
    assert f"Install version {NEXT} now?" in questions[0]
    expect(region).to_contain_text("The page will be away for some seconds", timeout=15_000)
    updated.offering.progress("downloading", 40)
    expect(region).to_contain_text("Downloading, 40 %", timeout=15_000)
    assert accessibility_faults(page) == []

    watch.allowed_errors += AWAY
    updated.offering.transaction("switching")
    updated.stop()
    expect(page.get_by_text("This page comes back by itself as soon as it answers again")).to_be_visible(timeout=15_000)
    (updated.paths.data / "busy").unlink()
    updated.offering.progress("gate", None)
    updated.start()
    expect(page.get_by_role("heading", name="Health and updates")).to_be_visible(timeout=20_000)
    expect(region).to_contain_text("Watching the new version", timeout=20_000)
    add(updated.paths.update, row("installed", installed_version(), "The new version is installed."))
    updated.offering.transaction("done")
    expect(region.locator("#versions-read")).to_contain_text("The new version is installed.", timeout=20_000)
    expect(region).to_contain_text("6.4 s without the web UI")
    # The engine is asked anew after the start.
    expect(region.get_by_role("button", name="Roll back to 0.0.9")).to_be_visible(timeout=20_000)
    runs = (updated.paths.data / "runs").read_text()
    assert f"install --by admin --version {NEXT}\n" in runs


def test_a_version_that_was_taken_back_is_shown_with_its_log_and_allowed_again(
    updated: Updated, open_page: OpenPage, picture: TakePicture
) -> None:
    add(updated.paths.update, row("rolled_back", NEXT, "It was not healthy within 180 s.", "Traceback (most recent call last)"))
    denied.add(updated.paths.update, denied.Denied("sha256:" + "a" * 64, NEXT, 2, MOMENT, "unhealthy"))
    appliance, page = updated.start(), open_page(size=PHONE)
    open_versions(appliance, page)
    region = page.locator("#versions")
    expect(region).to_contain_text("It was tried here and taken back", timeout=15_000)
    region.get_by_text("The last lines of its log").click()
    expect(region.get_by_text("Traceback (most recent call last)")).to_be_visible()
    assert not overflows(page)
    assert accessibility_faults(page) == []
    picture(page, "versions-phone", part="#versions")
    region.get_by_role("button", name="Allow it again").click()
    expect(region).to_contain_text("It waits for somebody to install it", timeout=15_000)
    assert denied.read(updated.paths.update) == ()


def test_window_hold_and_a_bundle_are_set_and_sent_from_the_page(
    updated: Updated, open_page: OpenPage, tmp_path: Path, watch: Watch
) -> None:
    appliance, page = updated.start(), open_page()
    open_versions(appliance, page)
    page.get_by_label("Window").fill("at night")
    page.locator("#versions").get_by_role("button", name="Keep").click()
    expect(page.locator("#versions")).to_contain_text("is no window")
    watch.allowed_errors.append("422")
    watch.errors.clear()
    page.get_by_label("Window").fill("22:00-05:00")
    page.get_by_label("Hold until").fill("2030-12-24")
    page.locator("#versions").get_by_role("button", name="Keep").click()
    expect(page.locator("#versions-now")).to_contain_text("2030-12-24")
    assert str(updated.store.effective().settings.update.hold_until) == "2030-12-24"

    file = tmp_path / "bundle.tar"
    file.write_bytes(b"b" * 3_000_000)
    page.get_by_label("Bundle of the hosting team").set_input_files(file)
    page.get_by_label("Also when its signatures have expired").check()
    page.get_by_role("button", name="Upload and install").click()
    expect(page.get_by_text("The bundle was taken.")).to_be_visible(timeout=15_000)
    assert updated.paths.bundle.read_bytes() == file.read_bytes()
    runs = updated.paths.data / "runs"
    wait_until("the installer runs", lambda: runs.exists() and "--bundle" in runs.read_text())
    assert runs.read_text() == f"install --by admin --bundle {updated.paths.bundle} --allow-expired\n"


def test_a_bundle_for_which_there_is_no_room_is_refused_by_the_page(updated: Updated, open_page: OpenPage, tmp_path: Path) -> None:
    appliance, page = updated.start(), open_page()
    open_versions(appliance, page)
    file = tmp_path / "bundle.tar"
    file.write_bytes(b"b" * 1000)
    page.locator("form[data-upload]").evaluate("form => { form.dataset.uploadLargest = '10'; }")
    page.get_by_label("Bundle of the hosting team").set_input_files(file)
    page.get_by_role("button", name="Upload and install").click()
    expect(page.get_by_text("larger than the room that is left")).to_be_visible()
    assert not updated.paths.bundle.exists()


def test_it_works_without_scripts(updated: Updated, open_page: OpenPage) -> None:
    appliance, page = updated.start(), open_page(java_script_enabled=False)
    open_versions(appliance, page)
    page.goto(f"{appliance.address}/health")
    wait_until("the engine was asked", lambda: page.reload() and page.get_by_role("button", name="Install now").count())
    page.get_by_role("button", name="Install now").click()
    expect(page.get_by_text("It is being installed.")).to_be_visible()
    assert installed_version() in page.locator("#versions-now").inner_text()
    write_atomic(updated.paths.data / "answer", b"{}")
