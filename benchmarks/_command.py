"""What the measuring benchmarks have in common on the command line."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence

from benchmarks import _document
from benchmarks._figures import NOT_INSTALLED, Report, as_text
from benchmarks._machine import machine
from benchmarks._network import NoNetworkError

EXIT_NOT_MEASURED = 3

Measure = Callable[[bool], Report]
"""Measures; True asks for a short run, whose figures say little."""


def parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return the options every measuring benchmark has."""
    options = argparse.ArgumentParser(prog=f"python -m benchmarks {name}".rstrip(), description=(doc or "").partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="a short run that shows that it works")
    options.add_argument("--json", action="store_true", help="print JSON")
    options.add_argument("--write", action="store_true", help="put the result into docs/benchmarks.md")
    return options


def finish(report: Report, options: argparse.Namespace) -> int:
    """Print and write a report; 1 where something is not reached."""
    if options.json:
        json.dump(report.to_json(), sys.stdout, ensure_ascii=False, indent=1)
        print()
    else:
        print(as_text(report.figures))
        print("\n".join(["", machine(), versions_line(report.versions), report.details]))
    if options.write:
        _document.write(report)
    return 0 if report.kept or options.quick else 1


def versions_line(versions: Mapping[str, str | None]) -> str:
    """Return what was measured with, in one line."""
    return ", ".join(f"{name} {told or NOT_INSTALLED}" for name, told in versions.items())


def run(name: str, doc: str | None, measure: Measure, arguments: Sequence[str]) -> int:
    """Measure and print: the `run` of a benchmark that has no options of its own."""
    options = parser(name, doc).parse_args(arguments)
    try:
        report = measure(options.quick)
    except NoNetworkError as error:
        print(f"{name} is not measured: {error}.", file=sys.stderr)
        return EXIT_NOT_MEASURED
    return finish(report, options)
