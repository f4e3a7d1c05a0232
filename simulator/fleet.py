"""Which agent answers at which loopback address."""

import ipaddress
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from simulator.agent import ETHERNET_PAYLOAD, VERSION_1, VERSION_2C, Abilities, Agent
from simulator.errors import SimulatorError
from simulator.models import Marker, Model, Supply, load_models
from simulator.printers import PrinterObjects
from simulator.printing import Printing
from simulator.recordings import find_recordings
from simulator.snmprec import read_recording
from simulator.web.generated import GeneratedPages
from simulator.web.pages import Pages
from simulator.web.recording import read_pages

LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")
DEFAULT_BASE = "127.0.42.1"
VERSIONS = {"1": VERSION_1, "2c": VERSION_2C}


@dataclass(frozen=True, slots=True)
class Options:
    """What all agents have in common: 0 `seconds_per_page` means meters stand still, no `max_reply` the printer's own."""

    community: str = "public"
    max_reply: int | None = None
    getbulk: bool = True
    seconds_per_page: float = 10.0
    seed: int = 0
    snmp_off: tuple[str, ...] = ()
    """Parts of the names of printers that answer no SNMP; an empty one fits all."""

    def answers_snmp(self, name: str) -> bool:
        """Return whether the printer of this name answers SNMP."""
        return not any(part in name for part in self.snmp_off)


@dataclass(frozen=True, slots=True)
class Member:
    """One address and how its agent is made; `printing` is None for a recording, `pages` is what it has over HTTP."""

    address: str
    name: str
    build: Callable[[], Agent]
    printing: Printing | None = None
    pages: Pages | None = None
    snmp: bool = True
    """Whether it answers SNMP at all."""


class Fleet:
    """The members by address. An agent is made when it is first asked, so that a large fleet starts at once."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.members = tuple(members)
        self._by_octets = {ipaddress.IPv4Address(member.address).packed: member for member in members}
        self._agents: dict[bytes, Agent] = {}

    def agent(self, address: bytes) -> Agent | None:
        """Return the agent at the four octets of an address, None when nobody lives there."""
        agent = self._agents.get(address)
        if agent is None and (member := self._by_octets.get(address)) and member.snmp:
            agent = self._agents[address] = member.build()
        return agent

    def asked(self) -> Iterator[tuple[Member, Agent]]:
        """Yield the members that were asked, with their agents."""
        for octets, agent in self._agents.items():
            yield self._by_octets[octets], agent


def loopback_addresses(base: str, count: int, within: ipaddress.IPv4Network = LOOPBACK) -> list[str]:
    """Return `count` addresses from `base` on, without those ending in 0 or 255. Raises SimulatorError outside `within`.

    Another network than loopback is for network namespaces without a way out, where it can belong to nobody else.
    """
    try:
        address = ipaddress.IPv4Address(base)
    except ValueError as error:
        raise SimulatorError(f"The base {base!r} is no IPv4 address. Write one like {DEFAULT_BASE}.") from error
    found: list[str] = []
    while len(found) < count:
        if address not in within:
            raise SimulatorError(
                f"The simulator only serves addresses of {within}, and {count} from {base} on reach {address}. "
                f"Choose a base such as {DEFAULT_BASE}."
            )
        if address.packed[-1] not in (0, 255):
            found.append(str(address))
        address += 1
    return found


def recorded_fleet(places: Sequence[Path], base: str, options: Options) -> Fleet:
    """Return a fleet that answers from recordings, one address each. Raises RecordingError, SimulatorError."""
    abilities = Abilities(getbulk=options.getbulk, max_reply=options.max_reply or ETHERNET_PAYLOAD)
    recorded = find_recordings(places)
    members = []
    for address, (name, files) in zip(loopback_addresses(base, len(recorded)), recorded.items(), strict=True):
        # Read now: a recording that cannot be used is said before the fleet is ready, not when somebody asks.
        objects = read_recording(files.snmp) if files.snmp else {}
        build = partial(Agent, objects, community=options.community, abilities=abilities)
        pages = read_pages(files.web) if files.web else None
        members.append(Member(address, name, build, pages=pages, snmp=bool(objects) and options.answers_snmp(name)))
    return Fleet(members)


def generated_fleet(size: int | None, base: str, options: Options, within: ipaddress.IPv4Network = LOOPBACK) -> Fleet:
    """Return the printers of the demo (`size` None), or `size` printers like them. Raises SimulatorError."""
    models: Sequence[Model] = load_models()
    if size is not None:
        models = [variant(models[number % len(models)], number, options.seed) for number in range(size)]
    members = []
    for address, model in zip(loopback_addresses(base, len(models), within), models, strict=True):
        printing = Printing.start(model, options.seconds_per_page, f"{options.seed} {model.device.serial}")
        build, pages = partial(_agent, printing, address, options), GeneratedPages(printing)
        members.append(Member(address, model.name, build, printing, pages, options.answers_snmp(model.name)))
    return Fleet(members)


def _agent(printing: Printing, address: str, options: Options) -> Agent:
    snmp = printing.model.snmp
    abilities = Abilities(
        versions=frozenset(VERSIONS[version] for version in snmp.versions),
        getbulk=snmp.getbulk and options.getbulk,
        max_reply=min(snmp.max_reply, options.max_reply or snmp.max_reply),
    )
    return Agent(PrinterObjects(printing, address).build(), community=options.community, abilities=abilities)


def variant(model: Model, number: int, seed: int) -> Model:
    """Return a printer of the same model with its own identity, meters and levels."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - not a secret, repeatable
    device = replace(
        model.device,
        serial=f"{model.device.serial[:-5]}{number:05d}",
        mac=f"{model.device.mac[:8]}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
        hostname=f"{model.device.hostname}-{number}",
        location=f"Building {number // 50 + 1}, room {number % 50 + 1}",
    )

    def marker(row: Marker) -> Marker:
        return replace(row, total=chance.randrange(100, 2 * row.total))

    def supply(row: Supply) -> Supply:
        return replace(row, level=chance.randrange(row.capacity // 10, row.capacity + 1)) if row.pages else row

    return replace(
        model,
        name=f"{model.name}-{number}",
        device=device,
        markers=tuple(map(marker, model.markers)),
        supplies=tuple(map(supply, model.supplies)),
    )
