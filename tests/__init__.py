"""The tests of every room. A package, so that `tests.simulator` and `simulator` are two names."""
