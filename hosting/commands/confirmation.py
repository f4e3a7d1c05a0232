"""The question before something is published, signed or trusted."""

import sys

from hosting.errors import ConfigurationError


def confirmed(question: str = "Publish this?", undone: str = "published", *, answerable: bool = True) -> bool:
    """Ask; the end of the input (Ctrl-D) is a no.

    Raises ConfigurationError where nobody can answer, as where standard input was read already (`answerable`).
    """
    if not answerable or not sys.stdin.isatty():
        raise ConfigurationError(f"Nobody can be asked here, so nothing was {undone}. Give --yes to go on without a question.")
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:
        print()
        return False
    return answer.strip().lower() in ("y", "yes")
