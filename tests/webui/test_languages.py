"""The language of the pages: that of the browser or of the account, and no text that the catalogues do not know."""

import re

import pytest

from appliance.common.errors import SettingsError
from tests.web.shown_texts import bracketed, untranslated
from tests.webui.conftest import RunningWebUi, StartWebUi
from tests.webui.standins import collector_status, scan_state, supervisor_status
from tests.webui.test_pages import keep, reading, supply

__all__ = ["bracketed"]

PAGES = ("/", "/devices", "/devices/serial:ACME%2F1", "/scanning", "/health", "/settings", "/nowhere")
DATA = re.compile(
    r"\S*[./:#]\S*|xxxxxxxx-xxxxxxxx-xxxxxxxx-xxxxxxxx|default|admin|localhost|site-1|English|Deutsch|.*\((collector|webui)\)|"
    r"collector|webui"
)
"""What is in no language: addresses, names of settings and objects, examples."""
SETUP_PAGES = ("/setup/privacy", "/setup/hosting", "/setup/devices", "/setup/care", "/setup/scan")


@pytest.mark.parametrize(
    ("asked", "language", "title"),
    [
        ("de", "de", "Anmelden"),
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Anmelden"),
        ("en-GB,de;q=0.9", "en", "Log in"),
        ("fr", "en", "Log in"),
        ("fr,de;q=0.5", "de", "Anmelden"),
        ("", "en", "Log in"),
    ],
)
def test_pages_are_in_the_language_of_the_browser(webui: RunningWebUi, asked: str, language: str, title: str) -> None:
    webui.set_up()

    page = webui.visitor(Accept_Language=asked).get("/login")

    assert f'<html lang="{language}">' in page.text
    assert f"<title>{title} · DCA</title>" in page.text


def test_an_account_may_choose_its_language(webui: RunningWebUi) -> None:
    admin = webui.admin()
    assert '<html lang="en">' in admin.get("/settings").text

    assert admin.post("/settings/language", {"language": "de"}).status == 303
    page = admin.get("/settings")
    assert '<html lang="de">' in page.text
    assert "Die Sprache ist gespeichert." in page.shown
    assert '<html lang="en">' in webui.visitor().get("/login").text

    admin.post("/settings/language", {"language": ""})
    assert '<html lang="en">' in admin.get("/settings").text


def test_a_language_there_is_not_is_refused(webui: RunningWebUi) -> None:
    assert webui.admin().post("/settings/language", {"language": "../de"}).status == 400


def test_what_a_component_says_is_worded_here(webui: RunningWebUi) -> None:
    webui.collector.close()

    page = webui.admin().get("/", headers={"Accept-Language": "de"})

    assert "collector läuft nicht" in page.shown
    assert "is not running" not in page.shown


def test_many_wrong_lines_are_told_at_once(webui: RunningWebUi) -> None:
    admin = webui.admin()

    lines = "\n".join(f"printer {number}" for number in range(2000))
    page = admin.post("/scanning/ranges", {"targets": lines, "exclude": ""}, form_page="/scanning")

    assert page.status == 422
    assert "Line 2000: 'printer 1999' is no range" in page.shown


def test_an_error_page_is_shown_though_the_language_of_the_account_cannot_be_read(
    webui: RunningWebUi, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = webui.admin()

    def broken(*_: object) -> str:
        raise SettingsError("The settings file is broken.")

    monkeypatch.setattr(webui.services.store, "effective", broken)
    monkeypatch.setattr(webui.services.accounts, "language", broken)

    page = admin.get("/settings")
    assert page.status == 503
    assert "The settings file is broken." in page.shown


def test_a_refusal_is_in_the_language_of_the_page(webui: RunningWebUi) -> None:
    admin = webui.admin()
    admin.headers["Accept-Language"] = "de"

    page = admin.post("/scanning/ranges", {"targets": "10.0.0.0/24\n10.0.0.999", "exclude": ""}, form_page="/scanning")

    assert page.status == 422
    assert "Zeile 2:" in page.shown
    assert "is no range" not in page.shown


def test_every_text_of_every_page_is_in_the_catalogue(bracketed: None, start_webui: StartWebUi) -> None:
    webui = start_webui()
    assert untranslated(webui.visitor().get("/setup").text, DATA) == []
    admin = webui.visitor()
    webui.set_up(admin, name="SITE")
    keep(
        webui,
        reading(
            1,
            device={"manufacturer": "ACME", "model": "LASER", "location": "LOBBY"},
            status={"errors": ["jammed", "lowToner"], "console": ["READY"]},
            supplies=[supply(5, description="BLACK"), supply(None, "empty", description=None, index="1.2")],
            alerts=[{"severity": "critical", "group": "input", "code": "coverOpen"}],
            trays=[{"index": "1", "name": "TRAY", "state": "empty", "capacity": 250, "level": 0}],
        ),
    )
    done = scan_state(
        kind="read", done=True, finished_at="2026-11-22T10:00:00Z", cancelled=True, text="", failures=[{"address": "X"}]
    )
    webui.collector.status = collector_status(last_scan=done, scan=scan_state(text=""))
    webui.collector.answers["/v1/health"] = {"checks": [{"name": "store", "ok": True}, {"name": "plan", "ok": False}]}
    webui.supervisor.status = supervisor_status(
        update={
            "level": "auto",
            "image_updates": "possible",
            "text": "",
            "image": {"history": [{"outcome": "failed", "by": "auto"}]},
        }
    )

    found = {page: untranslated(admin.get(page).text, DATA) for page in (*PAGES, *SETUP_PAGES)}
    found["/login"] = untranslated(webui.visitor().get("/login").text, DATA)
    webui.collector.status = collector_status()
    found["idle"] = untranslated(admin.get("/").text, DATA) + untranslated(admin.get("/setup/scan").text, DATA)

    assert "\n".join(f"{page}: {text}" for page, texts in found.items() for text in texts) == ""
