"""Accuracy: what is read of recorded devices, judged against what their recordings say.

Each recording (`.snmprec`) is read as the collector reads a device. What it has to say is worked out again from its objects by
modules of this package that share nothing with the reading code: `standard` (the standard MIBs), `private` (vendors' objects),
`makers`, and `peers` (what other projects computed from the same recordings, `expected/*.json`, but for their placeholders).
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.accuracy.coverage import VendorCoverage, as_json, coverage
from benchmarks.accuracy.facts import ITEMS, Verdict
from benchmarks.accuracy.judge import Judged, judge
from benchmarks.accuracy.recorded import load

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings"
VARIABLE = "DCA_RECORDINGS"
EXIT_WRONG_USE = 2


def run(arguments: Sequence[str]) -> int:
    """Judge all recordings of a folder and print the tables; 0 when nothing is wrong and nothing missing."""
    options = _parser().parse_args(arguments)
    folder = Path(options.recordings or os.environ.get(VARIABLE) or DEFAULT_FOLDER)
    recordings = load(folder) if folder.is_dir() else []
    if not recordings:
        print(
            f"There are no recordings (*.snmprec) in {folder}: name their folder with --recordings or {VARIABLE}.", file=sys.stderr
        )
        return EXIT_WRONG_USE
    judged = [judge(recorded) for recorded in recordings]
    covered = coverage(recordings, judged)
    if options.json:
        json.dump(_document(judged, covered), sys.stdout, ensure_ascii=False, indent=2)
        print()
    else:
        _print_verdicts(judged)
        _print_coverage(covered)
    return 1 if any(each.faults for each in judged) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks accuracy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--recordings", metavar="DIR", help=f"folder of *.snmprec files (default: {VARIABLE}, ../shared/recordings)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def totals(judged: Sequence[Judged]) -> Counter[Verdict]:
    """Return how many facts got which verdict, over all recordings."""
    return sum((each.count() for each in judged), Counter())


def _document(judged: Sequence[Judged], covered: Sequence[VendorCoverage]) -> dict[str, object]:
    def counts(found: Counter[Verdict]) -> dict[str, int]:
        return {verdict.value: found[verdict] for verdict in Verdict}

    return {
        "totals": counts(totals(judged)),
        "recordings": [
            {
                "name": each.name,
                "totals": counts(each.count()),
                "items": {str(item): counts(found) for item in ITEMS if (found := each.count(item))},
                "faults": [finding.text() for finding in each.faults],
            }
            for each in judged
        ],
        "coverage": as_json(covered),
    }


def _print_verdicts(judged: Sequence[Judged]) -> None:
    width = max(len(each.name) for each in judged)
    print(
        "Facts by recording and item: how many are right; R/W/M where some are wrong or missing; . where the recording has none.\n"
    )
    print(_line(["recording", *map(str, ITEMS), "right", "wrong", "missing"], width))
    for each in judged:
        found = each.count()
        print(
            _line([each.name, *(_cell(each.count(item)) for item in ITEMS), *(str(found[verdict]) for verdict in Verdict)], width)
        )
    whole = totals(judged)
    by_item = [_cell(sum((each.count(item) for each in judged), Counter())) for item in ITEMS]
    print(_line(["all", *by_item, *(str(whole[verdict]) for verdict in Verdict)], width))
    for each in judged:
        for finding in each.faults:
            print(f"{each.name}: {finding.text()}")
    print(
        f"\n{len(judged)} recordings: {whole[Verdict.RIGHT]} right, {whole[Verdict.WRONG]} wrong, {whole[Verdict.MISSING]} missing."
    )
    print("Items: " + ", ".join(f"{number} {name}" for number, name in ITEMS.items()) + ".")


def _cell(found: Counter[Verdict]) -> str:
    if not found:
        return "."
    right, wrong, missing = (found[verdict] for verdict in Verdict)
    return f"{right}/{wrong}/{missing}" if wrong or missing else str(right)


def _print_coverage(covered: Sequence[VendorCoverage]) -> None:
    width = max(len(each.vendor) for each in covered)
    print(
        "\nCoverage by vendor and item. S: standard objects, seen on a recording of the vendor; s: not seen. A, B, C, K: objects\n"
        "of the definition by the best evidence (A a MIB or two independent sources, B one maintained project, C one source,\n"
        "K known), * where a recording has shown one; -: not available.\n"
    )
    print(_line(["vendor", *map(str, ITEMS)], width))
    for each in covered:
        print(_line([each.vendor, *(each.cell(item) for item in ITEMS)], width))
    print("\nObjects of definitions not seen on any recording (tested on devices generated from the facts):")
    for each in covered:
        unseen = list(dict.fromkeys(f"{cover.name} ({cover.evidence})" for cover in each.covers if not cover.seen))
        if unseen:
            print(f"  {each.vendor}: {', '.join(unseen)}")


def _line(cells: Sequence[str], width: int) -> str:
    return "  ".join([cells[0].ljust(width), *(cell.rjust(4) for cell in cells[1:])])
