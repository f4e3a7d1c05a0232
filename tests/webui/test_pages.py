"""What the pages show and change: overview, devices, scanning, health and updates, settings."""

import html
import http.client
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance import report
from appliance.common.clock import utc_now
from appliance.common.message import Message
from appliance.report.supply_level import supply_view
from appliance.settings.model import Guardrails
from appliance.store.store import Store
from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.standins import collector_status, scan_state, supervisor_status

TEMPLATES = [Path(__file__).parents[2] / room / "templates" for room in ("web", "webui", "hosting/console")]


def reading(number: int, **changes: Any) -> report.Reading:
    """Return a reading of printer `number`."""
    body: dict[str, Any] = {
        "taken_at": utc_now() - timedelta(minutes=5),
        "device": {
            "key": f"serial:ACME/{number}",
            "ip": f"10.0.0.{number}",
            "manufacturer": "Acme",
            "model": f"Laser {number}",
            "serial": f"SN{number:04}",
            "location": "Lobby",
            "color": True,
        },
        "status": {"printer": "idle", "device": "running", "console": ["Ready"]},
        "meters": {"total": {"value": 1000 * number, "unit": "impressions", "source": "prtMarkerLifeCount.1.1"}},
        "supplies": [
            {
                "index": "1.1",
                "type": "toner",
                "class": "supplyThatIsConsumed",
                "color": "black",
                "description": "Black Toner",
                "level": 60,
                "capacity": 100,
                "percent": 60,
                "state": "ok",
                "source": "prtMarkerSuppliesTable",
            }
        ],
        "reasons": {"device.asset_number": "not reported"},
    }
    for section, values in changes.items():
        body[section] = body[section] | values if isinstance(values, dict) and isinstance(body.get(section), dict) else values
    return report.Reading.model_validate(body)


def supply(percent: float | None, state: str = "ok", **changes: Any) -> dict[str, Any]:
    """Return one supply of a reading."""
    return {
        "index": "1.1",
        "type": "toner",
        "class": "supplyThatIsConsumed",
        "color": "black",
        "description": "Black Toner",
        "percent": percent,
        "state": state,
        "source": "prtMarkerSuppliesTable",
    } | changes


def keep(webui: RunningWebUi, *readings: report.Reading) -> None:
    """Write readings as the collector does."""
    with Store(webui.paths.readings) as store:
        store.keep(readings, {one.device.key: {"version": "2c", "port": 161, "credential": "default"} for one in readings})


def test_the_bars_of_a_list_say_what_they_are_of(webui: RunningWebUi) -> None:
    drum = supply(40, type="opc", description="Black Drum", index="1.3")
    waste = supply(80, type="wasteToner", description="Waste", index="1.4")
    keep(webui, reading(1, supplies=[drum, supply(60), waste, supply(50, color="cyan", description="Cyan Toner", index="1.2")]))

    page = webui.admin().get("/devices").text

    assert re.findall(r'class="supply-letter" aria-hidden="true">(\w*)<', page) == ["K", "C", "D"]
    assert re.findall(r"<title>(.*?)</title>", page)[1:] == ["Black Toner: 60 %", "Cyan Toner: 50 %", "Black Drum: 40 %"]


def test_templates_never_write_anything_unescaped() -> None:
    files = [file for folder in TEMPLATES for file in folder.rglob("*.html")]
    assert len(files) > 15
    for file in files:
        text = file.read_text()
        assert not re.search(r"{%\s*(raw|autoescape|apply)\b", text), file
        assert not re.search(r"\son[a-z]+=|\sstyle=|<script(?![^>]*src=)|javascript:|hx-on|hx-vals=.js:", text), file


def test_what_a_device_says_is_text_and_never_markup(webui: RunningWebUi) -> None:
    evil = '"><script>alert(1)</script>'
    keep(
        webui,
        reading(1, device={"model": evil, "location": evil}, status={"console": [evil]}, supplies=[supply(5, description=evil)]),
    )
    admin = webui.admin()
    for path in ("/", "/devices", "/devices/serial:ACME%2F1"):
        answer = admin.get(path)
        assert answer.status == 200
        assert "<script>alert" not in answer.text
        assert evil in answer.shown.replace("&gt;", ">") or path == "/"


