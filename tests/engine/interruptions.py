"""Updates that are interrupted at random moments by power, host and people, while the appliance scans and sends.

    python -m tests.engine.interruptions --count 200 --seed 1 --results build/interruptions.jsonl

Each interruption has to end with one healthy appliance, new or as before, that is as its user made it; what was read is
at the hosting server, once. A seed chooses the same interruptions again, their moments as exactly as a machine is quick.
"""

import argparse
import json
import random
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from docker.models.containers import Container

from tests.children import wait_until
from tests.engine.daemon import EngineKind
from tests.engine.derived import Variant
from tests.engine.matrix import IMAGE, STEADY_SECONDS, VERSIONS, Matrix, running
from tests.engine.points import ENGINE_KILLS
from tests.engine.scanning_site import ScanningSite
from tests.engine.site import NAME, Wanted
from tests.engine.team import ReleasingTeam

MOMENTS_SECONDS = 14.0
"""An undisturbed update takes about so long, its gate included."""
GATE_SECONDS, TAKEN_OVER_SECONDS, END_SECONDS = 45.0, 60.0, 240.0
RUNNING_SECONDS, OBEYED_SECONDS = 10.0, 8.0
LOOKED_AT_EVERY = 10
"""After so many interruptions the readings of both sides are compared."""
OTHER_NAME = "somebodys-name"
RESTART = ("restart", "--time", "10")
BAD: tuple[Variant, ...] = ("crashing", "unhealthy", "unwell")


@dataclass(frozen=True, slots=True)
class Interruption:
    """What happens to one update, and when."""

    kind: str
    variant: Variant
    after_seconds: float
    """Since the update was begun."""
    pick: float
    """Which of the containers that are there then: 0 the first, 1 the last."""


