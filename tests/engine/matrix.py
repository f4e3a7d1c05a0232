"""The crash matrix: an update disturbed at every step, on a real engine, and what became of the site.

    make crash-matrix                              # on the engine of this machine
    make crash-matrix ENGINE=build/trixie          # on that of Debian 13 (tests/engine/trixie.sh)
    make crash-matrix ENGINE=build/trixie STORE=containerd MATRIX="--every 4 --write"

At first an undisturbed update notes all calls that change something. Then, for each of them, there is a case in which the switcher
is killed, the power is cut, or the engine is killed (alone, or with containerd), before the call reaches the engine, and one after
the engine has done it and before the answer comes; and cases at what is written between two calls. Each has to end with one healthy
appliance that is as its user made it.
"""

import argparse
import json
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.engine.daemon import EngineKind, PrivateEngine
from tests.engine.derived import Variant, derive
from tests.engine.door import Call, Door, end_caller
from tests.engine.points import ENGINE_KILLS, Fault, Point, arm, step_of
from tests.engine.site import REPOSITORY, Site, Wanted
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs/crash-matrix.md"
IMAGE = "dca/appliance:stable"
VARIANTS: tuple[Variant, ...] = ("good", "crashing", "unhealthy", "unwell")
POLICIES = ("unless-stopped", "always")
FAULTS: tuple[Fault, ...] = ("killed", "power cut", *ENGINE_KILLS)
VERSIONS: dict[Variant, str] = {"crashing": "9.0.3", "unhealthy": "9.0.4", "unwell": "9.0.5"}
DEADLINE_SECONDS, STEADY_SECONDS = 12.0, 1.5
SPRUNG_SECONDS = 240.0
GOOD_WRITES = ("snapshot is being written", "gate, new version says it is ready", "commit is written", "history is written")
BAD_WRITES = ("way back is decided", "log of the new version is kept", "denied is written", "history is written")