def test_the_overview_tells_an_empty_site_what_to_do(webui: RunningWebUi) -> None:
    answer = webui.admin().get("/")
    assert "Nothing is scanned yet" in answer.shown
    assert "/scanning" in answer.links


def test_the_overview_shows_devices_supplies_problems_and_components(webui: RunningWebUi) -> None:
    keep(
        webui,
        reading(1),
        reading(2, status={"errors": ["jammed"]}),
        reading(3, supplies=[supply(4, "low")]),
    )
    problem = {"name": "hosting", "text": "The hosting server answers slowly.", "since": "2026-11-22T09:00:00Z"}
    webui.collector.status = collector_status(problems=[problem], outbox={"readings": 12, "oldest_at": "2026-11-22T08:00:00Z"})
    webui.supervisor.status = supervisor_status(
        issues=[
            {"check": "memory", "component": "collector", "text": "Too much memory.", "fix": "It was restarted.", "fixed": False},
            {"check": "exit", "component": "webui", "text": "Was gone.", "fix": None, "fixed": True},
        ]
    )
    shown = webui.admin().get("/").shown
    assert "Devices 3 3 answering" in shown
    assert "Need attention 2" in shown
    assert "Supplies low 1" in shown
    assert "Waiting to be sent 12" in shown
    assert "Paper jam" in shown
    assert "Black Toner Acme Laser 3 4 %" in shown
    assert "The hosting server answers slowly." in shown
    assert "Too much memory. It was restarted." in shown
    assert "Was gone." not in shown
    assert "https://hosting.example" in shown
    assert "31 MB" in shown


def test_the_overview_works_while_the_components_are_down(webui: RunningWebUi) -> None:
    admin = webui.admin()
    for component, file in ((webui.collector, webui.paths.collector_socket), (webui.supervisor, webui.paths.supervisor_socket)):
        component.close()
        file.unlink()
    answer = admin.get("/")
    assert answer.status == 200
    assert "The collector is not running" in answer.shown
    assert "The supervisor is not running" in answer.shown


def test_plain_http_to_the_hosting_server_is_a_standing_warning(webui: RunningWebUi) -> None:
    hosting = collector_status()["hosting"] | {"insecure": True, "url": "http://hosting.example"}
    webui.collector.status = collector_status(hosting=hosting)
    assert "is not protected" in webui.admin().get("/").shown


