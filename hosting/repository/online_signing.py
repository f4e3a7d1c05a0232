"""Whether the server can sign its own roles: it finds out before they are due, and says what is the matter."""

from collections.abc import Iterator, Sequence
from typing import Any

from securesystemslib.signer import Key

from appliance.common.message import message_of
from hosting.errors import RepositoryError
from hosting.repository.folder import RepositoryFolder
from hosting.repository.roles import BIN_PREFIX, CONFIG, GLOBAL, SNAPSHOT, TIMESTAMP
from hosting.repository.waiting import ground_of

BINS = f"{BIN_PREFIX}-*"


def unusable_keys(folder: RepositoryFolder) -> dict[str, str]:
    """Return why the server cannot sign a role, by the role; the bins are `site-*`. Each key makes a signature, and it is verified.

    Raises RepositoryError when the repository itself cannot be read.
    """
    tried: dict[str, str] = {}
    faults = {}
    for role, keys in _online_roles(folder):
        for key in keys:
            if key.keyid not in tried:
                tried[key.keyid] = _fault(folder, key)
            if tried[key.keyid]:
                faults[role] = tried[key.keyid]
    return faults


def _fault(folder: RepositoryFolder, key: Key) -> str:
    try:
        folder.keys.try_out(key)
    except (RepositoryError, OSError) as error:
        return message_of(error)
    return ""


def _online_roles(folder: RepositoryFolder) -> Iterator[tuple[str, Sequence[Key]]]:
    ground = ground_of(folder)
    assert ground.root is not None
    assert ground.targets is not None
    for role in (SNAPSHOT, TIMESTAMP):
        yield role, _keys(ground.root.signed, role)
    for role in (GLOBAL, CONFIG):
        yield role, _keys(ground.targets.signed, role)
    snapshot = folder.read(SNAPSHOT, folder.read(TIMESTAMP).signed.snapshot_meta.version)
    bins = folder.read(CONFIG, snapshot.signed.meta[f"{CONFIG}.json"].version).signed.delegations
    yield BINS, [bins.keys[keyid] for keyid in bins.succinct_roles.keyids]


def _keys(delegator: Any, role: str) -> list[Key]:
    return [delegator.get_key(keyid) for keyid in delegator.get_delegated_role(role).keyids]
