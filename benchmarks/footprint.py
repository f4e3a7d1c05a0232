"""Memory (PSS) and idle processor time of the whole appliance: freshly started, or with printers read and sent (--fleet N).

PSS counts a page shared by n processes as 1/n in each, so the sum is what the appliance takes of the machine. Other programs
that use the same files (a second container of the image, for example) take a part of the sum: measure without them.
"""

import argparse
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from benchmarks import _command, _image_packages
from benchmarks._children import ROOT, environment, python
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._fleet import collector, printers

MEBIBYTE = 1 << 20
CEILING_MB = 90.0
CEILING_PERCENT = 0.5
GROWTH_PRINTERS, GROWTH_POLLS = 1000, 100
GROWTH = Reach(5.0, "at most")
"""What a heap may differ by without anything being kept."""
PATIENCE_SECONDS = 150.0
LOCKED_DOWN = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
TEMPORARY = ["/tmp", "/data:uid=10001,gid=10001,mode=0700", "/run/dca:uid=10001,gid=10001,mode=0700"]  # noqa: S108 - in the container


@dataclass(frozen=True, slots=True)
class Use:
    """What a process uses: PSS in bytes, processor time in seconds since its start."""

    name: str
    pss: int
    processor: float


@dataclass(frozen=True, slots=True)
class Running:
    """A running appliance."""

    pids: Callable[[], list[int]]
    dca: list[str]
    """How its `dca` command is called."""
    environment: dict[str, str]

    def status(self) -> dict[str, object]:
        """Return what `dca status --json` says, empty while it says nothing."""
        command = [*self.dca, "status", "--json"]
        finished = subprocess.run(command, env=self.environment, capture_output=True, check=False, timeout=30)
        try:
            answer = json.loads(finished.stdout)
        except ValueError:
            return {}
        return answer if isinstance(answer, dict) else {}


def use_of(pid: int) -> Use:
    """Return what a process uses. Raises OSError when it is gone or belongs to somebody else."""
    process = Path("/proc") / str(pid)
    rollup = (process / "smaps_rollup").read_text()
    pss = next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    words = (process / "cmdline").read_bytes().rstrip(b"\0").decode(errors="replace").split("\0")
    ticks = int(fields[11]) + int(fields[12])
    name = " ".join([Path(words[0]).name, *words[1:]]).replace(f"{_image_packages.__name__} ", "")
    return Use(name, pss, ticks / os.sysconf("SC_CLK_TCK"))


def descendants(pid: int) -> list[int]:
    """Return a process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in descendants(int(child)))]


def measure(quick: bool) -> Report:
    """Return memory and idle processor time of the processes, and whether memory grows with the polls of a large fleet."""
    options = _parser().parse_args(["--settle", "2", "--seconds", "3"] if quick else [])
    uses = measured(options)
    memory, percent = totals(uses, options.seconds)
    fleet, polls = (20, 10) if quick else (GROWTH_PRINTERS, GROWTH_POLLS)
    before, after = _growth(fleet, polls)
    figures = [
        Figure("whole appliance idle, memory (PSS)", memory, "MB", Reach(CEILING_MB, "at most")),
        Figure("whole appliance idle, of one core", percent, "%", Reach(CEILING_PERCENT, "at most")),
        *(Figure(f"{use.name[:40]}, memory (PSS)", use.pss / MEBIBYTE, "MB") for _, use in uses),
        Figure(f"collector with {fleet:,} printers, after {polls // 10} polls", before, "MB"),
        Figure(f"collector with {fleet:,} printers, growth in {polls - polls // 10} polls more", after - before, "MB", GROWTH),
    ]
    details = (
        "Processes of this interpreter with the packages of the image alone, just started, after "
        f"{options.settle:g} s, over {options.seconds:g} s; `--image` takes a container instead. "
        "Growth is that of the collector's own cycle over simulated printers, the store included."
    )
    values = {f"ours, {each.what}": each.ours for each in figures[2:-1] if each.ours is not None}
    return Report("footprint", figures, {}, details, Bars("Memory of the processes", "MB (PSS)", values))


def _growth(fleet: int, polls: int) -> tuple[float, float]:
    """Return the memory of a collector after a tenth of the polls, when all is loaded, and after all of them, in MB."""
    with tempfile.TemporaryDirectory(prefix="dca-footprint-") as name:
        folder = Path(name)
        with printers(folder, "--fleet", str(fleet)) as there, collector(folder / "data", there) as reader:
            reader.step("sweep")
            seen = [reader.step("read")["pss"] / MEBIBYTE for _ in range(polls)]
    return seen[max(0, polls // 10 - 1)], seen[-1]


def run(arguments: Sequence[str]) -> int:
    """Measure, print, and return 0 when the ceilings of the design are kept, else 1."""
    options = _parser().parse_args(arguments)
    if not (options.image or options.fleet):
        return _command.finish(measure(options.quick), options)
    return _report(measured(options), options.seconds)


def measured(options: argparse.Namespace) -> list[tuple[Use, Use]]:
    """Start an appliance, and return what each of its processes uses before and after the time of the measurement."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dca-footprint-")))
        folder.chmod(0o755)
        environment = _outside(stack, folder, options.fleet) if options.fleet else {}
        start = _container if options.image else _processes
        appliance = start(stack, folder, options, environment)
        _wait("the appliance is well", lambda: _well(appliance))
        if options.fleet:
            _wait(f"{options.fleet} printers are read and sent", lambda: _all_sent(appliance, options.fleet))
        time.sleep(options.settle)
        before = {pid: use_of(pid) for pid in appliance.pids()}
        time.sleep(options.seconds)
        after = {pid: use_of(pid) for pid in appliance.pids()}
        # A health check of the engine may be passing by.
        return [(before[pid], after[pid]) for pid in after if pid in before]