def test_a_page_that_refreshes_itself_does_not_keep_the_session_alive(webui: RunningWebUi, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = webui.admin()
    session = webui.services.sessions.list("admin")[0]
    later = utc_now() + timedelta(minutes=10)
    monkeypatch.setattr(webui.services.sessions, "_now", lambda: later)
    admin.get("/overview/now", headers={"HX-Request": "true"})
    assert webui.services.sessions.list("admin")[0].used_at == session.used_at
    admin.get("/devices")
    assert webui.services.sessions.list("admin")[0].used_at == later


def test_devices_are_found_filtered_and_sorted_by_the_address(webui: RunningWebUi) -> None:
    keep(webui, reading(3), reading(20), reading(1, device={"location": "Cellar"}, status={"errors": ["noToner"]}))
    admin = webui.admin()

    def order(query: str) -> list[str]:
        return re.findall(r">Acme (Laser \d+)</a>", admin.get(f"/devices{query}").text)

    assert order("?sort=address") == ["Laser 1", "Laser 3", "Laser 20"]
    assert order("?sort=total&order=desc") == ["Laser 20", "Laser 3", "Laser 1"]
    assert order("?sort=status")[0] == "Laser 1"
    assert order("?q=cellar") == ["Laser 1"]
    assert order("?q=sn0020") == ["Laser 20"]
    assert order("?state=attention") == ["Laser 1"]
    assert order("?state=silent") == []
    assert len(order("?sort=nonsense&page=99&state=nonsense")) == 3


def test_a_script_gets_the_table_alone(webui: RunningWebUi) -> None:
    keep(webui, reading(1))
    answer = webui.admin().get("/devices", headers={"HX-Request": "true"})
    assert "<table" in answer.text
    assert "<html" not in answer.text


def test_a_column_head_turns_the_order_round_and_keeps_the_filter(webui: RunningWebUi) -> None:
    keep(webui, reading(1))
    links = webui.admin().get("/devices?q=acme&sort=total").links
    assert "/devices?q=acme&sort=total&order=desc" in links
    assert "/devices?q=acme&sort=supply" in links


def test_a_device_shows_all_it_said_and_why_something_is_not_known(webui: RunningWebUi) -> None:
    full = reading(
        7,
        alerts=[{"severity": "warning", "group": "marker", "code": "markerTonerAlmostEmpty", "description": "Toner low"}],
        trays=[{"index": "1.1", "name": "Tray 1", "media": "A4", "capacity": 250, "level": 120, "state": "ok"}],
        supplies=[supply(8, "low", serial="CRUM-1"), supply(None, "unknown", description="Drum")],
    )
    keep(
        webui,
        reading(7, taken_at=utc_now() - timedelta(hours=1), meters={"total": full.meters["total"].model_dump() | {"value": 6900}}),
    )
    known = report.SnmpAccess(version="2c", credential="community", default=True)
    keep(webui, full.model_copy(update={"access": report.Access(snmp=known, ipp="TLSv1.2")}))
    answer = webui.admin().get("/devices/serial:ACME%2F7")
    shown = answer.shown
    assert "Read by SNMP 2c with a community that everybody knows IPP over TLSv1.2" in shown
    for words in ("Acme Laser 7", "SN0007", "Lobby", "Ready", "Toner low", "Tray 1", "A4", "CRUM-1", "prtMarkerLifeCount.1.1"):
        assert words in shown, words
    assert "Total 7 000 impressions" in shown
    assert "Drum Level not told" in shown
    assert "Asset number not reported" in shown
    assert "ago 7 000 100" in shown or "7 000 100 " in shown
    assert 'aria-label="Black Toner: 8 %"' in answer.text


def test_a_device_marks_what_no_recording_has_proven(webui: RunningWebUi) -> None:
    unproven = ["device.serial", "meters.total", "supplies.1.1", "misc.drum_pages"]
    keep(webui, reading(3, misc={"unproven": unproven, "drum_pages": 12, "fuser_pages": 13}))
    answer = webui.admin().get("/devices/serial:ACME%2F3")
    assert answer.text.count('href="#unproven"') == len(unproven)
    assert "SN0003 unproven" in answer.shown
    assert "prtMarkerLifeCount.1.1 unproven" in answer.shown
    assert "12 unproven" in answer.shown
    assert "13 unproven" not in answer.shown
    assert "no recording of a real device has proven yet" in answer.shown
    assert "meters.total" not in answer.shown, "the list itself is no value of the device"
    keep(webui, reading(4))
    assert "unproven" not in webui.admin().get("/devices/serial:ACME%2F4").text


def test_a_device_that_nobody_knows_is_not_found(webui: RunningWebUi) -> None:
    keep(webui, reading(1))
    assert webui.admin().get("/devices/serial:nobody").status == 404


@pytest.mark.parametrize(
    ("percent", "state", "changes", "value", "level"),
    [
        (60.0, "ok", {}, "60 %", "ok"),
        (0.4, "low", {}, "< 1 %", "warn"),
        (0.0, "empty", {}, "0 %", "bad"),
        (None, "some_remaining", {}, "Some left", "ok"),
        (None, "unknown", {}, "Level not told", "off"),
        (30.0, "ok", {"class": "receptacleThatIsFilled", "type": "wasteToner"}, "30 % free", "ok"),
        (0.0, "full", {"class": "receptacleThatIsFilled", "type": "wasteToner"}, "0 % free", "bad"),
    ],
)
def test_a_supply_is_shown_as_what_is_known_of_it(
    percent: float | None, state: str, changes: dict[str, Any], value: str, level: str
) -> None:
    view = supply_view(report.Supply.model_validate(supply(percent, state, **changes)))
    assert (view.value, view.level, view.percent) == (value, level, percent)


def test_ranges_are_kept_and_the_components_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    answer = admin.post("/scanning/ranges", {"targets": "10.0.0.0/24\n10.0.1.5", "exclude": "10.0.0.1"})
    assert answer.location == "/scanning"
    assert webui.store.effective().settings.scan.targets == ("10.0.0.0/24", "10.0.1.5")
    shown = admin.get("/scanning").shown
    assert "The ranges are kept." in shown
    assert "255 addresses" in shown
    assert "The ranges are kept." not in admin.get("/scanning").shown


def test_a_printer_behind_a_host_is_kept_and_a_wrong_one_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert "ipp://localhost:60000/ipp/print" in admin.get("/scanning").shown, "the page says how"
    admin.post("/scanning/ranges", {"targets": "10.0.0.7\nIPP://localhost:60000/ipp/print", "exclude": ""})
    assert webui.store.effective().settings.scan.targets == ("10.0.0.7", "ipp://localhost:60000/ipp/print")
    assert "2 addresses" in admin.get("/scanning").shown
    refused = admin.post("/scanning/ranges", {"targets": "ipp://localhost:9100/ipp/print", "exclude": ""}).shown
    assert "a port of printing" in refused
    assert "Name the port at which the printer serves IPP" in refused


def test_a_change_that_the_collector_does_not_take_is_kept_and_told(webui: RunningWebUi) -> None:
    webui.collector.refusals["/v1/reload"] = "10.9.0.0/16 is outside the guardrails."
    admin = webui.admin()
    admin.post("/scanning/ranges", {"targets": "10.9.0.0/16", "exclude": ""})
    assert webui.store.effective().settings.scan.targets == ("10.9.0.0/16",)
    assert "kept, but not in use yet. 10.9.0.0/16 is outside the guardrails." in admin.get("/scanning").shown


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("read_minutes", "0", "The value must be at least 1."),
        ("sweep_minutes", "often", "Write a whole number."),
        ("packets_per_second", "99999", "The value must be at most 10000."),
        ("packets_per_second", "5000", "above the site's ceiling of 1000"),
        ("read_minutes", "", "Write a whole number."),
        ("silent_hours", "-1", "The value must be at least 0."),
        ("quiet_times", "Mon-Fri 07:30-09:00\nnoon", "Line 2: 'noon' is no quiet time."),
        ("quiet_times", "00:00-24:00", "the quiet times leave no minute of the week"),
    ],
)
def test_a_wrong_number_is_shown_at_its_field(webui: RunningWebUi, field: str, typed: str, sentence: str) -> None:
    fields = {"sweep_minutes": "60", "read_minutes": "60", "silent_hours": "24", "packets_per_second": "200", "icmp": "on"}
    answer = webui.admin().post("/scanning/pace", fields | {field: typed})
    assert answer.status == 422
    assert sentence in answer.shown
    assert webui.store.effective().settings.scan.sweep_minutes == 1440


