"""UUIDv7: form, order and uniqueness."""

import uuid

from appliance.report import Batch
from appliance.store.uuid7 import Uuid7Maker


def test_has_version_7_the_rfc_variant_and_the_milliseconds_of_its_clock() -> None:
    made = uuid.UUID(Uuid7Maker(lambda: 1_700_000_000_123_456_789).make())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 1_700_000_000_123


def test_fits_the_contract_with_the_hosting_server() -> None:
    made = Uuid7Maker().make()
    assert Batch(batch=made, readings=()).batch == made


def test_sorts_in_the_order_made_while_the_clock_stands_still() -> None:
    maker = Uuid7Maker(lambda: 1_700_000_000_000_000_000)
    made = [maker.make() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_sorts_in_the_order_made_when_the_clock_goes_back() -> None:
    moments = iter([2_000_000_000, 1_000_000_000, 1_000_000_001, 3_000_000_000])
    maker = Uuid7Maker(lambda: next(moments))
    made = [maker.make() for _ in range(4)]
    assert made == sorted(made)


def test_two_makers_do_not_make_the_same() -> None:
    one, two = Uuid7Maker(lambda: 0), Uuid7Maker(lambda: 0)
    assert not {one.make() for _ in range(500)} & {two.make() for _ in range(500)}
