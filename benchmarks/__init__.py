"""What is measured, against which peers, in one run: `python -m benchmarks [NAME]`.

A benchmark is a module or package of this one with `run(arguments) -> int` (the exit code) and a docstring whose first line says
what it measures. Whatever begins with an underscore is none. Those that also have `measure(quick) -> Report` stand in the table of
all, and print, as JSON too, and write their section of docs/benchmarks.md by `benchmarks._command`.
"""
