"""Text of others on a terminal: nothing in it can hide, move or overwrite what stands around it."""


def plain(text: str) -> str:
    """Return a text whose characters all show: controls, those that turn the direction and other invisible ones as escapes.

    Line breaks, too: one text stays one line.
    """
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
