"""How what belongs to an appliance is known in the engine: labels, names of containers, names of images. Pure."""

from updater.engine.container_spec import Inspected
from updater.engine.reference import split_reference

ROLE_LABEL = "dca.role"
"""`main`, `switcher` or `preflight`: on every container of ours, since it is in the image."""
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


def kept_reference(reference: str, transaction: str) -> str:
    """Return the name under which the image before is kept that a transaction replaced; all of one `reference` begin alike."""
    return f"{split_reference(reference)[0]}:rollback-{transaction}"
