"""The collector's own cycle, step by step: `python -m benchmarks._collecting` does what standard input says.

Each line is `sweep`, `read` (the known devices), `full` (the same, all of them in full) or `idle SECONDS`; the answer is one line
of JSON: the scan, the processor time it took, and the memory of the process. Settings come from the environment, as in a
container; the store is the real one.
"""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.common.log import configure_logging
from appliance.common.paths import Paths
from appliance.privacy.outgoing import Masking
from appliance.reading.definitions.definitions import builtin_definitions
from appliance.service.collector.collector_notes import CollectorNotes
from appliance.service.collector.problems import Problems
from appliance.service.collector.threads import StoreThread
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.reading_writer import ReadingWriter
from appliance.service.scans.scan_run import ScanRun
from appliance.service.scans.scan_service import ScanService
from appliance.settings.store import SettingsStore
from appliance.snmp.client import Templates


def memory() -> dict[str, int]:
    """Return PSS and the highest resident memory of this process, in bytes."""
    rollup = Path("/proc/self/smaps_rollup").read_text()
    status = Path("/proc/self/status").read_text()
    return {"pss": _kibibytes(rollup, "Pss:"), "peak": _kibibytes(status, "VmHWM:")}


def _kibibytes(text: str, name: str) -> int:
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(name))


class Collecting:
    """Scans of the service, on request."""

    def __init__(self, paths: Paths) -> None:
        self._settings = settings = SettingsStore(paths.settings).effective().settings
        self._problems = Problems()
        self._templates = Templates()
        self._store = StoreThread(paths.readings)
        notes = CollectorNotes(self._store, self._problems)
        self._writer = ReadingWriter(self._store, self._problems, lambda: Masking.of(settings.privacy, paths.trust))
        self._scanning = ScanService(settings, self._writer, notes, lambda _scan: None)

    async def step(self, words: list[str]) -> dict[str, Any]:
        """Do one step and return what it came to."""
        began, cpu_began = time.perf_counter(), time.process_time()
        scan = None
        if words[0] == "idle":
            await asyncio.sleep(float(words[1]))
        elif words[0] == "sweep":
            scan = self._scanning.start_sweep()
        elif words[0] == "read":
            scan = self._scanning.start_read(await self._scanning.known())
        else:
            scan = Scan("read")
            options = replace(ScanOptions.from_settings(self._settings), definitions=builtin_definitions())
            kept = ScanMemory(templates=self._templates)
            await ScanRun(options, scan, self._writer.keep, memory=kept).read(await self._scanning.known())
        await self._scanning.scans.wait()
        await self._writer.drain()
        took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu_began}
        return {**(scan.as_json() if scan else {}), **took, **memory(), "problems": self._problems.as_json()}

    async def serve(self) -> None:
        """Do each step that standard input names, until its end."""
        await self._scanning.recall()
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await self.step(line.split())), flush=True)
        await self._scanning.scans.stop()
        await self._writer.stop()
        await self._store.close()


def main() -> int:
    """Serve until the end of standard input."""
    configure_logging("benchmark", level="ERROR", stream=sys.stderr)
    paths = Paths.from_environment()
    paths.prepare()
    asyncio.run(Collecting(paths).serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
