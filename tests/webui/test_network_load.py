"""The network load on the page Scanning: never a number nobody measured, and bars that add up."""

from datetime import date

from appliance.common.network.traffic import Traffic, TrafficByPurpose, UnitCost
from appliance.report.network_load import table
from appliance.store.store import Store
from appliance.store.traffic_report import Day
from tests.webui.conftest import RunningWebUi
from webui.network_load import days_chart, load_lines


def day(text: str, **spent: int) -> Day:
    return Day(text, {purpose: Traffic(1, 1, bytes_, 0) for purpose, bytes_ in spent.items()})


def test_bars_stand_beside_a_web_page() -> None:
    units = {
        name: UnitCost(1, bytes_) for name, bytes_ in {"blank_address": 56, "answering_address": 230, "first_read": 2514}.items()
    }
    lines = {line.row.name: (line.width, line.share) for line in load_lines(table(units, printers=2000, addresses=4000))}
    assert lines["web_page"] == (100.0, "")
    assert lines["printer"] == (0.4, "1/990")
    assert lines["network_of_13"][0] > 1.5
    assert lines["this_site"] == (100.0, "2.1 times")
    unmeasured = {line.row.name: (line.width, line.share) for line in load_lines(table({}, printers=1, addresses=1))}
    assert unmeasured["this_site"] == (0.0, "")


def test_the_bar_of_a_day_is_stacked_from_below_and_days_without_traffic_stay_empty() -> None:
    chart = days_chart([day("2026-11-25", sweep=100, poll=300), day("2026-11-23", read=200)])
    assert chart is not None
    assert chart.purposes == ("sweep", "poll", "read")
    assert (chart.highest, len(chart.bars)) == (400, 14)
    newest = chart.bars[-1]
    assert (newest.day, newest.bytes) == (date(2026, 11, 25), 400)
    assert [(part.purpose, part.top, part.height) for part in newest.segments] == [("sweep", 75.0, 25.0), ("poll", 0.0, 75.0)]
    assert chart.bars[-2].segments == ()
    assert [(part.top, part.height) for part in chart.bars[-3].segments] == [(50.0, 50.0)]
    assert newest.left + newest.width <= 100


def test_without_traffic_there_is_no_chart() -> None:
    assert days_chart([]) is None
    assert days_chart([day("2026-11-25", poll=0)]) is None


def test_the_page_says_what_was_not_measured_yet_and_what_is_expected(webui: RunningWebUi) -> None:
    page = webui.admin().get("/scanning").text
    assert "not measured yet" in page
    assert "expected: 3.3 kB" in page
    assert "Traffic by day" not in page
    assert "Your site" not in page


def test_the_page_names_reads_that_a_former_version_counted(webui: RunningWebUi) -> None:
    with Store(webui.paths.readings) as store:
        traffic = TrafficByPurpose()
        traffic.of("poll").add(Traffic(1, 1, 5000, 7000))
        store.add_traffic(traffic)
        with store._writing() as connection:
            connection.execute("INSERT INTO traffic VALUES ('2026-11-01', 'read', 1, 2, 3000, 4000)")
    page = webui.admin().get("/scanning").text
    assert "Reads before this version" in page
    assert "12.0 kB in the last 24 hours" in page
    assert "load-read" in page
