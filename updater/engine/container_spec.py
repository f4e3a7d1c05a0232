"""The container that takes the place of another: what to create, from what the engine says of the old one. Pure.

The engine mixes what the image says with what the user asked for. What equals the old image's value is left to the new image;
everything else the user gets back: networks, volumes (nameless ones too), labels, environment, limits. Fields not known here ride
along, so that a newer engine loses nothing.
"""

import posixpath
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
Inspected = Mapping[str, Any]
"""What the engine answers to an inspection of a container or an image."""

ONE_REQUEST_API = (1, 44)
"""From this version of its API the engine takes all networks when a container is created; before, one."""
COMPOSE_IMAGE = "com.docker.compose.image"
COMPOSE_REPLACE = "com.docker.compose.replace"
SHORT_ID = 12
UNTOLD_MAC_API = (1, 52)
"""From this version on the engine does not tell which MAC address was chosen for the container's own network."""
GENERATED_MAC = "02:42:"

LEFT_TO_THE_IMAGE = ("User", "WorkingDir", "StopSignal", "StopTimeout", "Shell", "Healthcheck")
COPIED = ("Domainname", "Tty", "OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr", "ArgsEscaped")
OF_AN_ENDPOINT = ("IPAMConfig", "DriverOpts", "Links", "GwPriority")


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What to create, without a restart policy: `restart_policy` is the user's own, for the one that stays."""

    name: str
    body: Json
    """The body of `POST /containers/create`."""
    later_networks: tuple[tuple[str, Json], ...]
    """Networks to connect before the start, each with its endpoint: engines before API 1.44 take one at the creation."""
    restart_policy: Json

    def to_json(self) -> Json:
        """Return the value as JSON, for the journal."""
        return {
            "name": self.name,
            "body": self.body,
            "later_networks": [list(network) for network in self.later_networks],
            "restart_policy": self.restart_policy,
        }


def successor(
    container: Inspected,
    old_image: Inspected,
    new_image: Inspected,
    *,
    reference: str,
    labels: Mapping[str, str],
    api: tuple[int, int],
) -> ContainerSpec:
    """Return what takes the place of `container`, made of `new_image`.

    `reference` is the name the user calls the image by, already tagged to the new one; `labels` are ours, about this very
    replacement; `api` is the version of the engine's API.
    """
    config = container["Config"]
    image = old_image.get("Config") or {}
    host = container["HostConfig"]
    body = {name: deepcopy(config[name]) for name in COPIED if config.get(name)}
    chosen = {name: config.get(name) for name in LEFT_TO_THE_IMAGE if config.get(name) != image.get(name)}
    body |= {name: deepcopy(value) for name, value in chosen.items() if value not in (None, "")}
    body |= _command(config, image)
    body |= _host_name(container)
    if api < ONE_REQUEST_API and config.get("MacAddress"):
        body["MacAddress"] = config["MacAddress"]  # later engines have it at each network
    body["Image"] = reference
    body["Env"] = _beyond(config.get("Env"), image.get("Env"))
    body["Labels"] = _labels(config.get("Labels") or {}, image.get("Labels") or {}, old_image, new_image) | dict(labels)
    if ports := _ports(config, image, host):
        body["ExposedPorts"] = ports
    body["HostConfig"] = _host_config(container)
    first, later = _networks(container, api)
    body["NetworkingConfig"] = {"EndpointsConfig": first}
    return ContainerSpec(container["Name"].lstrip("/"), body, later, deepcopy(host.get("RestartPolicy") or {"Name": "no"}))


def _beyond(values: list[str] | None, of_image: list[str] | None) -> list[str]:
    """Return the entries that do not come from the image."""
    known = set(of_image or ())
    return [value for value in values or () if value not in known]


def _command(config: Json, image: Json) -> Json:
    """Return entrypoint and command where the user chose them; a command goes with the entrypoint it was written for.

    An entrypoint that was taken away (`--entrypoint ""`) is asked for as one empty word: without any the image's would come back.
    """
    entrypoint, command = config.get("Entrypoint") or [], config.get("Cmd")
    if entrypoint != (image.get("Entrypoint") or []):
        return {"Entrypoint": list(entrypoint) or [""], "Cmd": list(command or ())}
    return {"Cmd": list(command)} if command and command != image.get("Cmd") else {}


def _host_name(container: Inspected) -> Json:
    """Return the host name where somebody chose it.

    By default it is the id of the container; on the network of the host or of another container there is none of its own.
    """
    name = container["Config"].get("Hostname")
    mode = container["HostConfig"].get("NetworkMode") or ""
    if not name or name == container["Id"][:SHORT_ID] or mode == "host" or mode.startswith("container:"):
        return {}
    return {"Hostname": name}


def _labels(labels: Mapping[str, str], of_image: Mapping[str, str], old_image: Inspected, new_image: Inspected) -> dict[str, str]:
    kept = {name: value for name, value in labels.items() if of_image.get(name) != value and name != COMPOSE_REPLACE}
    known = kept.pop(COMPOSE_IMAGE, None)
    if known and (digest := _same_kind(known, old_image, new_image)):
        # Compose keeps a container only as long as this names the image its reference leads to.
        kept[COMPOSE_IMAGE] = digest
    return kept


