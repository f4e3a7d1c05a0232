"""What a new version has to be to stay, on a real engine: healthy by its own health command and by the engine's word."""

from contextlib import closing

import pytest

from tests.engine.derived import Variant, derive
from tests.engine.matrix import Matrix
from tests.engine.site import HEALTH, REPOSITORY, Wanted
from updater.records.history import Result

DEADLINE, STEADY = 20.0, 15.0
END_SECONDS = 200.0
NO_HEALTH_CHECK = ("--no-healthcheck",)
VARIANTS: dict[Variant, str] = {"unwell later": "9.0.6", "flapping": "9.0.7", "slow": "9.0.8"}


@pytest.fixture(scope="module")
def matrix(matrix: Matrix, appliance_image: str) -> Matrix:
    """Return the engine, with the images of this file as well."""
    with closing(matrix.site.engine.client()) as client:
        for variant, version in VARIANTS.items():
            derive(client, image(variant), version=version, variant=variant, base=appliance_image)
    return matrix


def image(variant: Variant) -> str:
    return f"{REPOSITORY}:{variant.replace(' ', '-')}"


def updated(matrix: Matrix, variant: Variant, version: str, health: tuple[str, ...], *, good: bool = False) -> Result:
    """Let a fresh site move to an image, see that all is as it has to be afterwards, and return what the history says."""
    site, mark = matrix.site, "ab12" * 3
    site.health = health
    matrix.begin("always")
    before = site.image_id(matrix.images["good"][0])
    site.begin(mark, image(variant), version, deadline=DEADLINE, steady=STEADY).communicate(timeout=60)
    wanted = Wanted(
        mark, site.image_id(image(variant)) if good else before, "installed" if good else "rolled_back", denied=not good
    )
    _, problems = site.wait_end(wanted, seconds=END_SECONDS)
    assert problems == []
    result = site.result(mark)
    assert result is not None
    return result


@pytest.mark.parametrize(
    ("variant", "version", "health"),
    [
        ("unwell", "9.0.5", HEALTH),
        ("unwell", "9.0.5", NO_HEALTH_CHECK),
        ("unwell later", "9.0.6", HEALTH),
        ("flapping", "9.0.7", NO_HEALTH_CHECK),
    ],
)
def test_a_version_that_says_it_is_ready_and_is_not_healthy_is_taken_back(
    matrix: Matrix, variant: Variant, version: str, health: tuple[str, ...]
) -> None:
    assert updated(matrix, variant, version, health).reason == "unhealthy"


def test_a_version_that_takes_its_time_stays(matrix: Matrix) -> None:
    assert updated(matrix, "slow", "9.0.8", HEALTH, good=True).seconds > STEADY