def totals(uses: list[tuple[Use, Use]], seconds: float) -> tuple[float, float]:
    """Return the memory of all processes in MB, and their share of one core in percent."""
    percent = sum((after.processor - before.processor) * 100 / seconds for before, after in uses)
    return sum(use.pss for _, use in uses) / MEBIBYTE, percent


def _parser() -> argparse.ArgumentParser:
    parser = _command.parser("footprint", __doc__)
    parser.add_argument("--image", help="measure a container of this image; without it: processes of this interpreter")
    parser.add_argument("--docker", default="docker", help="the docker command (default: %(default)s)")
    parser.add_argument("--fleet", type=int, default=0, metavar="N", help="let it read N simulated printers and send to a server")
    parser.add_argument("--settle", type=float, default=30.0, help="seconds before the measurement (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of the measurement (default: %(default)s)")
    return parser


def _report(uses: list[tuple[Use, Use]], seconds: float) -> int:
    print(f"{'process':32}{'PSS MB':>10}{'CPU %':>10}")
    percents = [(after.processor - before.processor) * 100 / seconds for before, after in uses]
    for (_, use), percent in zip(uses, percents, strict=True):
        print(f"{use.name[:31]:32}{use.pss / MEBIBYTE:10.1f}{percent:10.2f}")
    memory, percent = totals(uses, seconds)
    print(f"{'in all':32}{memory:10.1f}{percent:10.2f}")
    kept = memory <= CEILING_MB and percent < CEILING_PERCENT
    print(f"{'Within' if kept else 'ABOVE'} the ceilings of {CEILING_MB:.0f} MB and {CEILING_PERCENT} % of a core.")
    return 0 if kept else 1


def _wait(what: str, condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"Not within {PATIENCE_SECONDS:.0f} s: {what}.")
        time.sleep(0.5)


def _well(appliance: Running) -> bool:
    finished = subprocess.run([*appliance.dca, "health"], env=appliance.environment, capture_output=True, check=False, timeout=30)
    return finished.returncode == 0