def _same_kind(known: str, old_image: Inspected, new_image: Inspected) -> str | None:
    """Return of the new image the digest that `known` is of the old one; None where that cannot be told."""
    if known == old_image["Id"]:
        return str(new_image["Id"])
    old = (old_image.get("Descriptor") or {}).get("digest")
    new = (new_image.get("Descriptor") or {}).get("digest")
    if known == old and new:
        return str(new)
    by_repository: dict[str, str] = {
        digest.partition("@")[0]: digest.partition("@")[2] for digest in new_image.get("RepoDigests") or ()
    }
    for digest in old_image.get("RepoDigests") or ():
        repository, _, value = digest.partition("@")
        if value == known and repository in by_repository:
            return by_repository[repository]
    return None


def _ports(config: Json, image: Json, host: Json) -> Json:
    """Return the ports that the user exposes or publishes; those of the image the new image has itself."""
    exposed = set(config.get("ExposedPorts") or ()) - set(image.get("ExposedPorts") or ())
    return {port: {} for port in sorted(exposed | set(host.get("PortBindings") or ()))}


def _host_config(container: Inspected) -> Json:
    host = {name: deepcopy(value) for name, value in container["HostConfig"].items() if value is not None}
    host.pop("ContainerIDFile", None)
    host["RestartPolicy"] = {"Name": "no", "MaximumRetryCount": 0}  # given when it is decided that it stays
    volumes = {place(mount["Destination"]): mount for mount in container.get("Mounts") or () if mount.get("Type") == "volume"}
    if host.get("Mounts"):
        host["Mounts"] = [_in_force(mount, volumes) for mount in host["Mounts"]]
    if binds := _binds(host, volumes):
        host["Binds"] = binds
    if host.get("Links"):
        host["Links"] = [_link(link) for link in host["Links"]]
    if host.get("NanoCpus"):
        # Podman answers both forms of one limit, and takes only one.
        host.pop("CpuPeriod", None)
        host.pop("CpuQuota", None)
    return host


def place(path: str) -> str:
    """Return where a path of a container leads: users write `/data/` and `/data/../data`, engines say `/data`."""
    return "/" + posixpath.normpath(path).lstrip("/")


def _in_force(mount: Json, volumes: Mapping[str, Json]) -> Json:
    """Return a mount as the user gave it; a volume without a name gets that of the one in force, for it would be a new one."""
    there = volumes.get(place(str(mount.get("Target") or "")))
    if mount.get("Type") != "volume" or mount.get("Source") or there is None:
        return mount
    return mount | {"Source": there["Name"]}


def _binds(host: Json, volumes: Mapping[str, Json]) -> list[str]:
    """Return the binds of the user, and one for each volume that only the list of mounts names: the image, or he, asked for it."""
    named = [bind for bind in host.get("Binds") or () if ":" in bind]
    asked = {place(bind.split(":")[1]) for bind in named}
    asked |= {place(mount["Target"]) for mount in host.get("Mounts") or ()}
    nameless = [
        f"{mount['Name']}:{mount['Destination']}{'' if mount.get('RW', True) else ':ro'}"
        for where, mount in volumes.items()
        if where not in asked
    ]
    return [*named, *nameless]


def _link(link: str) -> str:
    """Return `/db:/dca/database`, as the engine shows a link, as `db:database`, as it takes one."""
    target, _, alias = link.partition(":")
    return f"{target.lstrip('/')}:{alias.rpartition('/')[2]}"


def _networks(container: Inspected, api: tuple[int, int]) -> tuple[Json, tuple[tuple[str, Json], ...]]:
    """Return the endpoints to create the container with, and those to connect it to before it starts."""
    mode = container["HostConfig"].get("NetworkMode") or "default"
    if mode in ("host", "none") or mode.startswith("container:"):
        return {}, ()
    networks = (container.get("NetworkSettings") or {}).get("Networks") or {}
    endpoints = {name: _endpoint(name, settings or {}, container) for name, settings in networks.items()}
    home = {"default": "bridge"}.get(mode, mode)
    if api >= ONE_REQUEST_API:
        for name, endpoint in endpoints.items():
            told = name == home and api < UNTOLD_MAC_API
            chosen = container["Config"].get("MacAddress") if told else _beyond_made_up(networks[name] or {})
            endpoint.update({"MacAddress": chosen} if chosen else {})
        return endpoints, ()
    first = home if home in endpoints else next(iter(endpoints), "")
    return (
        {name: value for name, value in endpoints.items() if name == first},
        tuple((name, value) for name, value in endpoints.items() if name != first),
    )


def _endpoint(network: str, settings: Json, container: Inspected) -> Json:
    """Return what the user asked for in a network; never what the engine gave: addresses, gateways, ids."""
    endpoint = {name: deepcopy(settings[name]) for name in OF_AN_ENDPOINT if settings.get(name)}
    aliases = [alias for alias in settings.get("Aliases") or () if alias != container["Id"][:SHORT_ID]]
    if aliases and network != "bridge":
        endpoint["Aliases"] = aliases
    return endpoint


def _beyond_made_up(settings: Json) -> str:
    """Return the MAC address in a network, empty where the engine made it: `02:42:` and the four bytes of the address.

    From version 28 on it makes them at random, and does not tell them from chosen ones; such a one stays as it is.
    """
    mac = str(settings.get("MacAddress") or "")
    numbers = [int(part) for part in str(settings.get("IPAddress") or "").split(".") if part.isdecimal()]
    made_up = len(numbers) == 4 and mac.lower() == GENERATED_MAC + ":".join(f"{number:02x}" for number in numbers)
    return "" if made_up else mac
