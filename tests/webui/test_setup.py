"""The first-run setup."""

import html
import re

import pytest

from appliance.privacy.choice import choice
from appliance.settings.first_scan import first_scan_waits
from tests.webui.conftest import PASSWORD, RunningWebUi, StartWebUi
from tests.webui.standins import collector_status, scan_state
from tests.webui.test_privacy import masks


def test_everything_leads_to_the_setup_while_there_is_no_account(webui: RunningWebUi) -> None:
    for path in ("/", "/devices", "/login"):
        assert webui.visitor().get(path).location == "/setup"


def test_the_token_of_the_log_and_a_password_make_the_account_and_log_in(webui: RunningWebUi) -> None:
    visitor = webui.visitor()
    answer = webui.set_up(visitor)
    assert (answer.status, answer.location) == (303, "/setup/privacy")
    assert visitor.get("/").status == 200
    assert webui.store.effective().settings.site.name == "Town hall"
    assert webui.collector.called("/v1/reload")


def test_a_wrong_token_makes_no_account(webui: RunningWebUi) -> None:
    answer = webui.set_up(token="00000000-00000000-00000000-00000000")
    assert answer.status == 422
    assert "This is not the token of the last start" in answer.shown
    assert not webui.services.accounts.exist()


def test_the_token_may_be_typed_with_spaces_and_capitals(webui: RunningWebUi) -> None:
    typed = f" {webui.services.setup_token.text().upper().replace('-', ' ')} "
    assert webui.set_up(token=typed).status == 303


@pytest.mark.parametrize(
    ("password", "repeated", "sentence"),
    [
        ("too tiny!", "too tiny!", "The password is too short"),
        ("correct horse battery", "correct horse batterie", "The two passwords differ"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "one character over and over"),
    ],
)
def test_a_poor_password_is_refused_beside_its_field(webui: RunningWebUi, password: str, repeated: str, sentence: str) -> None:
    answer = webui.set_up(password=password, password_again=repeated)
    assert answer.status == 422
    assert sentence in answer.shown
    assert password not in answer.text
    assert not webui.services.accounts.exist()


def test_guessing_the_token_is_slowed_down(webui: RunningWebUi) -> None:
    visitor = webui.visitor()
    statuses = [webui.set_up(visitor, token="guess").status for _ in range(12)]
    assert statuses[0] == 422
    assert statuses[-1] == 429


def test_the_setup_is_closed_once_there_is_an_account(webui: RunningWebUi) -> None:
    webui.admin()
    answer = webui.visitor().get("/setup")
    assert answer.status == 404
    assert "has an account already" in answer.shown
    stranger = webui.visitor()
    assert stranger.post("/setup", {"token": webui.services.setup_token.text(), "password": PASSWORD}).status == 404


def test_the_steps_after_the_first_need_the_login(webui: RunningWebUi) -> None:
    webui.admin()
    for step in ("hosting", "devices", "care", "scan"):
        assert webui.visitor().get(f"/setup/{step}").location.startswith("/login")


