"""The network load on the page Scanning, in a real browser: a table beside a web page, and a bar a day."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from appliance.common.clock import utc_now
from appliance.common.network.traffic import Purpose, Traffic, TrafficByPurpose, Unit, UnitCost
from appliance.common.paths import Paths
from appliance.store.store import Store
from appliance.store.traffic_report import SWEPT_ADDRESSES
from tests.appliance.store.samples import sample
from tests.browser.conftest import PHONE, OpenPage, TakePicture, accessibility_faults, overflows
from tests.browser.test_webui import PASSWORD, Appliance, start_appliance

pytestmark = [pytest.mark.browser]

DAYS = 21
PRINTERS = 13
UNITS: dict[Unit, UnitCost] = {
    "blank_address": UnitCost(241, 241 * 56),
    "answering_address": UnitCost(13, 13 * 230),
    "first_read": UnitCost(13, 13 * 2514),
    "poll": UnitCost(13 * 24, 13 * 24 * 620),
}


def fill(store: Store) -> None:
    """Put a site of 13 printers at work into the store: three weeks, one day of them away."""
    store.keep([sample(number) for number in range(1, PRINTERS + 1)])
    store.remember(SWEPT_ADDRESSES, "254")
    for age in range(DAYS):
        if age == 9:
            continue
        spent: dict[Purpose, int] = {"sweep": 17_000, "poll": 150_000 + age % 5 * 12_000, "upload": 60_000, "check_in": 90_000}
        if age == DAYS - 1:
            spent |= {"first_read": 33_000, "silent": 21_000, "http": 52_000}
        traffic = TrafficByPurpose()
        for purpose, bytes_ in spent.items():
            traffic.of(purpose).add(Traffic(bytes_ // 150, bytes_ // 150, bytes_ // 2, bytes_ - bytes_ // 2))
        store.add_traffic(traffic, UNITS, utc_now() - timedelta(days=age))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """Yield an appliance that has been at work for three weeks."""
    folder = tmp_path_factory.mktemp("load")
    paths = Paths(data=folder / "data", run=folder / "run")
    paths.prepare()
    with Store(paths.readings) as store:
        fill(store)
    appliance = start_appliance(folder, DCA_ADMIN_PASSWORD=PASSWORD, DCA_SITE_NAME="Town hall")
    yield appliance
    appliance.child.stop()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), PHONE], ids=["desktop", "phone"])
def test_the_load_is_shown_beside_a_web_page_and_by_day(
    site: Appliance, open_page: OpenPage, picture: TakePicture, size: tuple[int, int], dark: bool
) -> None:
    page = open_page(size=size, dark=dark)
    site.login(page)
    page.goto(f"{site.address}/scanning")
    load = page.locator("#load")
    expect(load.locator("tbody").first.get_by_role("row")).to_have_count(6)
    expect(load.get_by_role("row", name="A blank address")).to_contain_text("56 B")
    expect(load.get_by_role("row", name="One printer in a subnet")).to_contain_text("16.9 kB")
    expect(load.get_by_role("row", name="Your site")).to_contain_text("13 printers, 254 addresses")
    widths = load.locator(".load-bar rect").evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert widths[0] > 200
    assert widths[0] > 20 * max(widths[1:]) > 0
    bars = load.locator(".day-bars")
    assert bars.locator("rect").count() == (DAYS - 1) * 4 + 3
    heights = bars.evaluate("svg => [...svg.querySelectorAll('rect')].map(bar => bar.getBoundingClientRect().height)")
    assert sum(heights) > 100
    fills = bars.locator("rect").evaluate_all("all => new Set(all.map(bar => getComputedStyle(bar).fill)).size")
    assert fills == 7, "each purpose has a colour of its own"
    load.screenshot(path=picture(page, f"load-{'dark' if dark else 'light'}-{size[0]}"), animations="disabled")
    load.get_by_text("Traffic by day as a table").click()
    expect(load.locator("details tbody tr")).to_have_count(DAYS - 1)
    assert accessibility_faults(page) == []
    assert not overflows(page)