@dataclass(frozen=True, slots=True)
class Survived:
    """How it ended."""

    interruption: Interruption
    happened_to: str
    outcome: str
    reason: str
    """Of an update that failed or was taken back."""
    by_hand: bool
    """Whether somebody had to start what was there."""
    seconds: float
    problems: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return it in a line, for people."""
        what = self.interruption
        told = f"{what.kind} ({self.happened_to}) after {what.after_seconds:.1f} s of an update to {what.variant}"
        hand = ", started by hand" if self.by_hand else ""
        return f"{told}: {'; '.join(self.problems) or 'right'} ({self.outcome} {self.reason}{hand}, {self.seconds:.0f} s)"


class StrandedError(AssertionError):
    """A site has not come back. It is left as it is."""


class InterruptedSite:
    """A site that scans all the time, and what can happen to it."""

    def __init__(self, matrix: Matrix, site: ScanningSite) -> None:
        self._matrix = matrix
        self._site = site
        self._now = 0
        matrix.keep_images()
        self._disobeyed: list[str] = []
        self.kinds: dict[str, Callable[[float], str]] = {
            "power cut": self._power_cut,
            **{name: partial(self._engine_killed, names) for name, names in ENGINE_KILLS.items()},
            "engine restarted": self._engine_restarted,
            "switcher killed": partial(self._killed, "switcher"),
            "appliance killed": partial(self._killed, "main"),
            "rm --force": partial(self._by_a_person, ("rm", "--force")),
            "restart": partial(self._by_a_person, RESTART),
            "rename": partial(self._by_a_person, ("rename",)),
            "stop and start": self._stopped_and_started,
            "image prune": self._pruned,
        }

    def run(self, interruption: Interruption) -> Survived:
        """Interrupt an update, and wait until all is well."""
        began, mark = time.monotonic(), secrets.token_hex(6)
        site, matrix = self._site, self._matrix
        good = interruption.variant == "good"
        matrix.restore_images()
        site.forget_denied()
        before = matrix.images["good"][self._now]
        after = matrix.images["good"][1 - self._now] if good else matrix.images[interruption.variant][0]
        version = f"9.0.{2 - self._now}" if good else VERSIONS[interruption.variant]
        wanted = self._endings(mark, site.image_id(before), site.image_id(after), good)
        beginning = site.begin(mark, after, version, deadline=GATE_SECONDS, steady=STEADY_SECONDS)
        threading.Event().wait(interruption.after_seconds)
        happened_to = self.kinds[interruption.kind](interruption.pick)
        beginning.communicate(timeout=120)
        by_hand = self._started_by_hand()
        best, problems = self._ended(wanted, time.monotonic() + END_SECONDS)
        if best is wanted[0] and good:
            self._now = 1 - self._now
        if problems:
            raise StrandedError("; ".join(problems))
        site.scan()
        problems = list(self._disobeyed)
        self._disobeyed.clear()
        result = site.result(mark)
        outcome = result.outcome if result else "nothing happened"
        reason = result.reason if result else ""
        return Survived(interruption, happened_to, outcome, reason, by_hand, time.monotonic() - began, tuple(problems))

    @staticmethod
    def _endings(mark: str, before: str, after: str, good: bool) -> list[Wanted]:
        ways_back = [
            Wanted(mark, before, "rolled_back", denied=True),
            Wanted(mark, before, "failed", denied=None),
            Wanted(mark, before, None, denied=None),
        ]
        return [Wanted(mark, after, "installed"), *ways_back] if good else ways_back

    def _ended(self, wanted: Sequence[Wanted], until: float) -> tuple[Wanted, list[str]]:
        """Wait as `Site.wait_end` does; a name that somebody gave to what is left is taken back by him.

        The update was begun beside the supervisor, which looks after one that it has begun every 20 seconds.
        """
        while True:
            self._name_back()
            self._site.tidy()
            best, problems = self._site.wait_end(*wanted, seconds=5)
            if not problems or time.monotonic() > until:
                return best, problems

    def _started_by_hand(self) -> bool:
        """Start what is there, as a person does, where no appliance runs for a minute; return whether that was needed."""
        try:
            wait_until("an appliance runs", self._running, TAKEN_OVER_SECONDS)
        except AssertionError:
            for one in self._containers("main")[:1]:
                self._site.docker("start", str(one.id))
            return True
        return False

    def _running(self) -> list[str]:
        return [str(one.name) for one in self._containers("main") if one.status == "running"]

    def _name_back(self) -> None:
        left = self._containers()
        if len(left) == 1 and left[0].name == OTHER_NAME:
            self._site.docker("rename", OTHER_NAME, NAME)

    def _containers(self, *roles: str) -> list[Container]:
        with closing(self._site.engine.client()) as client:
            found = client.containers.list(all=True, ignore_removed=True)
        ours = [one for one in found if one.labels.get("dca.role") in (roles or ("main", "switcher"))]
        return sorted(ours, key=lambda one: str(one.name))

    def _power_cut(self, _pick: float) -> str:
        self._site.engine.power_cut()
        self._site.engine.start()
        return "engine"

    def _engine_killed(self, names: Sequence[str], _pick: float) -> str:
        self._site.engine.kill(*names)
        self._site.engine.wait()
        return "engine"

    def _engine_restarted(self, _pick: float) -> str:
        self._site.engine.restart()
        return "engine"

    def _pruned(self, _pick: float) -> str:
        self._site.docker("image", "prune", "--all", "--force")
        return "images"

    def _killed(self, role: str, pick: float) -> str:
        """End the first process of a container from outside, as a host does that is out of memory."""
        there = [one for one in self._containers(role) if one.status == "running"]
        if not there:
            return "nothing"
        chosen = there[round(pick * (len(there) - 1))]
        self._site.engine.end(str(chosen.id))
        return str(chosen.name)

    def _by_a_person(self, words: Sequence[str], pick: float) -> str:
        """Do something to one of two or more; a single one is restarted: whoever removes that wants no appliance."""
        there = self._containers()
        chosen = there[round(pick * (len(there) - 1))]
        alone = len(there) == 1
        command = RESTART if alone else words
        told = [OTHER_NAME] if command[0] == "rename" else []
        self._site.docker_as_far_as_it_goes(*command, str(chosen.id), *told)
        return f"{chosen.name}, alone" if alone else str(chosen.name)

    def _stopped_and_started(self, pick: float) -> str:
        """Stop the appliance, see that none runs for some seconds, and start one of what is there."""
        self._stop()
        until = time.monotonic() + OBEYED_SECONDS
        while time.monotonic() < until and not self._disobeyed:
            running = self._running()
            self._disobeyed += [f"stopped by a person, and started by somebody: {running}"] if running else []
            time.sleep(0.5)
        there = self._containers("main")
        chosen = there[round(pick * (len(there) - 1))]
        self._site.docker_as_far_as_it_goes("start", str(chosen.id))
        return str(chosen.name)

    def _stop(self) -> None:
        """Stop what has the name of the appliance, as soon as it runs."""
        with suppress(AssertionError):
            wait_until(
                "it runs and can be stopped",
                lambda: NAME in self._running() and self._site.docker_as_far_as_it_goes("stop", NAME),
                RUNNING_SECONDS,
            )


def chosen(count: int, seed: int, kinds: Sequence[str]) -> list[Interruption]:
    """Return interruptions, each kind equally often; two of three updates are to a good image."""
    generator = random.Random(seed)
    rows = []
    for number in range(count):
        variant: Variant = "good" if generator.random() < 2 / 3 else generator.choice(BAD)
        moment = generator.uniform(0, MOMENTS_SECONDS)
        rows.append(Interruption(kinds[number % len(kinds)], variant, moment, generator.random()))
    generator.shuffle(rows)
    return rows


def summary(results: Sequence[Survived]) -> str:
    """Return a table of kinds and endings."""
    outcomes = ("installed", "rolled_back", "failed", "nothing happened")
    lines = ["| interrupted by | updates | installed | gone back | failed | nothing happened | by hand | not right |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for kind in sorted({one.interruption.kind for one in results}):
        rows = [one for one in results if one.interruption.kind == kind]
        counts = Counter(one.outcome for one in rows)
        cells = [len(rows), *(counts[outcome] for outcome in outcomes), sum(one.by_hand for one in rows)]
        lines.append(f"| {kind} | " + " | ".join(map(str, [*cells, sum(bool(one.problems) for one in rows)])) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Interrupt updates; 1 where one did not end as it has to, or a reading was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.engine.interruptions", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=200, help="how many updates are interrupted")
    parser.add_argument("--seed", type=int, default=1, help="chooses kinds and moments")
    parser.add_argument("--image", default=IMAGE, help="the image of the appliance, at the engine of DOCKER_HOST")
    parser.add_argument("--results", type=Path, metavar="FILE", help="write each result as a line of JSON, too")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the engine goes with us
    with (
        tempfile.TemporaryDirectory(prefix="dca-interrupted-") as name,
        running(EngineKind.of_environment(), options.image) as matrix,
    ):
        folder = Path(name)
        team = ReleasingTeam(folder / "team")
        try:
            results, wrong = interrupted(matrix, ScanningSite(matrix.site, team, folder), options)
        finally:
            team.stop()
    print(summary(results))
    return 1 if wrong or any(one.problems for one in results) else 0


def interrupted(matrix: Matrix, site: ScanningSite, options: argparse.Namespace) -> tuple[list[Survived], list[str]]:
    """Return how all interruptions ended, and what was wrong with the readings."""
    results: list[Survived] = []
    wrong: list[str] = []
    with site.printers() as (targets, port):
        site.install_scanning(matrix.images["good"][0], targets, port, policy="always")
        disturbed = InterruptedSite(matrix, site)
        for number, each in enumerate(chosen(options.count, options.seed, list(disturbed.kinds)), start=1):
            results.append(disturbed.run(each))
            print(f"{number:4}  {results[-1].text}", flush=True)
            if options.results:
                with options.results.open("a") as lines:
                    lines.write(json.dumps(asdict(results[-1])) + "\n")
            if number % LOOKED_AT_EVERY == 0 or number == options.count:
                kept = site.all_sent()
                told = f"{sum(kept.at_site.values())} readings, {len(kept.lost)} lost, {len(kept.doubled)} doubled"
                print(f"      {told}", flush=True)
                wrong += [told] if kept.lost or kept.doubled else []
                site.scan()
    return results, wrong


if __name__ == "__main__":
    sys.exit(main())