def test_a_value_that_is_left_as_it_was_stays_with_the_layer_that_set_it(webui: RunningWebUi) -> None:
    webui.store.replace_hosting({"scan": {"read_minutes": 30}})
    fields = {"sweep_minutes": "720", "read_minutes": "30", "silent_hours": "24", "packets_per_second": "200", "icmp": "on"}
    webui.admin().post("/scanning/pace", fields)
    effective = webui.store.effective()
    assert effective.layer_of("scan.read_minutes") == "hosting"
    assert effective.layer_of("scan.sweep_minutes") == "site"


def test_quiet_times_and_the_interval_for_silent_devices_are_kept(webui: RunningWebUi) -> None:
    fields = {"sweep_minutes": "1440", "read_minutes": "60", "silent_hours": "72", "packets_per_second": "200", "icmp": "on"}
    admin = webui.admin()
    admin.post("/scanning/pace", fields | {"quiet_times": "mon-fri 7:30-09:00\n22:00-05:00"})
    scan = webui.store.effective().settings.scan
    assert scan.silent_hours == 72
    assert scan.quiet_times == ("Mon-Fri 07:30-09:00", "Mon-Sun 22:00-05:00")
    assert "Mon-Fri 07:30-09:00" in admin.get("/scanning").shown


def test_a_quiet_time_and_addresses_left_alone_are_told(webui: RunningWebUi) -> None:
    last = scan_state(done=True, finished_at="2026-11-22T10:00:09Z", silent=251)
    webui.collector.status = collector_status(quiet_until="2026-11-22T09:00:00Z", last_scan=last)
    shown = webui.admin().get("/scanning").shown
    assert "nothing is scanned or read until Sun 09:00" in shown
    assert "251 addresses answered no ping and were left alone" in shown


