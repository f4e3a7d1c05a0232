"""Measure one benchmark and print its report as JSON: `python -m benchmarks._measure NAME [--quick]`, for the table of all."""

import importlib
import json
import sys

from benchmarks._figures import Report
from benchmarks._network import NoNetworkError

EXIT_NOT_MEASURED = 3


def main() -> int:
    """Measure what the command line names."""
    name, quick = sys.argv[1], "--quick" in sys.argv[2:]
    try:
        report: Report = importlib.import_module(f"benchmarks.{name}").measure(quick)
    except NoNetworkError as error:
        print(f"{name} is not measured: {error}.", file=sys.stderr)
        return EXIT_NOT_MEASURED
    json.dump(report.to_json(), sys.stdout, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
