"""In which order addresses are asked, and going on from a position."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from appliance.discovery.sweep.order import Order, fingerprint, split_by_owner
from appliance.discovery.targets import TargetSet

spans = st.lists(st.tuples(st.integers(0, 80), st.integers(0, 30)).map(lambda pair: (pair[0], sum(pair))), max_size=8)


def ordered(*targets: str, exclude: Sequence[str] = ()) -> list[str]:
    return [place.address for place in Order(TargetSet.parse(targets, exclude).ranges())]


def test_ranges_take_turns_and_each_is_ascending() -> None:
    assert ordered("10.0.0.1-3", "10.9.0.1-2", "2001:db8::1") == [
        "10.0.0.1",
        "10.9.0.1",
        "2001:db8::1",
        "10.0.0.2",
        "10.9.0.2",
        "10.0.0.3",
    ]


def test_a_small_range_is_done_early_beside_a_large_one_even_inside_it() -> None:
    for small, prefix in (("10.9.1.0/24", "10.9.1."), ("10.1.7.0/24", "10.1.7.")):
        order = Order(TargetSet.parse(["10.1.0.0/16", small]).ranges())
        first = [next(order).address for _ in range(2 * 254)]
        assert sum(address.startswith(prefix) for address in first) == 254


def test_exclusions_do_not_make_a_range_count_more_than_once() -> None:
    given_order = ordered("10.1.0.0/28", "10.9.0.1-4", exclude=["10.1.0.3", "10.1.0.5", "10.1.0.7"])
    assert [address.startswith("10.9.") for address in given_order[:8]] == [False, True] * 4


@given(spans)
def test_every_number_belongs_to_the_smallest_span_that_has_it(given_spans: list[tuple[int, int]]) -> None:
    owned = split_by_owner(given_spans)
    owner = {number: index for index, pieces in enumerate(owned) for low, high in pieces for number in range(low, high + 1)}
    assert len(owner) == sum(high - low + 1 for pieces in owned for low, high in pieces)
    for number in range(120):
        having = [(high - low, index) for index, (low, high) in enumerate(given_spans) if low <= number <= high]
        assert owner.get(number) == (min(having)[1] if having else None)


@given(st.integers(0, 60), st.integers(1, 30), st.integers(1, 30))
def test_going_on_from_the_positions_gives_the_rest_and_nothing_twice(done: int, first: int, second: int) -> None:
    ranges = TargetSet.parse([f"10.0.0.1-{first}", f"10.0.1.1-{second}"], ["10.0.0.5"]).ranges()
    whole = [place.address for place in Order(ranges)]
    cut_off = Order(ranges)
    before = [place.address for _, place in zip(range(done), cut_off, strict=False)]
    rest = Order(ranges, cut_off.positions)
    assert rest.left == len(whole) - len(before)
    assert sorted(before + [place.address for place in rest]) == sorted(whole)


def test_places_tell_how_many_of_their_range_come_before() -> None:
    order = Order(TargetSet.parse(["10.0.0.1-9"], ["10.0.0.2-4"]).ranges())
    assert [(place.address, place.offset) for place in order][:3] == [("10.0.0.1", 0), ("10.0.0.5", 1), ("10.0.0.6", 2)]


def test_other_ranges_have_another_fingerprint() -> None:
    marks = [
        fingerprint(TargetSet.parse(targets, exclude).ranges())
        for targets, exclude in ((["10.0.0.0/24"], []), (["10.0.0.0/24"], ["10.0.0.9"]), (["10.0.0.0/25", "10.0.0.128/25"], []))
    ]
    assert len(set(marks)) == 3
    assert marks[0] == fingerprint(TargetSet.parse(["10.0.0.0/24"]).ranges())