def test_values_of_the_environment_are_read_only_and_name_their_variable(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_SCAN_TARGETS="10.0.0.0/24", DCA_SNMP_COMMUNITY="s3cret", DCA_HEALTH_CHECK="off", DCA_SITE_NAME="Depot")
    admin = webui.admin()
    scanning = admin.get("/scanning")
    assert "Fixed by DCA_SCAN_TARGETS" in scanning.shown
    assert "Fixed by DCA_SNMP_COMMUNITY" in scanning.shown
    assert "s3cret" not in scanning.text
    assert re.search(r'<textarea[^>]*name="targets"[^>]*readonly', scanning.text)
    assert "Fixed by DCA_HEALTH_CHECK" in admin.get("/health").shown
    admin.post("/scanning/ranges", {"targets": "10.9.9.0/24", "exclude": "10.0.0.9"})
    admin.post("/health/switches", {"health_check": "on", "level": "off"})
    settings = webui.store.effective().settings
    assert settings.scan.targets == ("10.0.0.0/24",)
    assert settings.scan.exclude == ("10.0.0.9",)
    assert not settings.health_check.enabled
    assert settings.update.level == "off"
    sent = {"name": "x", "version": "2c", "community": "other"}
    assert "DCA_SNMP_COMMUNITY" in admin.post("/scanning/credentials", sent).shown


def test_credentials_are_added_put_first_and_removed_and_never_shown(webui: RunningWebUi) -> None:
    admin = webui.admin()

    def names() -> list[str]:
        return [one.name for one in webui.store.effective().settings.snmp.credentials]

    assert admin.post("/scanning/credentials", {"name": "Office", "version": "1", "community": "s3cret"}).status == 303
    assert names() == ["default", "Office"]
    assert "s3cret" not in admin.get("/scanning").text
    admin.post("/scanning/credentials/change", {"place": "1", "name": "Office", "action": "first"})
    assert names() == ["Office", "default"]
    admin.post("/scanning/credentials/change", {"place": "1", "name": "Office", "action": "remove"})
    assert "has changed in the meantime" in admin.get("/scanning").shown
    admin.post("/scanning/credentials/change", {"place": "1", "name": "default", "action": "remove"})
    assert names() == ["Office"]
    admin.post("/scanning/credentials/change", {"place": "0", "name": "Office", "action": "remove"})
    assert names() == ["Office"]
    assert webui.store.effective().settings.snmp.credentials[0].model_dump()["community"] == "s3cret"


