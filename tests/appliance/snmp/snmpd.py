"""net-snmp's agent with SNMPv3 users, on a free port of loopback."""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.ports import free_port
from tests.requirement import missing

Configuration = Callable[[int], str]
"""Makes snmpd.conf for an agent on a port."""


def snmpd_path() -> str:
    """Return where snmpd is; skip the test without it."""
    found = shutil.which("snmpd") or shutil.which("snmpd", path="/usr/sbin:/sbin")
    if found is None or shutil.which("snmpbulkwalk") is None:
        missing("net-snmp (snmpd and its commands) is not installed")
    return found


class Snmpd:
    """An agent that can be restarted; its engine ID and number of starts are kept in `folder`."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        self._program = snmpd_path()
        self._folder = folder
        self.port = free_port("udp")
        self.configure(configuration)
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, configuration: Configuration) -> None:
        """Write the configuration, and forget what earlier starts have kept."""
        (self._folder / "snmpd.conf").write_text(configuration(self.port))
        shutil.rmtree(self._folder / "state", ignore_errors=True)

    def start(self) -> None:
        """Start it and wait until it answers (SNMPv2c, community `public`)."""
        folder = self._folder
        environment = {"SNMP_PERSISTENT_DIR": str(folder / "state"), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        # What earlier starts have kept holds the engine ID and their number.
        files = [str(file) for file in (folder / "snmpd.conf", folder / "state" / "snmpd.conf") if file.exists()]
        command = [self._program, "-f", "-Lf", str(folder / "log"), "-C", "-c", ",".join(files)]
        command += ["-p", str(folder / "pid"), "-I", "-smux", f"udp:127.0.0.1:{self.port}"]
        self._process = subprocess.Popen(command, env=environment)
        deadline = time.monotonic() + 60
        ask = ["snmpget", "-v2c", "-c", "public", "-t", "0.5", "-r", "0", f"127.0.0.1:{self.port}", "1.3.6.1.2.1.1.1.0"]
        while subprocess.run(ask, capture_output=True, check=False).returncode:
            assert self._process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "snmpd does not answer"

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
