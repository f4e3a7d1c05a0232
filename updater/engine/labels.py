"""How what belongs to an appliance is known in the engine: labels, names of containers, names of images. Pure."""

import re

from updater.engine.container_spec import Inspected
from updater.engine.reference import split_reference

ROLE_LABEL = "dca.role"
"""`main`, `switcher` or `preflight`: on every container of ours, since it is in the image."""
KEPT_TAG = "rollback-"
CONTAINER_CHARACTERS = 100
TRANSACTION = re.compile(r"[0-9a-f]{12}")
TRANSACTION_LABEL = "dca.transaction"
"""The replacement that a container was made in."""


def container_name(container: Inspected) -> str:
    """Return the name of a container; most engines write a slash before it."""
    return str(container["Name"]).lstrip("/")


def labels_of(container: Inspected) -> dict[str, str]:
    """Return the labels of a container."""
    return (container.get("Config") or {}).get("Labels") or {}


def role_of(container: Inspected) -> str | None:
    """Return what a container is for: `main`, `switcher` or `preflight`; None for one that is not ours."""
    return labels_of(container).get(ROLE_LABEL)


def switcher_name(main: str) -> str:
    """Return the name of the switcher of the main container of that name: there are never two for one appliance."""
    return f"{main}-updater"


def preflight_name(main: str) -> str:
    """Return the name of the preflight of the main container of that name."""
    return f"{main}-preflight"


def kept_reference(reference: str, container: str, transaction: str) -> str:
    """Return the name under which the image before is kept that a transaction has replaced in the container of that name.

    Two appliances of one host may call their image alike, so the name of the container is in it (a tag has at most 128 characters).
    """
    return f"{split_reference(reference)[0]}:{KEPT_TAG}{container[-CONTAINER_CHARACTERS:]}-{transaction}"


def earlier_kept_reference(reference: str, transaction: str) -> str:
    """Return the name under which versions before this one kept an image: without the container."""
    return f"{split_reference(reference)[0]}:{KEPT_TAG}{transaction}"


def is_kept_for(tag: str, reference: str, container: str) -> bool:
    """Return whether a name is that of an image that was kept for the container of that name."""
    begin = kept_reference(reference, container, "")
    return tag.startswith(begin) and TRANSACTION.fullmatch(tag.removeprefix(begin)) is not None
