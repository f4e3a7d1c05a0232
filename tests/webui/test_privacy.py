"""The masks of the site, and what they make of the newest reading."""

from typing import Any

from appliance.privacy.key import KEY_FILE
from appliance.report import Reading
from appliance.store.store import Store
from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.test_pages import reading

SENT = {
    "ip_address": "send",
    "host_name": "send",
    "mac": "send",
    "location": "send",
    "asset_number": "send",
    "console": "send",
    "phone_numbers": "mask",
    "fields": "",
}


def keep(webui: RunningWebUi, *readings: Reading) -> None:
    with Store(webui.paths.readings) as store:
        store.keep(list(readings))


def masks(**changes: Any) -> dict[str, str]:
    return SENT | changes


def test_masks_are_kept_for_the_site_and_the_collector_takes_them(webui: RunningWebUi) -> None:
    admin = webui.admin()
    sent = masks(ip_address="pseudonym", console="mask", fields="alerts.description\nmisc")
    assert admin.post("/settings/privacy", sent).location == "/settings#privacy"
    privacy = webui.store.effective().settings.privacy
    assert (privacy.ip_address, privacy.console, privacy.fields) == ("pseudonym", "mask", ("alerts.description", "misc"))
    assert webui.store.effective().layer_of("privacy.ip_address") == "site"
    assert webui.collector.called("/v1/reload")
    assert 'value="pseudonym" selected' in admin.get("/settings").text


def test_a_field_that_cannot_be_left_out_is_named_with_its_line(webui: RunningWebUi) -> None:
    answer = webui.admin().post("/settings/privacy", masks(fields="misc\ndevice.serial"))
    assert answer.status == 422
    assert "Line 2: 'device.serial' is always sent" in answer.shown
    assert webui.store.effective().settings.privacy.fields == ()


def test_the_page_shows_the_newest_reading_before_and_after_masking(webui: RunningWebUi) -> None:
    keep(webui, reading(7, device={"location": "Lobby, Tel. 030 1234567"}))
    shown = webui.admin().get("/settings").shown
    assert "device.location Lobby, Tel. 030 1234567 Lobby, Tel. [phone number]" in shown
    assert "SN0007" in shown, "all that is sent can be looked at"


def test_the_preview_follows_the_form_and_keeps_nothing(webui: RunningWebUi) -> None:
    keep(webui, reading(7))
    admin = webui.admin()
    answer = admin.post("/settings/privacy/preview", masks(ip_address="mask_last_octet", location="mask"))
    assert "device.ip 10.0.0.7 10.0.0.x" in answer.shown
    assert "device.location Lobby not sent" in answer.shown
    assert "<html" not in answer.text
    assert webui.store.effective().settings.privacy.ip_address == "send"
    assert "is always sent" in admin.post("/settings/privacy/preview", masks(fields="meters")).shown


def test_before_the_first_reading_there_is_nothing_to_preview(webui: RunningWebUi) -> None:
    assert "Appears with the first reading." in webui.admin().get("/settings").shown


def test_a_damaged_privacy_key_is_told_in_place_of_the_preview(webui: RunningWebUi) -> None:
    keep(webui, reading(7))
    (webui.paths.trust / KEY_FILE).write_text("damaged")
    shown = webui.admin().post("/settings/privacy/preview", masks(ip_address="pseudonym")).shown
    assert "privacy.key is damaged" in shown


def test_masks_fixed_by_the_environment_cannot_be_changed_here(start_webui: StartWebUi) -> None:
    webui = start_webui(DCA_PRIVACY_LOCATION="mask")
    admin = webui.admin()
    assert "Fixed by DCA_PRIVACY_LOCATION" in admin.get("/settings").shown
    admin.post("/settings/privacy", masks(mac="mask"))
    privacy = webui.store.effective().settings.privacy
    assert (privacy.location, privacy.mac) == ("mask", "mask")


def test_only_those_who_are_logged_in_see_or_change_masks(webui: RunningWebUi) -> None:
    webui.admin()
    stranger = webui.visitor()
    for path in ("/settings/privacy", "/settings/privacy/preview"):
        assert stranger.post(path, masks(mac="mask")).status == 401
    assert webui.store.effective().settings.privacy.mac == "send"


def test_events_and_former_addresses_stand_on_the_pages(webui: RunningWebUi) -> None:
    keep(webui, reading(7))
    keep(webui, reading(7, device={"ip": "10.0.0.99"}))
    admin = webui.admin()
    assert "Acme Laser 7 moved from 10.0.0.7 to 10.0.0.99." in admin.get("/").shown
    page = admin.get("/devices/serial:ACME%2F7").shown
    assert "Acme Laser 7 moved from 10.0.0.7 to 10.0.0.99." in page
    assert "Was at 10.0.0.7 until" in page
