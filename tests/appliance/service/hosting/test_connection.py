"""The collector and its hosting server: enrolment, uploads, check-ins and commands, with a server that comes and goes."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.common.errors import ControlError
from tests.appliance.collector import Site
from tests.appliance.hosting_server import Hosting
from tests.children import wait_until
from tests.conftest import FreePort, StartChild

QUICK = {"DCA_CHECK_IN_SECONDS": "5", "DCA_UPLOAD_SECONDS": "1"}


@pytest.fixture
def sending_site(ready_site: Site, hosting: Hosting) -> Site:
    """Return a site that trusts `hosting` and is in a hurry."""
    ready_site.variables |= {"DCA_HOSTING_CA_FILE": str(hosting.authority), **QUICK}
    return ready_site


def kept(site: Site) -> list[tuple[str, str]]:
    return sorted(site.rows("SELECT device_key, taken_at FROM reading"))


def test_a_site_enrols_by_its_environment_scans_and_sends_every_reading(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    sending_site.start()
    sending_site.wait_for_scan()
    wait_until("all readings have arrived", lambda: len(hosting.readings()) == 4)
    assert hosting.readings() == kept(sending_site)
    wait_until("nothing waits", lambda: sending_site.status()["outbox"] == {"readings": 0, "oldest_at": None})
    status = sending_site.status()["hosting"]
    assert status["enrolled"]
    assert status["url"] == f"https://127.0.0.1:{hosting.port}"
    assert status["last_contact_at"]
    assert status["last_error"] is None
    assert not status["insecure"]


def test_a_check_in_tells_the_state_of_the_site(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.variables |= {
        "DCA_ENROLMENT": hosting.enrolment(),
        "DCA_HEALTH_CHECK": "off",
        "DCA_UPDATE": "config",
        "TZ": "Europe/Berlin",
    }
    sending_site.start()
    wait_until("the scan was told", lambda: (hosting.state().get("last_scan") or {}).get("read") == 4)
    state = hosting.state()
    assert state["devices"] == {"known": 4, "answering": 4}
    assert state["health_check"] is False
    assert state["update"] == {"level": "config", "support_bundle": False}
    assert state["problems"] == []
    assert state["time_zone"] == "Europe/Berlin"
    assert "outbox" in state
    assert {purpose for purpose, bytes_ in state["traffic"].items() if bytes_ > 1000} >= {"sweep", "first_read"}


def test_what_the_hosting_server_costs_is_told_at_once_and_kept_at_the_end(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    collector = sending_site.start()
    sending_site.wait_for_scan()
    wait_until("all readings have arrived", lambda: len(hosting.readings()) == 4)
    wait_until("nothing waits", lambda: not sending_site.status()["outbox"]["readings"])
    told = sending_site.call("GET", "/v1/traffic")
    [day] = told["days"]
    assert {"sweep", "first_read", "upload", "check_in"} <= set(day["traffic"])
    assert day["traffic"]["upload"]["bytes_sent"] > day["traffic"]["upload"]["bytes_received"] > 0
    assert told["since_start"] == day["traffic"]
    assert told["last_day"] == {purpose: bytes_of(counted) for purpose, counted in day["traffic"].items()}
    wait_until("it checks in again", lambda: sending_site.call("GET", "/v1/traffic")["since_start"] != told["since_start"])
    assert collector.stop().returncode == 0
    [(kept,)] = sending_site.rows("SELECT bytes_sent + bytes_received FROM traffic WHERE purpose = 'check_in'")
    assert kept > bytes_of(day["traffic"]["check_in"])


def bytes_of(counted: dict[str, int]) -> int:
    return counted["bytes_sent"] + counted["bytes_received"]


def test_the_server_may_come_later_than_the_site(sending_site: Site, hosting: Hosting) -> None:
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    child = sending_site.start()
    wait_until("the trouble is told", lambda: sending_site.problem("enrolment"))
    problem = sending_site.problem("enrolment")
    assert problem is not None
    assert "refuses the connection" in problem
    assert not sending_site.status()["hosting"]["enrolled"]
    sending_site.wait_for_scan()
    hosting.start()
    wait_until("all readings have arrived", lambda: len(hosting.readings()) == 4)
    assert sending_site.problem("enrolment") is None
    assert sending_site.status()["pid"] == child.pid


def test_readings_wait_while_the_server_is_away_and_arrive_exactly_once(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    sending_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    hosting.stop()
    sending_site.scan_to_the_end()
    wait_until("the trouble is told", lambda: sending_site.problem("hosting"))
    assert sending_site.status()["outbox"]["readings"] == 4
    hosting.start()
    sending_site.call("POST", "/v1/upload")
    wait_until("nothing waits", lambda: sending_site.status()["outbox"]["readings"] == 0)
    assert hosting.readings() == kept(sending_site)
    assert len(hosting.readings()) == 8
    assert sending_site.problem("hosting") is None


def test_moving_to_another_server_takes_what_waits_along(
    sending_site: Site, hosting: Hosting, tmp_path: Path, free_port: FreePort, start_child: StartChild
) -> None:
    hosting.start()
    other = Hosting(tmp_path / "other", free_port(), start_child).prepare()
    other.start()
    both = tmp_path / "both.pem"
    both.write_bytes(hosting.authority.read_bytes() + other.authority.read_bytes())
    sending_site.variables |= {"DCA_HOSTING_CA_FILE": str(both), "DCA_ENROLMENT": hosting.enrolment()}
    sending_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    key = (sending_site.data / "trust" / "request.key").read_bytes()
    hosting.stop()
    sending_site.scan_to_the_end()
    assert sending_site.status()["outbox"]["readings"] == 4
    (tmp_path / "string").write_text(other.enrolment())
    finished = sending_site.dca("enrol", "--file", tmp_path / "string")
    assert finished.returncode == 0, finished.stderr
    wait_until("what waited has arrived at the other server", lambda: len(other.readings()) == 4)
    assert sorted(hosting.readings() + other.readings()) == kept(sending_site)
    assert sending_site.status()["hosting"]["site_id"] == other.site_id
    assert (sending_site.data / "trust" / "request.key").read_bytes() == key


def test_a_refused_code_is_a_problem_and_no_crash(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    code = hosting.enrolment().replace("#enrol=", "#enrol=wrong")
    sending_site.variables["DCA_ENROLMENT"] = code
    sending_site.start()
    wait_until("the refusal is told", lambda: sending_site.problem("enrolment"))
    problem = sending_site.problem("enrolment")
    assert problem is not None
    assert "does not accept the enrolment code" in problem
    assert "DCA_ENROLMENT" in problem
    assert code.partition("=")[2] not in problem
    assert code.partition("=")[2] not in (sending_site.data / "logs" / "collector.log").read_text()
    assert sending_site.wait_for_scan()["read"] == 4


def test_enrolling_over_the_control_socket(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.start()
    with pytest.raises(ControlError, match="not enrolled"):
        sending_site.call("POST", "/v1/upload")
    with pytest.raises(ControlError, match="no enrolment string"):
        sending_site.call("POST", "/v1/enrol", {"enrolment": "hosting.example.com"})
    answer = sending_site.call("POST", "/v1/enrol", {"enrolment": hosting.enrolment()})
    assert answer == {"site_id": hosting.rows("SELECT site_id FROM site")[0][0], "url": f"https://127.0.0.1:{hosting.port}"}
    wait_until("all readings have arrived", lambda: len(hosting.readings()) == 4)


def test_scan_now_of_the_server_is_obeyed(sending_site: Site, hosting: Hosting) -> None:
    hosting.start()
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    sending_site.start()
    first = sending_site.wait_for_scan()
    hosting.order("scan_now")
    wait_until("it was scanned again", lambda: sending_site.status()["last_scan"]["id"] != first["id"])
    assert sending_site.status()["last_scan"]["kind"] == "sweep"


@pytest.mark.parametrize(("level", "taken"), [("auto", True), ("config", True), ("off", False)])
def test_intervals_of_the_server_are_taken_unless_updates_are_off(site: Site, hosting: Hosting, level: str, taken: bool) -> None:
    hosting.start()
    site.variables |= {
        "DCA_HOSTING_CA_FILE": str(hosting.authority),
        "DCA_ENROLMENT": hosting.enrolment(),
        "DCA_UPDATE": level,
    }
    site.start()
    wait_until("the first check-in was made", hosting.state)
    # The layer is written after the answer; a second contact comes after that.
    site.call("POST", "/v1/upload")
    if taken:
        wait_until("the intervals were taken", lambda: "hosting.upload_seconds" in layers(site, "hosting"))
        assert layers(site, "hosting") == {"hosting.check_in_seconds", "hosting.upload_seconds"}
    else:
        site.call("POST", "/v1/reload")
        assert layers(site, "hosting") == set()


def test_plain_http_is_a_standing_warning(sending_site: Site, hosting: Hosting) -> None:
    hosting.start("--http")
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment("http")
    sending_site.start()
    wait_until("all readings have arrived", lambda: len(hosting.readings()) == 4)
    problem = sending_site.problem("insecure_hosting")
    assert problem is not None
    assert "without encryption" in problem
    assert sending_site.status()["hosting"]["insecure"]


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Yield the port of a server that takes connections and never says anything."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in taken:
            connection.close()


def test_a_call_that_hangs_does_not_hold_up_the_end(site: Site, silent_server: int) -> None:
    site.variables["DCA_ENROLMENT"] = f"http://127.0.0.1:{silent_server}#enrol=CODE1234"
    child = site.start()
    began = time.monotonic()
    finished = child.stop()
    assert finished.returncode == 0
    assert time.monotonic() - began < 4


def test_another_address_of_the_server_is_taken_from_the_settings(
    sending_site: Site, hosting: Hosting, free_port: FreePort
) -> None:
    hosting.start()
    sending_site.variables["DCA_ENROLMENT"] = hosting.enrolment()
    sending_site.start()
    wait_until("the first readings have arrived", lambda: len(hosting.readings()) == 4)
    hosting.stop()
    hosting.port = free_port()
    hosting.start()
    sending_site.set(f"hosting.url=https://127.0.0.1:{hosting.port}")
    sending_site.scan_to_the_end()
    wait_until("the next ones have arrived", lambda: len(hosting.readings()) == 8)


def layers(site: Site, name: str) -> set[str]:
    """Return the settings that the layer `name` decides."""
    shown = json.loads(site.dca("settings", "show", "--json").stdout)
    return {path for path, told in shown.items() if told["layer"] == name}
