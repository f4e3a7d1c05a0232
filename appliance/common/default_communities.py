"""Communities that devices are sold with: everybody knows them, so they are no secret, and words that are in many sentences."""

from typing import Final

DEFAULT_COMMUNITIES: Final = frozenset({"public", "private", "internal"})


def is_default(community: str) -> bool:
    """Return whether a community is one that everybody knows, in capitals or not."""
    return community.lower() in DEFAULT_COMMUNITIES
