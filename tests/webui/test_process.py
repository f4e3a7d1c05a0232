"""The web UI as a process: how it starts, what it says, how it ends, and its accounts from the command line."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.children import run_child, wait_until
from tests.conftest import StartChild
from tests.webui.visitor import Visitor

PASSWORD = "correct horse battery"
COMMAND = ["python", "-P", "-m", "webui"]


def test_the_log_names_the_address_and_the_token_once(start_child: StartChild, environment: dict[str, str]) -> None:
    child = start_child(COMMAND, environment=environment)
    line = json.loads(child.wait_for("First-run setup"))
    port = int(environment["DCA_WEB_PORT"])
    found = re.fullmatch(
        rf"First-run setup: open http://127\.0\.0\.1:{port}/setup and enter this token: ([0-9a-f-]+)", line["event"]
    )
    assert found is not None
    assert len(found[1].replace("-", "")) == 32
    visitor = Visitor(port)
    fields = {"token": found[1], "password": PASSWORD, "password_again": PASSWORD, "name": ""}
    assert visitor.post("/setup", fields, form_page="/setup").location == "/setup/privacy"
    finished = child.stop()
    assert finished.stdout.count(found[1]) == 1
    assert PASSWORD not in finished.stdout


def test_the_token_is_another_one_at_the_next_start(start_child: StartChild, environment: dict[str, str]) -> None:
    tokens = set()
    for _ in range(2):
        child = start_child(COMMAND, environment=environment)
        tokens.add(child.wait_for("First-run setup").split("token: ")[1])
        child.stop()
    assert len(tokens) == 2


def test_it_ends_at_once_with_0_when_asked_even_with_pages_open(start_child: StartChild, environment: dict[str, str]) -> None:
    child = start_child(COMMAND, environment=environment)
    child.wait_for("First-run setup")
    with socket.create_connection(("127.0.0.1", int(environment["DCA_WEB_PORT"]))) as open_page:
        open_page.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert open_page.recv(100)
        child.send(signal.SIGTERM)
        finished = child.wait(5)
    assert finished.returncode == 0
    assert finished.stderr == ""


def test_a_port_in_use_is_one_sentence(start_child: StartChild, environment: dict[str, str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        finished = run_child(COMMAND, environment=environment | {"DCA_WEB_PORT": str(port)})
    assert finished.returncode == 1
    assert finished.stderr.strip() == (
        f"Port {port} is in use by another program, so the web UI cannot start. "
        "Stop that program, or name another port in DCA_WEB_PORT."
    )


def test_an_address_that_is_not_ours_names_the_setting(environment: dict[str, str]) -> None:
    finished = run_child(COMMAND, environment=environment | {"DCA_WEB_BIND": "192.0.2.1"})
    assert finished.returncode == 1
    assert "DCA_WEB_BIND" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_setting_that_cannot_be_used_is_one_sentence(environment: dict[str, str]) -> None:
    finished = run_child(COMMAND, environment=environment | {"DCA_TRUSTED_PROXIES": "my-proxy"})
    assert finished.returncode == 1
    assert "DCA_TRUSTED_PROXIES" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_it_speaks_the_notify_protocol(start_child: StartChild, environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(tmp_path / "notify"))
        supervisor.settimeout(30)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        child = start_child(COMMAND, environment=environment | told)
        messages = [supervisor.recv(4096).decode() for _ in range(4)]
        assert messages[0].startswith("READY=1\nSTATUS=serving on port")
        assert messages[1:] == ["WATCHDOG=1"] * 3
        child.send(signal.SIGTERM)
        while "STOPPING=1" not in messages:
            messages.append(supervisor.recv(4096).decode())


def test_the_environment_can_set_it_up_unattended(start_child: StartChild, environment: dict[str, str], tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text(f"{PASSWORD}\n")
    child = start_child(COMMAND, environment=environment | {"DCA_ADMIN_PASSWORD_FILE": str(secret)})
    child.wait_for("the web UI is ready")
    visitor = Visitor(int(environment["DCA_WEB_PORT"]))
    assert visitor.get("/setup").status == 404
    assert visitor.post("/login", {"user": "admin", "password": PASSWORD}).location == "/"
    finished = child.stop()
    assert "First-run setup" not in finished.stdout
    assert PASSWORD not in finished.stdout


def test_a_poor_password_of_the_environment_is_refused(environment: dict[str, str]) -> None:
    finished = run_child(COMMAND, environment=environment | {"DCA_ADMIN_PASSWORD": "short"})
    assert finished.returncode == 1
    assert finished.stderr.startswith("DCA_ADMIN_PASSWORD cannot be used. The password is too short.")


def _reset(environment: dict[str, str], password: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "webui", "admin", "reset-password", *words]
    return subprocess.run(
        command, input=password, capture_output=True, text=True, env=environment | {"PATH": ""}, check=False, timeout=60
    )


def test_a_lost_password_is_replaced_and_all_sessions_end(start_child: StartChild, environment: dict[str, str]) -> None:
    child = start_child(COMMAND, environment=environment | {"DCA_ADMIN_PASSWORD": PASSWORD})
    child.wait_for("the web UI is ready")
    visitor = Visitor(int(environment["DCA_WEB_PORT"]))
    visitor.post("/login", {"user": "admin", "password": PASSWORD})
    assert visitor.get("/").status == 200
    finished = _reset(environment, "another good one\n")
    assert finished.returncode == 0, finished.stderr
    assert "another good one" not in finished.stdout
    assert visitor.get("/").location == "/login"
    assert visitor.post("/login", {"user": "admin", "password": PASSWORD}).status == 401
    assert visitor.post("/login", {"user": "admin", "password": "another good one"}).status == 303


def test_the_password_can_be_reset_while_the_web_ui_is_down(start_child: StartChild, environment: dict[str, str]) -> None:
    assert _reset(environment, f"{PASSWORD}\n").returncode == 0
    child = start_child(COMMAND, environment=environment)
    child.wait_for("the web UI is ready")
    assert Visitor(int(environment["DCA_WEB_PORT"])).post("/login", {"user": "admin", "password": PASSWORD}).status == 303


def test_resetting_says_what_is_wrong(environment: dict[str, str]) -> None:
    assert "too short" in _reset(environment, "short\n").stderr
    assert _reset(environment, f"{PASSWORD}\n").returncode == 0
    finished = _reset(environment, f"{PASSWORD}\n", "--user", "nobody")
    assert finished.returncode == 1
    assert "The accounts are: admin." in finished.stderr


def test_open_pages_find_the_next_process(start_child: StartChild, environment: dict[str, str]) -> None:
    environment = environment | {"DCA_ADMIN_PASSWORD": PASSWORD}
    first = start_child(COMMAND, environment=environment)
    first.wait_for("the web UI is ready")
    visitor = Visitor(int(environment["DCA_WEB_PORT"]))
    visitor.post("/login", {"user": "admin", "password": PASSWORD})
    first.send(signal.SIGKILL)
    wait_until("the first process has ended", lambda: not first.running)
    start_child(COMMAND, environment=environment).wait_for("the web UI is ready")
    assert visitor.get("/").status == 200


def _memory_kb(pid: int, name: str) -> int:
    """Return a figure of the memory of a process (proc(5)): `VmRSS` now, `VmHWM` at its highest."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def test_the_memory_of_a_password_check_is_given_back(start_child: StartChild, environment: dict[str, str]) -> None:
    child = start_child(COMMAND, environment=environment | {"DCA_ADMIN_PASSWORD": PASSWORD})
    child.wait_for("the web UI is ready")
    visitor = Visitor(int(environment["DCA_WEB_PORT"]))
    assert visitor.post("/login", {"user": "admin", "password": PASSWORD}).location == "/"
    assert _memory_kb(child.pid, "VmHWM") - _memory_kb(child.pid, "VmRSS") > 15_000


@pytest.mark.parametrize("published", ["9123", "80"])
def test_the_first_run_names_the_port_that_the_host_publishes(
    start_child: StartChild, environment: dict[str, str], published: str
) -> None:
    child = start_child(COMMAND, environment=environment | {"DCA_PORT": published, "DCA_BASE_PATH": "/dca/"})
    assert f"open http://127.0.0.1:{published}/dca/setup and enter this token" in child.wait_for("First-run setup")


def test_what_is_no_port_is_not_named(start_child: StartChild, environment: dict[str, str]) -> None:
    child = start_child(COMMAND, environment=environment | {"DCA_PORT": "127.0.0.1:9123"})
    assert f"open http://127.0.0.1:{environment['DCA_WEB_PORT']}/setup" in child.wait_for("First-run setup")