@dataclass(frozen=True, slots=True)
class Case:
    """One update, and what happens to it."""

    variant: Variant
    policy: str
    fault: Fault | None
    point: Point | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a case ended."""

    case: Case
    right: bool
    problems: tuple[str, ...]
    seconds: float
    outcome: str
    attempts: int


class Matrix:
    """Runs cases on one engine, one after the other, at one site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.images = {
            "good": (f"{REPOSITORY}:1", f"{REPOSITORY}:2"),
            "crashing": (f"{REPOSITORY}:crashing",),
            "unhealthy": (f"{REPOSITORY}:unhealthy",),
            "unwell": (f"{REPOSITORY}:unwell",),
        }
        self._now = 0
        """Which of the two good images runs."""

    def make_images(self, base: str) -> None:
        """Bring the image of the appliance from the engine of `DOCKER_HOST`, and derive the others from it."""
        self.site.engine.bring("", base)
        with closing(self.site.engine.client()) as client:
            derive(client, self.images["good"][0], version="9.0.1", base=base)
            derive(client, self.images["good"][1], version="9.0.2", base=base)
            derive(client, self.images["crashing"][0], version=VERSIONS["crashing"], variant="crashing", base=base)
            derive(client, self.images["unhealthy"][0], version=VERSIONS["unhealthy"], variant="unhealthy", base=base)
            derive(client, self.images["unwell"][0], version=VERSIONS["unwell"], variant="unwell", base=base)

    @property
    def _references(self) -> list[str]:
        return [reference for references in self.images.values() for reference in references]

    @property
    def _archive(self) -> Path:
        return self.site.engine.folder / "images.tar"

    def keep_images(self) -> None:
        """Keep all images in a file, for what somebody's `image prune` will remove."""
        if not self._archive.exists():
            self.site.docker("save", "--output", str(self._archive), *self._references)

    def restore_images(self) -> None:
        """Load the images that were kept, where one of them is gone."""
        if not self._archive.exists():
            return
        with closing(self.site.engine.client()) as client:
            there = {tag for row in client.api.images() for tag in row.get("RepoTags") or ()}
        if not there.issuperset(self._references):
            self.site.docker("load", "--input", str(self._archive))

    def begin(self, policy: str) -> None:
        """Install the appliance anew with a restart policy."""
        self.site.remove()
        self.restore_images()
        self._now = 0
        self.site.make_networks()
        self.site.install(self.images["good"][0], policy)

    def steps(self, variant: Variant, policy: str) -> tuple[Ended, list[Point]]:
        """Run an update undisturbed; return how it ended, and a point before and after each call that changed something."""
        old = self.site.container()["Id"]
        ended = self.run(Case(variant, policy, None, None))
        points = []
        for role in ("main", "switcher"):
            calls = [call for call in self.site.door.calls if call.changes and self.site.role(call.container) == role]
            for nth, call in enumerate(calls, start=1):
                step = step_of(call, old)
                points += [Point(step, "call", when, nth, role) for when in ("before", "after")]
        return ended, points

    def run(self, case: Case) -> Ended:
        """Run one case and return how it ended."""
        began, mark = time.monotonic(), secrets.token_hex(6)
        self.site.door.clear()
        self.site.forget_denied()
        good = case.variant == "good"
        now = self.images["good"][self._now]
        target = self.images["good"][1 - self._now] if good else self.images[case.variant][0]
        old = self.site.container()["Id"]
        trap = arm(self.site, case.point, mark, old, self._act(case)) if case.point else None
        version = f"9.0.{2 - self._now}" if good else VERSIONS[case.variant]
        beginning = self.site.begin(mark, target, version, deadline=DEADLINE_SECONDS, steady=STEADY_SECONDS)
        reached = trap is None or trap.sprung.wait(SPRUNG_SECONDS)
        if trap is not None:
            trap.sprung.set()
        if case.fault == "power cut" and reached:
            self.site.engine.start()
        elif case.fault in ENGINE_KILLS and reached:
            self.site.engine.wait()
        output = beginning.communicate(timeout=60)[0]
        if case.fault == "killed" and case.point and case.point.role == "main":
            # The supervisor tidies up as soon as the process it has started for the installation is gone.
            self.site.tidy()
        wanted = [
            Wanted(mark, self.site.image_id(target if good else now), "installed" if good else "rolled_back", denied=not good)
        ]
        if case.point and case.point.role == "main":
            # The switcher may never have come to be: then nothing has happened.
            wanted.append(Wanted(mark, self.site.image_id(now), None))
        as_was, problems = self.site.wait_end(*wanted)
        if not reached:
            problems.append(f"the step never came ({output[-300:]})")
        if good and not problems and as_was is wanted[0]:
            self._now = 1 - self._now
        result, journal = self.site.result(mark), self.site.journal
        return Ended(
            case,
            not problems,
            tuple(problems),
            time.monotonic() - began,
            result.outcome if result else "",
            journal.attempts if journal else 0,
        )

    def _act(self, case: Case) -> Callable[[Call], None]:
        if case.fault == "killed":
            return end_caller
        if case.fault and case.fault in ENGINE_KILLS:
            names = ENGINE_KILLS[case.fault]
            return lambda _call: self.site.engine.kill(*names)
        return lambda _call: self.site.engine.power_cut()


def points_of(variant: Variant, recorded: Sequence[Point]) -> list[Point]:
    """Return the points of an update to an image; those up to the start of the new container are those of the good one."""
    writes = [Point(step, "file") for step in (GOOD_WRITES if variant == "good" else BAD_WRITES)]
    if variant == "good":
        return [*recorded, Point("gate", "look"), *writes]
    last_start = max(point.nth for point in recorded if point.step == "start new" and point.role == "switcher")
    return [*[point for point in recorded if point.role == "switcher" and point.nth > last_start], Point("gate", "look"), *writes]


def is_survived(fault: Fault, policy: str) -> bool:
    """Return whether an appliance of that policy that is not being updated comes back after a fault: engines say so."""
    return fault not in ENGINE_KILLS or policy == "always"


def run(matrix: Matrix, options: argparse.Namespace, done: Collection[Case] = ()) -> Iterator[Ended]:
    """Run what the options choose, without what was done earlier, and yield each result."""
    for policy in options.policies:
        matrix.begin(policy)
        for variant in options.variants:
            ended, recorded = matrix.steps(variant, policy)
            yield ended
            points = [point for point in points_of(variant, recorded) if re.search(options.steps, point.text)]
            faults = [fault for fault in options.faults if is_survived(fault, policy)]
            cases = [Case(variant, policy, fault, point) for point in points for fault in faults]
            for case in (case for case in cases[:: options.every] if case not in done):
                if not ended.right:
                    matrix.begin(policy)
                ended = matrix.run(case)
                yield ended


