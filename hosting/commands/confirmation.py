"""The question before something is published."""

import sys

from hosting.errors import ConfigurationError


def confirmed(*, answerable: bool = True) -> bool:
    """Ask. Raises ConfigurationError where nobody can answer, as where standard input was read already (`answerable`)."""
    if not answerable or not sys.stdin.isatty():
        raise ConfigurationError("Nobody can be asked here, so nothing was published. Give --yes to publish without a question.")
    return input("Publish this? [y/N] ").strip().lower() in ("y", "yes")
