"""`python -m benchmarks NAME [options]`: run one benchmark; without a name, say which there are."""

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

EXIT_WRONG_USE = 2


def names() -> list[str]:
    """Return the names of the benchmarks."""
    found = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return sorted(name for name in found if not name.startswith("_"))


def main(argv: Sequence[str]) -> int:
    """Run the benchmark that `argv` names and return its exit code."""
    if not argv or argv[0] in {"-h", "--help"} or argv[0] not in names():
        wrong = bool(argv) and argv[0] not in {"-h", "--help"}
        stream = sys.stderr if wrong or not argv else sys.stdout
        if wrong:
            print(f"{argv[0]!r} is no benchmark.", file=stream)
        print("python -m benchmarks NAME [options], one of:", file=stream)
        for name in names():
            summary = (importlib.import_module(f"benchmarks.{name}").__doc__ or "").partition("\n")[0]
            print(f"  {name.ljust(12)}  {summary}", file=stream)
        return EXIT_WRONG_USE if stream is sys.stderr else 0
    code: int = importlib.import_module(f"benchmarks.{argv[0]}").run(argv[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
