"""`python -m simulator.demo`, the product in one command: it works, and it leaves nothing behind, however it ends."""

import hashlib
import json
import os
import re
import signal
import socket
import ssl
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.children import Child, run_child, wait_until
from tests.conftest import ROOT, StartChild
from tests.requirement import missing

pytestmark = [pytest.mark.timeout(300)]

DEMO = ["python", "-m", "simulator.demo"]
WHOLE = 200.0
"""Seconds for a whole demo on a machine that does other things as well; alone it takes about 15."""


def left_behind(temporary: Path) -> list[str]:
    """Return the processes that were started with TMPDIR=`temporary` and still run, and what lies in that folder."""
    mark = f"TMPDIR={temporary}".encode()
    found = [entry.name for entry in temporary.iterdir()]
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:  # it ended meanwhile
                continue
    return found


def start(start_child: StartChild, temporary: Path, *words: str) -> Child:
    return start_child([*DEMO, *words], environment={"TMPDIR": str(temporary)}, folder=ROOT)


def test_the_demo_brings_every_item_of_13_printers_to_the_hosting_server(tmp_path: Path) -> None:
    temporary, kept = tmp_path / "temporary", tmp_path / "kept"
    temporary.mkdir()
    command = [*DEMO, "--check", "--keep", str(kept)]
    finished = run_child(command, environment={"TMPDIR": str(temporary)}, folder=ROOT, deadline=WHOLE)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = re.findall(r"^.*\b127\.0\.42\.\d+ .*$", finished.stdout.partition("DEVICE")[2], re.MULTILINE)
    assert len(rows) == 13
    checked = re.search(r"^Checked: (\d+) items, each as its printer says it\.$", finished.stdout, re.MULTILINE)
    assert checked
    assert finished.stderr == ""
    assert left_behind(temporary) == []
    if "IPP and web pages are left out" in finished.stdout:
        missing("the TCP ports of printers (631, 80, 443) cannot be used here")
    assert f"every device at the hosting server, {checked[1]} in all" in (ROOT / "README.md").read_text()
    asked = json.loads((kept / "asked.json").read_text())
    _nobody_asked_about_people(asked)
    _read_without_snmp(asked)
    [enrolment] = json.loads((kept / "appliance" / "settings.json").read_text())["enrolment"].values()
    root = (kept / "hosting" / "repository" / "metadata" / "1.root.json").read_bytes()
    assert enrolment["root_sha256"] == hashlib.sha256(root).hexdigest(), "it can verify what is published in the console"


def _read_without_snmp(asked: dict[str, Any]) -> None:
    """The first printer, which has SNMP off, was found and read by IPP and its documents alone."""
    first = asked["127.0.42.1"]
    assert "requests" not in first
    documents = [f"GET 80 /DevMgmt/{name}.xml" for name in ("ConsumableConfigDyn", "ProductConfigDyn", "ProductUsageDyn")]
    assert set(first["web"]) == {"POST 631 /ipp/print", *documents}


def _nobody_asked_about_people(asked: dict[str, Any]) -> None:
    """Nothing was set, and nothing asked of what printers know about jobs, their owners and whom they talk to."""
    private = json.loads(run_child(["python", "-m", "simulator", "truth"]).stdout)["never_ask"]
    assert len(asked) == 13
    for printer in [printer for address, printer in asked.items() if address != "127.0.42.1"]:
        assert "set" not in printer["requests"]
        assert printer["asked"]
        assert [oid for oid in printer["asked"] if any(f"{oid}.".startswith(f"{tree}.") for tree in private)] == []


def test_it_stays_until_ctrl_c_with_both_web_pages_and_leaves_nothing_behind(start_child: StartChild, tmp_path: Path) -> None:
    demo = start(start_child, tmp_path)
    demo.wait_for("Ctrl-C ends it all", WHOLE)
    appliance = re.search(r"http://localhost:\d+/", demo.stdout)
    hosting = re.search(r"(https://localhost:\d+/)   \(its private authority: (.*)\)", demo.stdout)
    assert appliance
    assert hosting
    assert re.search(r"Log in to both  admin, password \S{16}\n", demo.stdout)
    with urllib.request.urlopen(appliance[0], timeout=20) as page:
        assert b"password" in page.read()
    with urllib.request.urlopen(hosting[1], timeout=20, context=ssl.create_default_context(cafile=hosting[2])) as page:
        assert b"password" in page.read()
    demo.send(signal.SIGINT)
    finished = demo.wait(40)
    assert finished.returncode == 0, finished.stderr
    assert "Everything is stopped and removed." in finished.stdout
    assert left_behind(tmp_path) == []


def test_a_closed_terminal_ends_it_and_leaves_nothing_behind(start_child: StartChild, tmp_path: Path) -> None:
    demo = start(start_child, tmp_path)
    demo.wait_for("Appliance started", WHOLE)
    demo.send(signal.SIGHUP)
    assert demo.wait(40).returncode == 130
    assert left_behind(tmp_path) == []


def test_where_the_ports_of_printers_are_taken_all_answer_snmp(start_child: StartChild, tmp_path: Path) -> None:
    try:
        taken = socket.create_server(("127.0.42.1", 631))
    except PermissionError:
        missing("the TCP ports of printers (631, 80, 443) cannot be used here")
    with taken:
        demo = start(start_child, tmp_path)
        demo.wait_for("Hosting server set up", WHOLE)
        demo.send(signal.SIGHUP)
        demo.wait(40)
    assert "13 printers answer SNMP at 127.0.42.1" in demo.stdout
    assert "IPP and web pages are left out, for TCP port 631 cannot be used here: Address already in use" in demo.stdout


def test_a_process_that_dies_is_told_with_its_last_lines(start_child: StartChild, tmp_path: Path) -> None:
    demo = start(start_child, tmp_path)
    demo.wait_for("Hosting server answers", WHOLE)
    simulator = re.compile(rb"dca-simulator\0serve\0")
    for process in Path("/proc").iterdir():
        own = process.name.isdigit() and f"TMPDIR={tmp_path}".encode() in _environment(process)
        if own and simulator.search((process / "cmdline").read_bytes()):
            os.kill(int(process.name), signal.SIGKILL)
    finished = demo.wait(60)
    assert finished.returncode == 1
    assert "13 printers answer at" in finished.stderr
    assert "The simulator ended early (signal 9)." in finished.stderr
    assert "Traceback" not in finished.stderr
    assert left_behind(tmp_path) == []


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    finished = run_child([*DEMO, "--keep", tmp_path], folder=ROOT)
    assert finished.returncode == 1
    assert finished.stderr == f"The folder {tmp_path} is not empty. Name a new one with --keep.\n"


def test_a_kept_folder_holds_logs_and_databases_even_where_sockets_need_a_shorter_path(
    start_child: StartChild, tmp_path: Path
) -> None:
    kept = tmp_path / ("a-folder-with-a-long-name-" * 4) / "demo"
    demo = start_child([*DEMO, "--keep", kept], folder=ROOT)
    demo.wait_for("devices at the hosting server", WHOLE)
    wait_until("the collector keeps its readings", (kept / "appliance" / "readings.db").exists, 60)
    demo.send(signal.SIGTERM)
    assert demo.wait(40).returncode == 130
    assert (kept / "hosting" / "hosting.db").exists()
    assert {"simulator.log", "hosting-server.log", "appliance.log"} <= {file.name for file in (kept / "logs").iterdir()}
