"""Simulated printers on loopback and a collector that reads them, for benchmarks that need no network of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks._children import environment, python

BASE = "127.96.0.1"
"""Apart from the addresses of the demo and of tests."""


@dataclass(frozen=True, slots=True)
class Printers:
    """Printers that answer; `addresses` in order, `web` are the TCP ports by those of printers."""

    addresses: Sequence[str]
    port: int
    web: Mapping[int, int] = field(default_factory=dict)

    @property
    def span(self) -> str:
        """Return the target that holds them all."""
        return f"{self.addresses[0]}-{self.addresses[-1]}"


class Collector:
    """The collector's own cycle in a process of its own; see `benchmarks._collecting`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def step(self, words: str) -> dict[str, Any]:
        """Do one step and return what it came to. Raises RuntimeError when the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(words, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the collector has ended")
        answer: dict[str, Any] = json.loads(line)
        return answer


def pinned(words: Sequence[str], last: bool) -> list[str]:
    """Return the words that run a command on the first core, or on the last one."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "--cpu-list", str(cores[-1 if last else 0]), *words]


@contextmanager
def printers(folder: Path, *options: str) -> Iterator[Printers]:
    """Start simulated printers on the last core; `options` are those of `dca-simulator serve`."""
    ready = folder / "printers.json"
    base = () if "--base" in options else ("--base", BASE)
    words = [sys.executable, "-P", "-m", "simulator", "serve", "--port", "0", "--ready-file", str(ready), *base, *options]
    with _running(pinned(words, last=True), environment()) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError("the simulated printers do not start")
        told = json.loads(ready.read_text())
        yield Printers(told["addresses"], told["port"], {int(port): real for port, real in told.get("web", {}).items()})


@contextmanager
def collector(folder: Path, fleet: Printers, *, packets_per_second: int = 1000) -> Iterator[Collector]:
    """Start a collector on the first core for these printers, with its data in `folder`."""
    variables = environment(
        DCA_DATA_DIR=str(folder),
        DCA_HTTP="off",
        DCA_PACKETS_PER_SECOND=str(packets_per_second),
        DCA_SCAN_TARGETS=fleet.span,
        DCA_SNMP_PORT=str(fleet.port),
        MALLOC_ARENA_MAX="1",
    )
    with _running(pinned(python("benchmarks._collecting"), last=False), variables) as process:
        yield Collector(process)


@contextmanager
def _running(words: Sequence[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, env=variables) as process:
        try:
            yield process
        finally:
            process.terminate()
