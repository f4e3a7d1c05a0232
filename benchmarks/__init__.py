"""What is measured, against which peers, in one run: `python -m benchmarks NAME`.

A benchmark is a module or package of this one with `run(arguments) -> int` (the exit code) and a docstring whose first line says
what it measures. Whatever begins with an underscore is none.
"""