def earlier(file: Path) -> list[Ended]:
    """Return the results in a file that `--results` wrote."""
    results = []
    for line in file.read_text().splitlines():
        told = json.loads(line)
        case = told["case"]
        point = Point(**case["point"]) if case["point"] else None
        results.append(Ended(**told | {"case": Case(**case | {"point": point}), "problems": tuple(told["problems"])}))
    return results


def table(results: Sequence[Ended], engine: str) -> str:
    """Return the results of one engine as a section of the document."""
    tried = {(ended.case.fault, ended.case.policy) for ended in results}
    columns = [(fault, policy) for fault in FAULTS for policy in POLICIES if (fault, policy) in tried]
    rows: dict[tuple[str, str], dict[tuple[str, str], list[bool]]] = {}
    for ended in results:
        case = ended.case
        if case.point and case.fault:
            step = case.point.step
            row = rows.setdefault((case.variant, step), {})
            row.setdefault((case.fault, case.policy), []).append(ended.right)
    lines = [
        f"{time.strftime('%Y-%m-%d')}, {engine}: {sum(ended.right for ended in results)} of {len(results)} right.",
        "",
        "| image | step | " + " | ".join(f"{fault}, `{policy}`" for fault, policy in columns) + " |",
        "|---|---|" + "---|" * len(columns),
    ]
    for (variant, step), row in rows.items():
        cells = [f"{sum(row[key])}/{len(row[key])}" if key in row else "" for key in columns]
        lines.append(f"| {variant} | {step} | " + " | ".join(cells) + " |")
    wrong = [ended for ended in results if not ended.right]
    if wrong:
        lines += ["", "Not right:", "", *(f"- {describe(ended)}" for ended in wrong)]
    return "\n".join(lines)


def describe(ended: Ended) -> str:
    """Return one case in a line."""
    case = ended.case
    what = f"{case.fault} {case.point.text}" if case.point else "undisturbed"
    told = f"{case.variant}, {case.policy}, {what}: {'right' if ended.right else '; '.join(ended.problems)}"
    return f"{told} ({ended.outcome or 'no result'}, {ended.attempts} attempts, {ended.seconds:.1f} s)"


def write(name: str, section: str) -> None:
    """Put the section of an engine into the document, in place of the one before."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    text = DOCUMENT.read_text()
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    assert found.search(text), f"{DOCUMENT} has no section between {begin} and {end}"
    DOCUMENT.write_text(found.sub(lambda _: f"{begin}\n{section}\n{end}", text))


@contextmanager
def running(kind: EngineKind, base: str) -> Iterator[Matrix]:
    """Yield a matrix on an engine of its own, with all images; `base` is the image of the appliance."""
    folder = Path(tempfile.mkdtemp(prefix="dca-matrix-"))
    try:
        with PrivateEngine(folder, kind) as engine, Door(folder / "door.sock", engine.socket) as door:
            matrix = Matrix(Site(engine, door, free_port()))
            matrix.make_images(base)
            yield matrix
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the matrix; 1 where a case did not end as it has to."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.matrix", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS, help="images to update to")
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=POLICIES, help="restart policies of the appliance")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS, help="what happens")
    parser.add_argument("--steps", default="", metavar="REGEX", help="steps by their names, such as 'before start new'")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="run each N-th case only")
    parser.add_argument("--image", default=IMAGE, help="the image of the appliance, at the engine of DOCKER_HOST")
    parser.add_argument("--write", action="store_true", help="put the table into docs/crash-matrix.md")
    parser.add_argument("--results", type=Path, metavar="FILE", help="write each result as a line of JSON, too")
    parser.add_argument(
        "--from", dest="earlier", type=Path, metavar="FILE", help="begin with the results of a run that was stopped"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the engine goes with us
    kind = EngineKind.of_environment()
    results = earlier(options.earlier) if options.earlier else []
    done = {ended.case for ended in results}
    with running(kind, options.image) as matrix:
        version = matrix.site.docker("version", "--format", "{{.Server.Version}}, API {{.Server.APIVersion}}")
        driver = matrix.site.docker("info", "--format", "{{.Driver}}")
        for ended in run(matrix, options, done):
            results.append(ended)
            print(f"{len(results):4}  {describe(ended)}", flush=True)
            if options.results:
                with options.results.open("a") as lines:
                    lines.write(json.dumps(asdict(ended)) + "\n")
    section = table(results, f"Docker Engine {version}, images in {driver}")
    print(section)
    if options.write:
        write(kind.name, section)
    return 0 if all(ended.right for ended in results) else 1


if __name__ == "__main__":
    sys.exit(main())
