"""The benchmarks on a machine that has what `make bench` installs, and nothing of what the tests need."""

from tests.children import run_child
from tests.conftest import ROOT

WITHOUT_TEST_TOOLS = """
import sys
for name in ("pytest", "_pytest", "xdist", "hypothesis", "playwright"):
    sys.modules[name] = None
import importlib, pkgutil, benchmarks
found = pkgutil.walk_packages(benchmarks.__path__, "benchmarks.")
names = [module.name for module in found if not module.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""


def test_no_benchmark_needs_the_tools_of_the_tests() -> None:
    finished = run_child(["python", "-c", WITHOUT_TEST_TOOLS], folder=ROOT)
    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout) > 20


def test_the_benchmarks_are_listed() -> None:
    finished = run_child(["python", "-m", "benchmarks", "--list"], folder=ROOT)
    assert finished.returncode == 0, finished.stderr
    assert "self_update" in finished.stdout
