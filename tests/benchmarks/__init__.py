"""The benchmarks that are cheap enough for every run of the tests."""