def test_masks_are_kept_before_the_hosting_server_is_asked_for(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert "Nothing is sent before the masks are chosen" in admin.get("/setup/hosting").shown
    assert admin.post("/setup/privacy", masks(location="mask", fields="alerts.description")).location == "/setup/hosting"
    settings = webui.store.effective().settings.privacy
    assert (settings.location, settings.fields) == ("mask", ("alerts.description",))
    made = choice(webui.store)
    assert made is not None
    assert made.by == "page"
    page = admin.get("/setup/hosting").shown
    assert "Masked: Locations (left out), Phone numbers in any text (left out), alerts.description (left out)." in page
    assert "Nothing is sent before the masks are chosen" not in page


def test_masks_that_stay_as_they_are_are_chosen_and_the_collector_is_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    told = len(webui.collector.called("/v1/reload"))
    assert admin.post("/setup/privacy", masks()).location == "/setup/hosting"
    assert choice(webui.store) is not None
    assert len(webui.collector.called("/v1/reload")) > told


def test_masks_that_cannot_be_are_shown_at_their_field_and_are_not_chosen(webui: RunningWebUi) -> None:
    answer = webui.admin().post("/setup/privacy", masks(fields="device.serial", location="mask"))
    assert answer.status == 422
    assert "device.serial" in answer.text
    assert choice(webui.store) is None
    assert webui.store.effective().settings.privacy.location == "send"


def test_an_enrolment_before_the_masks_is_told_to_wait(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/enrol"] = {"site_id": "site-7", "url": "https://hosting.example"}
    admin.post("/setup/hosting", {"enrolment": "https://hosting.example#enrol=SECRET"})
    assert "Nothing is sent before the masks are chosen." in admin.get("/setup/devices").shown


def test_ranges_of_the_setup_wait_for_the_first_scan_to_be_asked_for(webui: RunningWebUi) -> None:
    admin = webui.admin()
    admin.post("/setup/devices", {"targets": "10.0.0.0/24"})
    assert first_scan_waits(webui.store)


def test_ranges_of_the_environment_wait_for_nobody(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_SCAN_TARGETS="10.0.0.0/24")
    webui.admin()
    assert not first_scan_waits(webui.store)


def test_the_enrolment_string_is_handed_to_the_collector(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.answers["/v1/enrol"] = {"site_id": "site-7", "url": "https://hosting.example"}
    answer = admin.post("/setup/hosting", {"enrolment": " https://hosting.example#enrol=SECRET "})
    assert answer.location == "/setup/devices"
    assert webui.collector.called("/v1/enrol") == [{"enrolment": "https://hosting.example#enrol=SECRET"}]
    assert "enrolled with https://hosting.example" in admin.get("/setup/devices").shown


def test_a_refused_enrolment_says_why_and_does_not_show_the_code_again(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.collector.status = collector_status(hosting={"enrolled": False})
    webui.collector.refusals["/v1/enrol"] = "The hosting server does not know this code. Ask for a new one."
    answer = admin.post("/setup/hosting", {"enrolment": "https://hosting.example#enrol=SECRET"})
    assert answer.status == 422
    assert "does not know this code" in answer.shown
    assert "SECRET" not in answer.text


def test_the_hosting_server_may_wait(webui: RunningWebUi) -> None:
    assert webui.admin().post("/setup/hosting", {"later": "1"}).location == "/setup/devices"
    assert not webui.collector.called("/v1/enrol")


def test_suggested_networks_are_not_chosen_by_themselves(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_TRUSTED_PROXIES="127.0.0.1")
    admin = webui.admin()
    answer = admin.get("/setup/devices", headers={"X-Forwarded-For": "10.20.30.40"})
    box = re.search(r'<input[^>]*name="suggested" value="10\.20\.30\.0/24"[^>]*>', answer.text)
    assert box is not None
    assert "checked" not in box[0]
    assert "254 addresses" in answer.shown


def test_ticked_and_typed_ranges_and_a_community_are_kept(webui: RunningWebUi) -> None:
    admin = webui.admin()
    fields = [("suggested", "10.20.30.0/24"), ("targets", "10.1.0.1-20\nprinter.example"), ("exclude", "10.20.30.1")]
    answer = admin.post("/setup/devices", [*fields, ("community", "s3cret"), ("name", "Office")])
    assert answer.location == "/setup/care"
    settings = webui.store.effective().settings
    assert settings.scan.targets == ("10.20.30.0/24", "10.1.0.1-10.1.0.20", "printer.example")
    assert settings.scan.exclude == ("10.20.30.1",)
    assert [one.model_dump()["community"] for one in settings.snmp.credentials] == ["s3cret", "public"]
    assert "s3cret" not in admin.get("/scanning").text


def test_a_wrong_range_is_shown_at_its_field_and_nothing_is_kept(webui: RunningWebUi) -> None:
    answer = webui.admin().post("/setup/devices", {"targets": "10.0.0.0/24\n10.0.0.300", "community": "s3cret"})
    assert answer.status == 422
    assert "Line 2: '10.0.0.300' is no range of addresses" in answer.shown
    assert "10.0.0.300" in answer.text
    assert "s3cret" not in answer.text
    assert webui.store.effective().settings.scan.targets == ()


def test_the_switches_are_kept(webui: RunningWebUi) -> None:
    answer = webui.admin().post("/setup/care", {"level": "notify"})
    assert answer.location == "/setup/scan"
    settings = webui.store.effective().settings
    assert (settings.health_check.enabled, settings.update.level) == (False, "notify")
    assert webui.supervisor.called("/v1/reload")


def test_the_first_scan_is_started_and_watched(webui: RunningWebUi) -> None:
    admin = webui.admin()
    webui.store.change_site({"scan": {"targets": ["10.0.0.0/24"]}})
    assert "Start the first scan" in admin.get("/setup/scan").shown
    assert admin.post("/scan", {"from": "setup"}).location == "/setup/scan"
    assert webui.collector.called("/v1/scan") == [{}]
    webui.collector.status = collector_status(scan=scan_state(), state="scanning")
    answer = admin.get("/setup/scan")
    assert "/scan/events" in answer.links
    assert "100 of 254" in answer.shown


def test_an_appliance_without_a_collector_can_be_set_up(webui: RunningWebUi) -> None:
    webui.collector.close()
    webui.paths.collector_socket.unlink()
    admin = webui.admin()
    answer = admin.post("/setup/devices", {"targets": "10.0.0.0/24"})
    assert answer.status == 303
    assert webui.store.effective().settings.scan.targets == ("10.0.0.0/24",)
    shown = admin.get("/setup/care").shown
    assert "kept, but not in use yet. The collector is not running" in shown


def test_ranges_of_unusual_reach_have_to_be_confirmed(webui: RunningWebUi) -> None:
    admin = webui.admin()
    admin.headers["Accept-Language"] = "de"
    page = admin.post("/setup/devices", {"targets": "8.8.8.0/24\n192.168.1.5/24"})
    assert page.status == 422
    assert "254 davon sind öffentliche Adressen (8.8.8.0/24)." in page.shown
    assert webui.store.effective().settings.scan.targets == ()
    box = re.search(r'name="meant" value="([^"]+)"', page.text)
    assert box is not None
    sent = {"targets": "9.9.9.0/24", "meant": html.unescape(box[1])}
    assert admin.post("/setup/devices", sent).status == 422, "other ranges were confirmed"
    assert admin.post("/setup/devices", sent | {"targets": "8.8.8.0/24\n192.168.1.5/24"}).location == "/setup/care"
    assert webui.store.effective().settings.scan.targets == ("8.8.8.0/24", "192.168.1.0/24")
    shown = admin.get("/setup/care").shown
    assert "Die Bereiche sind gespeichert." in shown
    assert "scan.targets enthält ganze Netze: 192.168.1.0/24 für 192.168.1.5/24." in shown
    assert "öffentliche Adressen" not in shown, "it was just confirmed"


@pytest.mark.parametrize(
    ("sent", "said"),
    [({}, ""), ({"community": "s3cret"}, "The credential is kept."), ({"targets": "10.0.0.0/24"}, "The ranges are kept.")],
)
def test_the_devices_step_says_what_was_given(webui: RunningWebUi, sent: dict[str, str], said: str) -> None:
    admin = webui.admin()
    assert admin.post("/setup/devices", sent).location == "/setup/care"
    shown = admin.get("/setup/care").shown
    assert said in shown
    assert ("kept" in shown) is bool(said)


def test_the_privacy_step_says_once_that_nothing_is_sent_before(webui: RunningWebUi) -> None:
    assert webui.admin().get("/setup/privacy").shown.count("Nothing is sent before") == 1
