"""The container that does the switch: made of the old image, with the engine's socket and the data volume, and nothing else. Pure.

It has the networks of the appliance, so that it can try the hosting server and reach a proxy of the socket. Its labels hold enough
to go back even when the journal is lost.
"""

import json
from collections.abc import Mapping
from typing import Any

from appliance.common.files import from_json
from appliance.common.message import Message
from updater.engine.container_spec import ONE_REQUEST_API, Inspected, Json
from updater.engine.labels import ROLE_LABEL, TRANSACTION_LABEL, switcher_name
from updater.errors import EngineError
from updater.records.journal import Old, Transaction

COMMAND = ("tini", "--", "python3", "-P", "-m", "updater", "switch")
WAY_BACK_LABEL = "dca.way-back"
RIDE_ALONG = ("Dns", "DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "LogConfig", "UsernsMode", "Runtime", "CgroupParent")
ROOT_USERS = ("", "0", "root")
NOT_OURS = ("tmpfs", "npipe", "cluster")
"""Types of mounts that another container cannot share."""


def helper_name(transaction: Transaction) -> str:
    """Return the one name a switcher has: there are never two for one appliance."""
    return switcher_name(transaction.old.name)


def body_of(transaction: Transaction, *, network: bool = True) -> tuple[Json, tuple[str, ...]]:
    """Return the body of `POST /containers/create`, and the networks to connect afterwards; without `network` there are none."""
    old = transaction.old.inspect
    if not old:
        raise EngineError(
            Message(
                "The journal of the update was lost, and with it how the container %(name)s was made: no other switcher can be "
                "started. Start that container by hand.",
                name=transaction.old.name,
            ),
            "not found",
        )
    new_image = transaction.to_release.get("switcher") == "new"
    mode = str(old["HostConfig"].get("NetworkMode") or "default") if network else "none"
    first, later = _networks(old, mode, transaction.api)
    body: Json = {
        "Image": transaction.new_image_id if new_image else transaction.old.image_id,
        "Entrypoint": list(COMMAND),
        "Cmd": [],
        "User": old["Config"].get("User") or "",
        "Env": list(transaction.spec.body.get("Env") or ()) if transaction.spec else [],
        "Labels": {
            ROLE_LABEL: "switcher",
            TRANSACTION_LABEL: transaction.transaction,
            WAY_BACK_LABEL: json.dumps(_way_back(transaction), separators=(",", ":")),
        },
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(old, mode),
        "NetworkingConfig": {"EndpointsConfig": first},
    }
    return body, later


def rebuilt(labels: Mapping[str, str]) -> Transaction | None:
    """Return the transaction by the labels of its switcher, on its way back; None where they do not tell."""
    try:
        known: dict[str, Any] = from_json(labels[WAY_BACK_LABEL])
        told = Transaction(
            transaction=labels[TRANSACTION_LABEL],
            phase="rolling_back",
            started_at=str(known["started_at"]),
            by=str(known["by"]),
            from_version=str(known["from_version"]),
            from_counter=0,
            to_release={"version": known["to_version"], "counter": known["counter"]},
            old=Old(**known["old"], inspect={}),
            new_image_id=str(known["new_image_id"]),
            expected_digests=(),
            spec=None,
            restart_policy=dict(known["restart_policy"]),
            api=(1, 41),
            hosting_url="",
            reason="journal",
            text="The journal of the update was lost, so that the version before was put back.",
        )
        return Transaction.from_json(told.to_json())
    except (LookupError, TypeError, ValueError):
        return None


def _way_back(transaction: Transaction) -> Json:
    old = transaction.old
    return {
        "old": {"id": old.id, "name": old.name, "image_id": old.image_id, "reference": old.reference},
        "new_image_id": transaction.new_image_id,
        "restart_policy": transaction.restart_policy,
        "from_version": transaction.from_version,
        "to_version": transaction.to_version,
        "counter": transaction.to_release.get("counter") or 0,
        "started_at": transaction.started_at,
        "by": transaction.by,
    }


def _host_config(old: Inspected, mode: str) -> Json:
    host = old["HostConfig"]
    body: Json = {name: host[name] for name in RIDE_ALONG if host.get(name)}
    if mode == "none":
        body = {name: value for name, value in body.items() if name not in ("Dns", "DnsOptions", "DnsSearch", "ExtraHosts")}
    body |= {
        "NetworkMode": mode,
        "Binds": _binds(old),
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": "mode=1777,size=16m"},  # noqa: S108 - inside the container
        # It is the one that comes back whatever is killed: after the end of the engine alone, no other policy does.
        "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0},
        # Labels of SELinux are made for one container, and this one shares the volume of another.
        "SecurityOpt": ["no-new-privileges", "label=disable"],
        "CapDrop": ["ALL"],
    }
    if (old["Config"].get("User") or "").partition(":")[0] in ROOT_USERS:
        # Root without capabilities may not write to the files of others; it gets what it had.
        body |= {"CapDrop": host.get("CapDrop") or [], "CapAdd": host.get("CapAdd") or []}
    return body


def _binds(old: Inspected) -> list[str]:
    """Return the mounts of the appliance: data volume and socket among them, and what its settings may refer to."""
    return [
        f"{mount.get('Name' if mount['Type'] == 'volume' else 'Source', '')}:{mount['Destination']}"
        f"{'' if mount.get('RW', True) else ':ro'}"
        for mount in old.get("Mounts") or ()
        if mount.get("Type") not in NOT_OURS
    ]


def _networks(old: Inspected, mode: str, api: tuple[int, int]) -> tuple[Json, tuple[str, ...]]:
    """Return the endpoints to create it with and the names of those to connect later; addresses are the engine's choice."""
    if mode in ("host", "none") or mode.startswith("container:"):
        return {}, ()
    names = list((old.get("NetworkSettings") or {}).get("Networks") or ())
    if api >= ONE_REQUEST_API:
        return {name: {} for name in names}, ()
    home = {"default": "bridge"}.get(mode, mode)
    first = home if home in names else next(iter(names), "")
    return {first: {}} if first else {}, tuple(name for name in names if name != first)
