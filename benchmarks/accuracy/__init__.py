"""Accuracy: what is read of recorded devices, judged against what their recordings say.

Each recording (`.snmprec`) is read as the collector reads a device, in four forms: as recorded, over SNMPv1 alone, with a fifth of
the datagrams lost, and with SNMP off, over IPP. What it has to say is worked out again from its objects by modules of this package
that share nothing with the reading code: `standard` and `tables` (the standard MIBs), `private` (vendors' objects), `makers`, and
`peers` (what other projects computed from the same recordings, `expected/*.json`, but for their placeholders); `invented` looks up
whether the recording has anything for what a reading says.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks._document import put
from benchmarks._machine import machine, own_version
from benchmarks.accuracy import show
from benchmarks.accuracy.coverage import as_json, coverage
from benchmarks.accuracy.forms import FORMS, Form
from benchmarks.accuracy.judge import Judged
from benchmarks.accuracy.recorded import Recorded, load

DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "recordings"
VARIABLE = "DCA_RECORDINGS"
EXIT_WRONG_USE = 2


def run(arguments: Sequence[str]) -> int:
    """Judge all recordings of a folder and print the tables; 0 when nothing is wrong, invented or missing."""
    options = _parser().parse_args(arguments)
    folder = Path(options.recordings or os.environ.get(VARIABLE) or DEFAULT_FOLDER)
    recordings = load(folder) if folder.is_dir() else []
    if not recordings:
        print(
            f"There are no recordings (*.snmprec) in {folder}: name their folder with --recordings or {VARIABLE}.", file=sys.stderr
        )
        return EXIT_WRONG_USE
    judged = {}
    for form in FORMS:
        if options.form in (form.name, "all"):
            judged[form] = form.run(recordings, options.seed)
            if not options.json:
                print("\n".join(show.as_text(form, judged[form])), flush=True)
    _print_more(options, recordings, judged)
    if options.write:
        put("accuracy", _section(judged))
    return 1 if any(each.faults for found in judged.values() for each in found) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks accuracy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--recordings", metavar="DIR", help=f"folder of *.snmprec files (default: {VARIABLE}, ../shared/recordings)"
    )
    names = [form.name for form in FORMS]
    parser.add_argument("--form", choices=[*names, "all"], default=names[0], help=f"in which form devices are read ({names[0]})")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number, other datagrams lost (1)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    return parser


def _print_more(options: argparse.Namespace, recordings: Sequence[Recorded], judged: dict[Form, list[Judged]]) -> None:
    """Print what belongs to all forms: JSON, or the coverage of the form as recorded."""
    as_recorded = judged.get(FORMS[0])
    covered = coverage(recordings, as_recorded) if as_recorded is not None else None
    if options.json:
        documents = {form.name: show.as_json(found) for form, found in judged.items()}
        more = {**documents[FORMS[0].name], "coverage": as_json(covered)} if covered is not None else {}
        json.dump({**more, "forms": documents}, sys.stdout, ensure_ascii=False, indent=2)
        print()
    elif covered is not None:
        print("\n".join(show.coverage_text(covered)))
    if not options.json and len(judged) > 1:
        print()
        for form, found in judged.items():
            print(f"{form.title}: {show.summary(found)}")


def _section(judged: dict[Form, list[Judged]]) -> str:
    head = f"Version {own_version()}, {machine()}."
    return "\n\n".join([head, *(show.as_markdown(form, found) for form, found in judged.items())])
