"""`python -m benchmarks [NAME] [options]`: run one benchmark, or all that measure and show their figures in one table."""

import argparse
import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import _command, _document
from benchmarks._children import environment, python
from benchmarks._figures import Report, as_text, report_of
from benchmarks._machine import machine

EXIT_WRONG_USE = 2
LONGEST_SECONDS = 3600.0
"""One benchmark; above it something hangs."""


def names() -> list[str]:
    """Return the names of the benchmarks."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if not name.startswith("_"))


def measuring() -> list[str]:
    """Return those whose figures stand in the table of all: they have a function `measure`."""
    return [name for name in names() if hasattr(importlib.import_module(f"benchmarks.{name}"), "measure")]


def listing() -> str:
    """Return what each benchmark is about."""
    lines = ["python -m benchmarks [NAME] [options], one of these, or none for all that measure:"]
    for name in names():
        summary = (importlib.import_module(f"benchmarks.{name}").__doc__ or "").partition("\n")[0]
        lines.append(f"  {name.ljust(12)}  {summary}")
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Run the benchmark that `argv` names, or all, and return the exit code."""
    if argv and argv[0] in {"-h", "--help", "--list"}:
        print(listing())
        return 0
    if argv and not argv[0].startswith("-"):
        if argv[0] not in names():
            print(f"{argv[0]!r} is no benchmark.\n{listing()}", file=sys.stderr)
            return EXIT_WRONG_USE
        code: int = importlib.import_module(f"benchmarks.{argv[0]}").run(argv[1:])
        return code
    return run_all(_command.parser("", "Run all benchmarks that measure.").parse_args(argv))


def run_all(options: argparse.Namespace) -> int:
    """Run all that measure, each in a process of its own, and print one table; 1 where something failed or is not reached."""
    reports: list[Report] = []
    failed: list[str] = []
    for name in measuring():
        print(f"{name} ...", file=sys.stderr, flush=True)
        report = _report_of(name, quick=options.quick)
        if report is None:
            failed.append(name)
            continue
        reports.append(report)
        if options.write:
            _document.write(report)
    if options.json:
        json.dump({"reports": [report.to_json() for report in reports], "failed": failed}, sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print(as_text([figure for report in reports for figure in report.figures]))
        versions = {name: told for report in reports for name, told in report.versions.items()}
        print("\n".join(["", machine(), _command.versions_line(versions), *(f"{name} could not be run." for name in failed)]))
    kept = all(report.kept for report in reports) or options.quick
    return 0 if kept and not failed else 1


def _report_of(name: str, *, quick: bool) -> Report | None:
    words = [*python("benchmarks._measure"), name, *(["--quick"] if quick else [])]
    told = subprocess.run(words, stdout=subprocess.PIPE, check=False, timeout=LONGEST_SECONDS, env=environment())
    try:
        return report_of(json.loads(told.stdout))
    except (ValueError, KeyError, TypeError):
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
