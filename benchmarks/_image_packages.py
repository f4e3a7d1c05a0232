"""Runs a module of the product with the packages of its image alone: `python -m benchmarks._image_packages MODULE ARGUMENT…`.

Packages that tools of development bring along are loaded by others where they are there (structlog loads rich and greenlet), and
take memory that no image takes. Nothing is loaded here that the module would not load, for it is the module that is measured.
"""

import os
import runpy
import sys

HIDDEN = "DCA_BENCHMARK_HIDDEN"
"""The variable that names the packages that are not to be found, separated by commas."""


def main() -> None:
    """Run the module; each hidden package is as if it were not installed."""
    hidden = os.environ.pop(HIDDEN, "").split(",")
    sys.modules.update({name: None for name in hidden if name and name not in sys.modules})  # type: ignore[misc] # as documented
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
