"""A short run of the upload benchmark: what it prints is what was counted on the wire."""

import json
import shutil
import subprocess

from tests.children import run_child
from tests.conftest import ROOT
from tests.requirement import missing


def test_uploads_and_check_ins_are_measured_on_the_wire() -> None:
    if shutil.which("nft", path="/usr/sbin:/usr/bin") is None:
        missing("nftables is not installed")
    if subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True, check=False).returncode:
        missing("network namespaces cannot be made")
    finished = run_child(["python", "-m", "benchmarks", "upload", "--sizes", "3", "--json"], folder=ROOT, deadline=120)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    full, changes = told["uploads"]
    assert changes["body"] < full["body"] / 2
    for row in (full, changes):
        assert row["body"] < row["wire"]["kept alive"] < row["wire"]["resumed"] < row["wire"]["fresh"]
    # The certificates are not sent again.
    assert full["wire"]["fresh"] - full["wire"]["resumed"] > 200
    unchanged = told["check_in"]["unchanged"]
    assert 500 < unchanged["bytes"] - 52 * unchanged["packets"] <= 1000
    assert told["check_in"]["another state"]["bytes"] > unchanged["bytes"]