def _all_sent(appliance: Running, fleet: int) -> bool:
    collector = appliance.status().get("collector")
    if not isinstance(collector, dict):
        return False
    return bool(
        collector["state"] == "idle"
        and collector["last_scan"]
        and collector["devices"]["known"] >= fleet * 0.9  # a busy machine may miss one; that is not measured here
        and collector["outbox"]["readings"] == 0
        and collector["hosting"]["last_contact_at"]
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _started(command: Sequence[str | Path], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process, its output in a file, until the block ends."""
    with log.open("wb") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def _outside(stack: contextlib.ExitStack, folder: Path, fleet: int) -> dict[str, str]:
    """Start printers and a hosting server; return the variables that lead an appliance to them."""
    ready = folder / "printers.json"
    base = [sys.executable, "-P", "-m"]
    serve = [*base, "simulator", "serve", "--port", "0", "--fleet", str(fleet), "--ready-file", str(ready)]
    stack.enter_context(_started(serve, dict(os.environ), folder / "printers.log"))
    _wait("the printers answer", ready.exists)
    told = json.loads(ready.read_text())
    port, data = _free_port(), str(folder / "hosting")
    hosting = [*base, "hosting"]
    subprocess.run([*hosting, "init", "--data", data, "--private-ca", "--name", "127.0.0.1"], check=True, stdout=subprocess.DEVNULL)
    serve = [*hosting, "serve", "--data", data, "--bind", "127.0.0.1", "--port", str(port)]
    stack.enter_context(_started(serve, dict(os.environ), folder / "hosting.log"))
    _wait("the hosting server listens", lambda: "is ready" in (folder / "hosting.log").read_text())
    code = [*hosting, "enrolment-code", "--data", data, "--site", "Footprint", "--url", f"https://127.0.0.1:{port}"]
    authority = folder / "ca.pem"
    authority.write_bytes((folder / "hosting" / "ca.pem").read_bytes())
    return {
        "DCA_SCAN_TARGETS": f"{told['addresses'][0]}-{told['addresses'][-1]}",
        "DCA_SNMP_PORT": str(told["port"]),
        "DCA_HTTP": "off",
        "DCA_ENROLMENT": subprocess.run(code, check=True, capture_output=True, text=True).stdout.strip(),
        "DCA_HOSTING_CA_FILE": str(authority),
    }


def _processes(stack: contextlib.ExitStack, folder: Path, _options: argparse.Namespace, more: dict[str, str]) -> Running:
    """Start the appliance as processes of this interpreter, with the packages of the image alone."""
    there = {"DCA_DATA_DIR": str(folder / "data"), "DCA_WEB_BIND": "127.0.0.1", "DCA_WEB_PORT": str(_free_port())}
    variables = environment(**more, **there)
    hidden = {_image_packages.HIDDEN: ",".join(not_shipped())}
    command = [*python(_image_packages.__name__), "updater", "run"]
    process = stack.enter_context(_started(command, variables | hidden, folder / "appliance.log"))
    return Running(lambda: descendants(process.pid), [str(Path(sys.executable).with_name("dca"))], variables)


def not_shipped() -> list[str]:
    """Return the names of installed modules that are in no package of the image, and none of this repository."""
    lock = (ROOT / "requirements" / "appliance.lock").read_text()
    shipped = {_normalised(name) for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    known = {*sys.stdlib_module_names, *(folder.name for folder in ROOT.iterdir())}
    found = metadata.packages_distributions()
    return sorted(
        name
        for name, packages in found.items()
        if name.isidentifier() and name not in known and shipped.isdisjoint(map(_normalised, packages))
    )


def _normalised(package: str) -> str:
    """Return a name of a package as all spellings of it come to (PEP 503)."""
    return re.sub(r"[-_.]+", "-", package).lower()


def _container(stack: contextlib.ExitStack, folder: Path, options: argparse.Namespace, more: dict[str, str]) -> Running:
    """Start the appliance as a locked-down container of an engine on this machine."""
    docker = shlex.split(options.docker)
    words = [*LOCKED_DOWN, *(word for place in TEMPORARY for word in ("--tmpfs", place))]
    if authority := more.get("DCA_HOSTING_CA_FILE"):
        words += ["--volume", f"{authority}:{authority}:ro", "--network", "host"]
        more = more | {"DCA_WEB_BIND": "127.0.0.1", "DCA_WEB_PORT": str(_free_port())}
    else:
        words += ["--network", "none"]
    variables = folder / "variables"  # a file, since the enrolment code is nobody else's business
    variables.touch(mode=0o600)
    variables.write_text("".join(f"{name}={value}\n" for name, value in more.items()))
    started = [*docker, "run", "--detach", "--rm", "--env-file", str(variables), *words, options.image]
    name = subprocess.run(started, check=True, capture_output=True, text=True).stdout.strip()
    stack.callback(subprocess.run, [*docker, "stop", name], stdout=subprocess.DEVNULL, check=False)

    def pids() -> list[int]:
        top = subprocess.run([*docker, "top", name, "-o", "pid"], check=True, capture_output=True, text=True).stdout
        return [int(word) for word in top.split()[1:]]

    return Running(pids, [*docker, "exec", name, "dca"], dict(os.environ))