def test_an_snmpv3_user_is_added_and_its_passphrases_are_never_shown(webui: RunningWebUi) -> None:
    admin = webui.admin()
    sent = {"v3_name": "Third floor", "v3_user": "reader", "v3_auth_protocol": "SHA-512", "v3_priv_protocol": "AES-256"}
    secrets = {"v3_auth_passphrase": "correct horse battery", "v3_priv_passphrase": "staple of the printer"}
    assert admin.post("/scanning/users", {**sent, **secrets, "v3_ranges": "10.0.3.0/24\n10.0.4.1"}).status == 303
    kept = webui.store.effective().settings.snmp.credentials[-1].model_dump()
    assert (kept["version"], kept["user"], kept["auth_protocol"], kept["priv_protocol"]) == ("3", "reader", "SHA-512", "AES-256")
    assert (kept["auth_passphrase"], kept["priv_passphrase"]) == tuple(secrets.values())
    assert kept["ranges"] == ("10.0.3.0/24", "10.0.4.1")
    page = admin.get("/scanning")
    assert "reader, SHA-512, AES-256" in page.shown
    assert "10.0.3.0/24, 10.0.4.1" in page.shown
    assert not any(secret in page.text for secret in secrets.values())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"v3_user": " "}, "Type the name of the user"),
        ({"v3_auth_passphrase": "short"}, "the passphrase for authentication is too short"),
        ({"v3_auth_protocol": "none"}, "privacy needs authentication"),
        ({"v3_priv_passphrase": ""}, "the passphrase for privacy is missing"),
        ({"v3_ranges": "printer.example"}, "is no range of addresses"),
    ],
)
def test_an_snmpv3_user_that_cannot_work_is_refused(webui: RunningWebUi, changes: dict[str, str], complaint: str) -> None:
    sent = {"v3_user": "reader", "v3_auth_protocol": "SHA", "v3_auth_passphrase": "correct horse battery"}
    sent |= {"v3_priv_protocol": "AES-128", "v3_priv_passphrase": "staple of the printer"}
    answer = webui.admin().post("/scanning/users", sent | changes)
    assert answer.status == 422
    assert complaint in answer.shown
    assert "correct horse battery" not in answer.text
    assert len(webui.store.effective().settings.snmp.credentials) == 1


def test_a_credential_without_a_community_is_refused(webui: RunningWebUi) -> None:
    answer = webui.admin().post("/scanning/credentials", {"name": "Office", "version": "2c", "community": " "})
    assert answer.status == 422
    assert "Type the community" in answer.shown


def test_a_scan_that_cannot_start_says_why(webui: RunningWebUi) -> None:
    webui.collector.refusals["/v1/scan"] = "A scan is running already."
    admin = webui.admin()
    assert admin.post("/scan").status == 303
    assert "A scan is running already." in admin.get("/scanning").shown


def test_asking_for_a_scan_that_has_begun_by_itself_shows_it_without_a_warning(webui: RunningWebUi) -> None:
    webui.collector.refusals["/v1/scan"] = "The collector is scanning right now."
    webui.collector.status = collector_status(scan=scan_state(), state="scanning")
    admin = webui.admin()
    assert admin.post("/scan").status == 303
    shown = admin.get("/scanning").shown
    assert "scanning right now" not in shown
    assert "100 of 254" in shown
    webui.collector.status = collector_status(scan=scan_state(kind="read"), state="reading")
    admin.post("/scan")
    assert "scanning right now" in admin.get("/scanning").shown


