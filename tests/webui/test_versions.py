"""New versions on the page "Health and updates": what is shown, what a person asks for, and a bundle that is uploaded."""

import http.client
import json
import re
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
import structlog

from appliance.common.version import installed_version
from tests.webui.conftest import RunningWebUi
from tests.webui.standins import supervisor_status
from tests.webui.visitor import Visitor
from webui.versions import OVERRULED, WAITS, versions_view

ROW = {
    "transaction": "ab" * 6,
    "from_version": "0.0.9",
    "to_version": "0.1.0",
    "outcome": "installed",
    "reason": "",
    "by": "auto",
    "started_at": "2026-11-25T10:00:00Z",
    "finished_at": "2026-11-25T10:00:31Z",
    "seconds": 31.0,
    "seconds_without_web": 6.4,
    "text": "Version 0.1.0 is installed.",
    "log": "",
}
OFFERED = {"state": "available", "version": "0.2.0", "notes": "Reads <b>more</b>.", "waits": ["window"], "text": "It waits."}


def image(**changes: Any) -> dict[str, Any]:
    """Return what the supervisor says of versions."""
    return {
        "decision": OFFERED,
        "progress": None,
        "installing": None,
        "transaction": None,
        "history": [ROW],
        "denied": [],
        "hold_until": None,
        "window": "22:00-05:00",
        "next_window_at": "2026-11-26T22:00:00Z",
        "command": None,
        "rollout": "0123456789abcdef",
        "degraded": None,
        "last_attempt": None,
    } | changes


def tell(webui: RunningWebUi, **changes: Any) -> None:
    """Let the supervisor say so."""
    update = {"level": "auto", "image_updates": "possible", "text": "It can replace the container dca.", "image": image(**changes)}
    webui.supervisor.status = supervisor_status(update=update)
    webui.supervisor.answers["/v1/update"] = update


def progress(stage: str, percent: int | None = None) -> dict[str, Any]:
    return {"transaction": "cd" * 6, "stage": stage, "percent": percent, "text": "12 of 60 MB", "at": "2026-11-25T10:00:00Z"}


