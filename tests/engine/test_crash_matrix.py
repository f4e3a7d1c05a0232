"""A part of the crash matrix, always the same: the steps at which most can go wrong. `make crash-matrix` runs all of it."""

import pytest

from tests.engine.derived import Variant
from tests.engine.matrix import Case, Matrix, describe, points_of
from tests.engine.points import Fault, Point

CASES: dict[tuple[str, Variant], list[tuple[Fault, str]]] = {
    ("unless-stopped", "good"): [
        ("killed", "after start switcher"),
        ("power cut", "after stop old"),
        ("power cut", "before create new"),
        ("killed", "after create new"),
        ("power cut", "after start new"),
        ("power cut", "commit is written"),
    ],
    ("always", "good"): [
        ("power cut", "after fence"),
        ("power cut", "gate"),
        ("killed", "after remove old"),
        ("engine killed", "after start switcher"),
        ("engine killed", "after stop old"),
        ("engine and containerd killed", "after create new"),
        ("engine killed", "gate"),
        ("engine and containerd killed", "commit is written"),
    ],
    ("always", "crashing"): [
        ("power cut", "gate"),
        ("power cut", "way back is decided"),
        ("killed", "after remove new"),
        ("power cut", "after start old"),
        ("engine killed", "after rename back"),
        ("engine and containerd killed", "after start old"),
    ],
}


@pytest.mark.parametrize(("policy", "variant"), CASES, ids=lambda value: value)
def test_a_disturbed_update_ends_with_one_healthy_appliance_as_it_was(matrix: Matrix, policy: str, variant: Variant) -> None:
    matrix.begin(policy)
    undisturbed, recorded = matrix.steps(variant, policy)
    assert undisturbed.right, describe(undisturbed)
    points: dict[str, Point] = {}
    for point in points_of(variant, recorded):
        points.setdefault(point.text, point)

    ended = [matrix.run(Case(variant, policy, fault, points[step])) for fault, step in CASES[policy, variant]]

    assert [describe(one) for one in ended if not one.right] == []