def test_a_scan_can_be_cancelled(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.post("/scan/cancel").location == "/scanning"
    assert webui.collector.called("/v1/scan/cancel") == [{}]


def test_the_progress_of_a_scan_is_streamed_until_it_is_done(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.send(scan_state(asked=100))
    webui.collector.send(scan_state(asked=200, text="<b>200</b>"))
    webui.collector.send(scan_state(asked=254, done=True, finished_at="2026-11-22T10:01:00Z", text="3 devices found"))
    answer = admin.get("/scan/events")
    assert answer.headers["Content-Type"] == "text/event-stream"
    events = [dict(line.split(": ", 1) for line in block.splitlines()[:1]) for block in answer.text.strip().split("\n\n")]
    assert [event["event"] for event in events if "event" in event] == ["html", "say", "html", "html", "say", "done"]
    assert "100 of 254" in re.sub(r"\s+", " ", answer.text.replace("\ndata: ", " "))
    assert "data: 3 devices found" in answer.text


def test_a_browser_that_goes_away_frees_its_stream(webui: RunningWebUi) -> None:
    admin = webui.admin()
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in admin.cookies.items())
    connection = http.client.HTTPConnection("127.0.0.1", webui.port, timeout=10)
    connection.request("GET", "/scan/events", headers={"Cookie": cookies, "Host": "localhost"})
    webui.collector.send(scan_state())
    response = connection.getresponse()
    assert b"event" in response.readline()
    assert webui.services.open_streams == 1
    response.close()
    connection.close()
    for number in range(200):
        webui.collector.send(scan_state(asked=number))
        admin.get("/healthz")
        if not webui.services.open_streams:
            break
    assert webui.services.open_streams == 0


def test_the_progress_of_a_collector_that_is_down_is_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.close()
    webui.paths.collector_socket.unlink()
    assert "The collector is not running" in admin.get("/scan/events").text


def test_health_shows_components_issues_checks_and_what_updates_can_do(webui: RunningWebUi) -> None:
    failed = {"name": "collector", "state": "backing_off", "restarts": 3, "last_exit": "signal 9", "memory_mb": 40.2}
    webui.supervisor.status = supervisor_status(
        components=[failed],
        issues=[{"check": "exit", "component": "collector", "text": "The collector ended.", "fix": "Restarted.", "fixed": True}],
    )
    webui.collector.answers["/v1/health"] = {"ok": False, "checks": [{"name": "database", "ok": False, "text": "is locked"}]}
    shown = webui.admin().get("/health").shown
    for words in (
        "Waits before it starts again",
        "signal 9",
        "The collector ended.",
        "fixed",
        "Database Bad is locked",
        "Docker socket",
    ):
        assert words in shown, words


def test_a_component_is_restarted_through_the_supervisor(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.post("/health/components/collector/restart").location == "/health"
    assert webui.supervisor.called("/v1/components/collector/restart") == [{}]
    assert "Collector is being restarted." in admin.get("/health").shown


def test_the_switches_are_turned_and_the_supervisor_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.post("/health/switches", {"level": "config"}).location == "/health"
    settings = webui.store.effective().settings
    assert (settings.health_check.enabled, settings.update.level) == (False, "config")
    assert webui.supervisor.called("/v1/reload")
    assert admin.post("/health/switches", {"level": "everything"}).status == 422
    assert admin.post("/health/switches", {"health_check": "on", "level": "auto"}).status == 303
    assert webui.store.effective().settings.health_check.enabled


def test_the_name_of_the_site_is_changed(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert admin.post("/settings/site", {"name": "Library <2>"}).location == "/settings"
    answer = admin.get("/settings")
    assert "Library <2>" in answer.shown
    assert "Library &lt;2&gt;" in answer.text
    assert admin.post("/settings/site", {"name": "x" * 101}).status == 422


def test_a_full_disk_keeps_the_old_settings_and_says_so(webui: RunningWebUi, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = webui.admin()
    token = admin.form_token("/settings")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("appliance.settings.durable_storage.write_atomic", full)
    answer = admin.ask("POST", "/settings/site", {"name": "Library", "_xsrf": token})
    assert answer.status == 422
    assert "No space left on device" in answer.shown
    monkeypatch.undo()
    assert webui.store.effective().settings.site.name == "Town hall"


def test_the_limits_for_values_from_afar_are_set_on_the_page(webui: RunningWebUi) -> None:
    admin = webui.admin()
    fields = {name: str(value) for name, value in Guardrails().model_dump().items() if isinstance(value, int)}
    sent = fields | {"networks": "", "snmp_ports": "161", "keep_days": "30", "check_in_seconds": "3600"}
    assert admin.post("/settings/guardrails", sent, form_page="/settings").status == 303
    limits = webui.store.effective().settings.guardrails
    assert (limits.keep_days, limits.check_in_seconds, limits.read_minutes) == (30, 3600, 1440)


def test_a_host_name_among_the_networks_is_refused_at_its_line(webui: RunningWebUi) -> None:
    admin = webui.admin()
    fields = {name: str(value) for name, value in Guardrails().model_dump().items() if isinstance(value, int)}
    answer = admin.post(
        "/settings/guardrails", fields | {"networks": "10.0.0.0/8\nprinter.example", "snmp_ports": "161"}, form_page="/settings"
    )
    assert answer.status == 422
    assert re.search(r"Line 2: .{1,6}printer\.example.{1,6} is no range of addresses", answer.text)
    assert webui.store.effective().settings.guardrails.networks == ()


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"TZ": "Europe/Berln"}, "which is no time zone known here"),
        ({"DCA_SITE_NAME": '"Office"'}, "DCA_SITE_NAME begins and ends with a quotation mark"),
    ],
)
def test_what_people_should_know_of_the_settings_is_on_their_page(
    start_webui: StartWebUi, variables: dict[str, str], sentence: str
) -> None:
    assert sentence in start_webui(**variables).admin().get("/settings").text


