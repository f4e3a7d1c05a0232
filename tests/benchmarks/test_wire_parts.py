"""Where the bytes of first reads go adds up, and they are few."""

from benchmarks._wire_parts import PARTS, measure

MOST_FOR_ALL = 37_400
"""Bytes at IP level of the 13 printers of the demo, which leaves something for counters that grow."""
MOST_AGAIN = 0.01
"""The part of them that may come twice."""


def test_first_reads_of_the_demo_take_few_bytes() -> None:
    found = measure()
    assert len(found) == 13
    assert all(set(parts) <= set(PARTS) for parts in found.values())
    total = sum(parts.total() for parts in found.values())
    assert total <= MOST_FOR_ALL
    assert sum(parts["again"] for parts in found.values()) <= MOST_AGAIN * total
    assert sum(parts["objects"] for parts in found.values()) > total / 2
