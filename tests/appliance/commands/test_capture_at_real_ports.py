"""`dca capture` and `dca read --recording` as people type them, in a network of its own: printers have their real ports there."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.children import run_child
from tests.conftest import ROOT
from tests.namespaces import UNSHARE, require_namespaces

SCRIPT = """
set -eu
ip link set lo up
python -m simulator serve --port 161 --web --tls-version 1.0 --advance 0 --snmp-off xerox --ready-file ready.json >&2 &
simulator=$!
trap 'kill $simulator; wait $simulator' EXIT
while [ ! -e ready.json ]; do kill -0 $simulator; sleep 0.05; done
dca() { python -c 'import sys; from appliance.commands.cli import main; sys.exit(main())' "$@"; }
dca capture 127.0.42.1 --out hp.snmprec
dca capture 127.0.42.8 --out xerox.snmprec
dca capture 127.0.42.1 --out masked.snmprec --mask
dca capture 127.0.42.1 --out by-snmp.snmprec --no-http
dca read 127.0.42.1 127.0.42.8 --json >live.json
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_namespaces("ip -V", "unshare or ip (install util-linux and iproute2)")
    folder = tmp_path_factory.mktemp("captured")
    environment = {
        "DCA_DATA_DIR": str(folder / "none"),
        "DCA_SNMP_TIMEOUT_SECONDS": "0.5",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    finished = run_child([*UNSHARE, "sh", "-c", SCRIPT], environment=environment, folder=folder, deadline=120)
    assert finished.returncode == 0, finished.stderr
    (folder / "stdout").write_text(finished.stdout)
    return folder


def readings(folder: Path, *words: str) -> list[dict[str, Any]]:
    program = "import sys; from appliance.commands.cli import main; sys.exit(main())"
    finished = run_child(["python", "-c", program, "read", "--json", *words], environment={"DCA_DATA_DIR": str(folder / "none")})
    assert finished.returncode == 0, finished.stderr
    return [facts(reading) for reading in json.loads(finished.stdout)["readings"]]


def facts(reading: dict[str, Any]) -> dict[str, Any]:
    device = {name: value for name, value in reading["device"].items() if name not in ("ip", "key")}
    return {"device": device, **{name: reading[name] for name in ("status", "meters", "supplies", "trays", "reasons", "sources")}}


def test_it_says_what_it_has_written(folder: Path) -> None:
    lines = (folder / "stdout").read_text().splitlines()
    assert lines[0].startswith("hp.snmprec: ")
    assert lines[1] == "hp.web.json: 4 answers over HTTP of 127.0.42.1."
    assert lines[2] == "xerox.web.json: 3 answers over HTTP of 127.0.42.8."
    assert lines[3].startswith("There is nothing in it over SNMP: 127.0.42.8 did not answer")
    assert not (folder / "xerox.snmprec").exists()
    assert not (folder / "by-snmp.web.json").exists()


def test_what_was_captured_reads_as_the_devices_did(folder: Path) -> None:
    live = [facts(reading) for reading in json.loads((folder / "live.json").read_text())["readings"]]
    assert readings(folder, "--recording", str(folder / "hp.snmprec")) == live[:1]
    assert readings(folder, "--recording", str(folder / "xerox.web.json")) == live[1:]
    assert all(row["source"].endswith(", LEDM ConsumableConfigDyn") for row in live[0]["supplies"])


def test_a_masked_recording_reads_the_same_but_for_the_place(folder: Path) -> None:
    [live, _] = [facts(reading) for reading in json.loads((folder / "live.json").read_text())["readings"]]
    [masked] = readings(folder, "--recording", str(folder / "masked.snmprec"))
    changed = {name for name, value in live["device"].items() if masked["device"][name] != value}
    assert changed == {"hostname", "location", "mac"}
    assert masked["supplies"] == live["supplies"]
    text = (folder / "masked.web.json").read_text()
    assert [secret for secret in ("Reception", "NPI4E1A07", "127.0.42.1") if secret in text] == []
