"""The roles of the repository: who signs which targets, and for how long a signature is valid. Pure."""

import re
from collections.abc import Iterable
from datetime import timedelta

from hosting.errors import RepositoryError

ROOT, TARGETS, RELEASE = OFFLINE = ("root", "targets", "release")
"""Signed by people, with keys that are on no server."""
GLOBAL, CONFIG, SNAPSHOT, TIMESTAMP = "globalcfg", "config", "snapshot", "timestamp"
"""Signed by the server. `config` only delegates, to the bins."""
ONLINE_KEYS = (SNAPSHOT, TIMESTAMP, CONFIG)
"""The keys on the server, by the role they are named after; that of `config` signs `globalcfg` and the bins, too."""

BIN_BITS = 10
BIN_PREFIX = "site"
"""1,024 bins, `site-000` to `site-3ff`: for ever, since a client refuses a snapshot that drops a role."""

VALIDITY = {
    ROOT: timedelta(days=365),
    TARGETS: timedelta(days=365),
    RELEASE: timedelta(days=90),
    GLOBAL: timedelta(days=30),
    CONFIG: timedelta(days=365),
    SNAPSHOT: timedelta(days=7),
    TIMESTAMP: timedelta(days=1),
}
BIN_VALIDITY = timedelta(days=14)

PATTERNS = {
    RELEASE: ("release/*",),
    GLOBAL: ("config/global/*", "config/group/*"),
    CONFIG: ("config/site/*",),
}
"""What `targets` delegates, in this order; every one is terminating."""

GLOBAL_PATH = re.compile(r"config/(global/(all|rollout)|group/[a-z0-9][a-z0-9-]{0,62})\.json")
SITE_PATH = re.compile(r"config/site/[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.json")


def validity(role: str) -> timedelta:
    """Return for how long a signature of a role is valid."""
    return VALIDITY.get(role, BIN_VALIDITY)


def is_bin(role: str) -> bool:
    """Return whether a role is one of the bins of the sites."""
    return role.startswith(f"{BIN_PREFIX}-")


def short_names(roles: Iterable[str]) -> str:
    """Return roles in words, more than three bins as their number."""
    listed = list(roles)
    bins = [role for role in listed if is_bin(role)]
    return ", ".join([role for role in listed if not is_bin(role)] + (bins if len(bins) <= 3 else [f"{len(bins):,} bins of sites"]))


def require_configuration_path(path: str) -> None:
    """Raise RepositoryError unless the online keys may sign a target of this path."""
    if not (GLOBAL_PATH.fullmatch(path) or SITE_PATH.fullmatch(path)):
        raise RepositoryError(
            f"{path!r} is no path of a configuration. Use config/global/all.json, config/global/rollout.json, "
            "config/group/NAME.json (small letters, digits and hyphens) or config/site/SITE_ID.json."
        )
