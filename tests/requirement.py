"""What a test needs beyond Python: absent on a developer's machine it is skipped with the reason, in CI that is a failure."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; fail it where everything has to be there (`CI=true` or `DCA_REQUIRE=all`)."""
    if os.environ.get("CI") == "true" or os.environ.get("DCA_REQUIRE") == "all":
        pytest.fail(f"{what}, and here nothing may be skipped", pytrace=False)
    pytest.skip(what)