def test_what_is_offered_is_shown_with_its_notes_and_why_it_waits(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    page = admin.get("/health")
    assert "0.2.0" in page.shown
    assert WAITS["window"] in page.shown
    assert "What is new in 0.2.0 Reads <b>more</b>." in page.shown
    assert "<b>more</b>" not in page.text
    assert "0.0.9 → 0.1.0" in page.shown
    assert "6.4 s without the web UI · by itself" in page.shown


@pytest.mark.parametrize("wait", WAITS)
def test_each_reason_is_said_in_words_and_a_person_overrules_only_those_of_the_site(webui: RunningWebUi, wait: str) -> None:
    admin = webui.admin()
    tell(webui, decision=OFFERED | {"waits": [wait]})
    page = admin.get("/health")
    assert WAITS[wait] in page.shown
    assert ("Install now" in page.shown) == (wait in OVERRULED)


def test_a_person_installs_goes_back_and_allows_in_his_own_name(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    assert admin.post("/health/versions/install", {"version": "0.2.0"}).location == "/health#versions"
    assert webui.supervisor.called("/v1/update/apply") == [{"version": "0.2.0", "by": "admin"}]
    admin.post("/health/versions/back")
    assert webui.supervisor.called("/v1/update/rollback") == [{"by": "admin"}]
    admin.post("/health/versions/allow", {"version": "0.2.0"})
    assert webui.supervisor.called("/v1/update/allow") == [{"version": "0.2.0", "by": "admin"}]
    webui.supervisor.refusals["/v1/update/apply"] = "Version 0.2.0 is not offered."
    admin.post("/health/versions/install", {"version": "0.2.0"})
    assert "Version 0.2.0 is not offered." in admin.get("/health").shown


def test_who_asked_for_what_is_in_the_log_and_nothing_secret_with_it(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    with structlog.testing.capture_logs() as logged:
        admin.post("/health/versions/install", {"version": "0.2.0"})
        admin.post("/health/versions/schedule", {"window": "1:00-4:00", "hold_until": ""})
        upload(webui, admin, b"bundle")
        admin.post("/settings/hosting", {"proxy_password": "hunter22"})
    audit = [entry for entry in logged if entry["event"] == "audit"]
    assert [(entry["action"], entry["user"], entry["ip"]) for entry in audit[:3]] == [
        ("install a version", "admin", "127.0.0.1"),
        ("change settings", "admin", "127.0.0.1"),
        ("upload a bundle", "admin", "127.0.0.1"),
    ]
    assert audit[0]["version"] == "0.2.0"
    assert audit[1]["settings"] == ["update.window"]
    assert "hunter22" not in str(logged)


def test_nobody_else_asks_for_anything(webui: RunningWebUi) -> None:
    webui.set_up()
    tell(webui)
    stranger = webui.visitor()
    for call in ("install", "back", "allow", "schedule"):
        assert stranger.post(f"/health/versions/{call}", {"version": "0.2.0"}).status == 401
    assert upload(webui, stranger, b"bundle").status == 401
    assert [path for _, path, _ in webui.supervisor.calls if path.startswith("/v1/update/")] == []
    assert not webui.paths.bundle.parent.exists()


def test_while_it_happens_the_page_shows_how_far_it_is_and_comes_back(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui, progress=progress("downloading", 20), installing="0.2.0")
    part = admin.get("/health/versions", {"HX-Request": "true"})
    assert "Version 0.2.0: Downloading, 20 % Step 2 of 8" in part.shown
    assert 'data-comes-back="/healthz"' in part.text
    assert "every 2s" in part.text
    assert "Install now" not in part.shown
    tell(webui, transaction="switching", progress=progress("gate"), installing="0.2.0")
    assert "Watching the new version Step 7 of 8" in admin.get("/health/versions").shown


def test_a_page_of_another_version_is_loaded_anew(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    mark = versions_view(webui.supervisor.answers["/v1/update"], installed_version()).mark
    assert admin.get(f"/health/versions?seen={mark}&made_by=0.0.9").headers["HX-Refresh"] == "true"
    same = admin.get(f"/health/versions?seen={mark}&made_by={installed_version()}")
    assert (same.headers["HX-Refresh"], same.headers["HX-Trigger"]) == (None, None)
    assert admin.get(f"/health/versions?made_by={installed_version()}").headers["HX-Trigger"] == "versions-changed"


def test_what_failed_is_shown_with_its_log_and_what_is_left_alone_can_be_allowed(webui: RunningWebUi) -> None:
    admin = webui.admin()
    failed = ROW | {"to_version": "0.2.0", "outcome": "rolled_back", "text": "It was not healthy.", "log": "Traceback <here>"}
    denied = [{"config": "sha256:1", "version": "0.2.0", "counter": 2, "at": "2026-11-25T10:00:00Z", "reason": "unhealthy"}]
    tell(webui, history=[failed, ROW], denied=denied, decision=OFFERED | {"waits": ["denied"]})
    page = admin.get("/health")
    assert "Taken back by itself" in page.shown
    assert "The last lines of its log Traceback <here>" in page.shown
    assert "Allow it again 0.2.0" in page.shown
    assert "Left alone" in page.shown


def test_without_the_engine_the_commands_are_shown(webui: RunningWebUi) -> None:
    admin = webui.admin()
    command = "docker pull registry.example.com/dca@sha256:1\ndocker compose --file compose/site.yaml up --detach"
    tell(webui, decision=OFFERED | {"waits": ["cannot"]}, command=command)
    page = admin.get("/health")
    assert command in page.text
    assert "Install now" not in page.shown


def test_where_a_person_is_waited_for_the_host_can_be_told_to_install(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui, decision=OFFERED | {"waits": ["cannot", "approval"]})
    assert "Have the host install it" in admin.get("/health").shown
    tell(webui, decision=OFFERED | {"waits": ["cannot"]})
    assert "Have the host install it" not in admin.get("/health").shown


def test_one_goes_back_to_what_was_there_before_and_not_to_what_was_denied(webui: RunningWebUi) -> None:
    admin = webui.admin()
    installed = ROW | {"to_version": installed_version()}
    tell(webui, history=[installed])
    assert "Roll back to 0.0.9" in admin.get("/health").shown
    denied = [{"config": "sha256:1", "version": "0.0.9", "counter": 1, "at": "2026-11-25T10:00:00Z", "reason": "taken back"}]
    tell(webui, history=[installed], denied=denied)
    assert "Roll back" not in admin.get("/health").shown
    tell(webui, history=[ROW | {"to_version": "7.0.0"}])
    assert "Roll back" not in admin.get("/health").shown


def test_window_and_hold_are_kept_and_what_is_wrong_is_said(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    admin.post("/health/versions/schedule", {"window": "1:00-4:00", "hold_until": "2026-12-24"})
    update = webui.store.effective().settings.update
    assert (update.window, str(update.hold_until)) == ("01:00-04:00", "2026-12-24")
    wrong = admin.post("/health/versions/schedule", {"window": "at night", "hold_until": ""})
    assert (wrong.status, "is no window" in wrong.shown) == (422, True)
    wrong = admin.post("/health/versions/schedule", {"window": "", "hold_until": "tomorrow"})
    assert wrong.status == 422
    admin.post("/health/versions/schedule", {"window": "", "hold_until": ""})
    update = webui.store.effective().settings.update
    assert (update.window, update.hold_until) == ("", None)


def test_a_window_of_the_hosting_server_says_so_and_one_of_the_environment_is_read_only(start_webui: Any) -> None:
    webui = start_webui(DCA_UPDATE_WINDOW="22:00-05:00")
    admin = webui.admin()
    tell(webui)
    page = admin.get("/health").shown
    assert "Fixed by DCA_UPDATE_WINDOW" in page


def upload(
    webui: RunningWebUi,
    visitor: Visitor,
    body: bytes,
    query: str = "",
    *,
    length: int | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> http.client.HTTPResponse:
    """Send a bundle as the script does; return the answer, which has been read."""
    token = visitor.form_token("/health" if visitor.cookies.get("dca_session") else "/login")
    connection = http.client.HTTPConnection("127.0.0.1", webui.port, timeout=30)
    sent = {
        "Host": f"localhost:{webui.port}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(len(body) if length is None else length),
        "X-XSRFToken": token,
        "Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in visitor.cookies.items()),
    } | dict(headers)
    connection.request("POST", f"/health/versions/bundle{query}", body, sent)
    if length is not None and length > len(body):
        connection.close()
        return None  # type: ignore[return-value]
    answer = connection.getresponse()
    answer.text = answer.read().decode()  # type: ignore[attr-defined]
    connection.close()
    return answer


def said(answer: http.client.HTTPResponse) -> str:
    return str(json.loads(answer.text)["error"])  # type: ignore[attr-defined]


def test_a_bundle_is_written_as_it_comes_and_handed_to_the_supervisor(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    body = bytes(range(256)) * 40_000  # ten times what a form may have
    answer = upload(webui, admin, body, "?allow_expired=on")
    assert answer.status == 200
    assert webui.paths.bundle.read_bytes() == body
    assert webui.paths.bundle.stat().st_mode & 0o777 == 0o600
    assert webui.supervisor.called("/v1/update/bundle") == [{"path": str(webui.paths.bundle), "by": "admin", "allow_expired": True}]
    assert "The bundle was taken" in admin.get("/health").shown


def test_what_the_supervisor_says_against_a_bundle_is_told(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    webui.supervisor.refusals["/v1/update/bundle"] = "An installation is under way already."
    answer = upload(webui, admin, b"bundle")
    assert (answer.status, said(answer)) == (409, "An installation is under way already.")


def test_a_bundle_larger_than_the_room_for_it_is_refused_before_it_comes(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    token = admin.form_token("/health")
    connection = http.client.HTTPConnection("127.0.0.1", webui.port, timeout=30)
    connection.putrequest("POST", "/health/versions/bundle", skip_host=True)
    cookies = "; ".join(f"{name}={cookie.value}" for name, cookie in admin.cookies.items())
    for name, value in {
        "Host": f"localhost:{webui.port}",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(1 << 50),
        "X-XSRFToken": token,
        "Cookie": cookies,
    }.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert "more than there is room for" in answer.read().decode()
    connection.close()
    assert not webui.paths.bundle.parent.exists()


def test_a_bundle_whose_sender_is_gone_leaves_nothing_behind_and_the_next_one_is_taken(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    gone = threading.Event()
    upload(webui, admin, b"x" * 100_000, length=200_000)
    for _ in range(200):
        if not webui.services.taking_bundle and webui.paths.bundle.parent.exists():
            gone.set()
            break
        gone.wait(0.05)
    assert gone.is_set()
    assert list(webui.paths.bundle.parent.iterdir()) == []
    assert upload(webui, admin, b"whole").status == 200
    assert webui.paths.bundle.read_bytes() == b"whole"


def test_a_form_of_a_browser_without_scripts_is_told_of_the_command(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    answer = upload(webui, admin, b"--x--", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (answer.status, "dca update bundle FILE" in said(answer)) == (415, True)


def test_a_bundle_needs_the_token_of_a_page_of_ours(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui)
    assert upload(webui, admin, b"bundle", headers={"X-XSRFToken": "2|0|0|0"}).status == 403
    assert webui.supervisor.called("/v1/update/bundle") == []


def test_the_page_has_a_place_for_each_stage_and_each_outcome(webui: RunningWebUi) -> None:
    admin = webui.admin()
    for stage in ("checking", "loading", "preflight", "preparing", "switching", "finishing", "rolling_back", "stuck"):
        tell(webui, progress=progress(stage), installing="0.2.0")
        assert re.search(r"Version 0\.2\.0: [A-Z]", admin.get("/health/versions").shown)
    for outcome in ("failed", "refused", "superseded", "stuck"):
        tell(webui, history=[ROW | {"outcome": outcome}])
        assert outcome not in admin.get("/health/versions/read").shown


@pytest.mark.parametrize(
    ("command", "said", "not_said"),
    [
        ("docker pull registry.example/dca@sha256:00", "named by its digest", "archive of the image"),
        ("docker load --input dca-appliance-0.2.0.tar.gz", "in the folder with the archive of the image", "digest"),
    ],
)
def test_how_to_install_by_hand_fits_the_commands(webui: RunningWebUi, command: str, said: str, not_said: str) -> None:
    admin = webui.admin()
    tell(webui, command=command)
    shown = admin.get("/health").shown
    assert said in shown
    assert not_said not in shown


def test_a_bundle_whose_version_is_not_known_yet_is_called_a_bundle(webui: RunningWebUi) -> None:
    admin = webui.admin()
    tell(webui, installing="a bundle", progress=progress("checking"), history=[ROW | {"to_version": ""}])
    shown = admin.get("/health").shown
    assert "A bundle: Checking" in shown
    assert "Version a bundle" not in shown
    assert "→" not in shown