def test_ranges_that_no_sweep_can_take_are_refused_at_their_line(webui: RunningWebUi) -> None:
    page = webui.admin().post("/scanning/ranges", {"targets": "10.0.0.0/24\n10.0.0.0/4", "exclude": ""})
    assert page.status == 422
    assert "Line 2: 10.0.0.0/4, which is 0.0.0.0/4, has more addresses than can be swept in a day" in page.shown


def test_ranges_of_unusual_reach_are_kept_once_they_are_confirmed(webui: RunningWebUi) -> None:
    admin = webui.admin()
    sent = {"targets": "10.0.0.0/9", "exclude": ""}
    page = admin.post("/scanning/ranges", sent)
    assert page.status == 422
    assert "at 200 packets a second a sweep of them takes about 23 hours." in page.shown
    box = re.search(r'name="meant" value="([^"]+)"', page.text)
    assert box is not None
    assert admin.post("/scanning/ranges", sent | {"meant": html.unescape(box[1])}).location == "/scanning"
    assert webui.store.effective().settings.scan.targets == ("10.0.0.0/9",)


def test_ranges_outside_the_limits_of_the_site_are_told_when_either_is_kept_and_stay_on_the_page(webui: RunningWebUi) -> None:
    admin = webui.admin()
    admin.headers["Accept-Language"] = "de"
    admin.post("/scanning/ranges", {"targets": "10.0.0.0/24", "exclude": ""})
    limits = {"networks": "192.168.0.0/16", "packets_per_second": "1000", "snmp_ports": "161"}
    assert admin.post("/settings/guardrails", limits).location == "/settings#guardrails"
    sentence = "scan.targets nennt 10.0.0.0/24, und das erlaubt guardrails.networks nicht"
    assert sentence in admin.get("/").shown
    for _ in range(2):
        assert sentence in admin.get("/scanning").shown


def test_numbers_and_days_are_written_as_the_reader_writes_them(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.status = collector_status(last_scan=scan_state(done=True) | {"bytes_sent": 12_500, "bytes_received": 812})
    webui.store.change_site({"update": {"hold_until": "2026-12-24"}})
    webui.supervisor.status = supervisor_status(update={"image": {"hold_until": "2026-12-24"}})
    assert "12.5 kB sent, 812 B received" in admin.get("/scanning").shown
    assert "Held until 2026-12-24" in admin.get("/health").shown
    admin.headers["Accept-Language"] = "de"
    assert "12,5 kB gesendet" in admin.get("/scanning").shown
    assert "24.12.2026" in admin.get("/health").shown


def test_what_a_component_says_of_itself_is_in_the_language_of_the_page(webui: RunningWebUi) -> None:
    admin = webui.admin()
    admin.headers["Accept-Language"] = "de"
    status = supervisor_status()
    status["components"][0]["status"] = Message("serving on port %(port)d", port=8080)
    webui.supervisor.status = status
    assert "auf Port 8080 zu erreichen" in admin.get("/health").shown
