"""What scans hand on: a device to read, and what it said."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.discovery.sweep.progress import Checkpoint
from appliance.discovery.targets import NamedPrinter
from appliance.report import Reading
from appliance.snmp.agent import Agent, AgentProfile


@dataclass(frozen=True, slots=True)
class Known:
    """A device to read without looking for it; `credential` is the name of the one that worked last time."""

    address: str
    port: int
    key: str | None = None
    credential: str | None = None
    hostname: str | None = None
    profile: AgentProfile | None = None
    """What earlier visits have learned, where that was kept."""
    by_ipp: bool = False
    """Whether it may be read by IPP where SNMP brings nothing: nobody has read it over SNMP yet."""
    snmp_asked_at: datetime | None = None
    """When it was last asked over SNMP in vain, if it is read by IPP."""
    printer: NamedPrinter | None = None
    """Where it is read by IPP and never otherwise, if a target names it so; `address` is the URI of that target then."""

    @classmethod
    def named(cls, printer: NamedPrinter, key: str | None = None) -> "Known":
        """Return a printer that a target names by where it serves IPP."""
        return cls(printer.target.uri, printer.target.port, key, hostname=printer.host_name, printer=printer)


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """A reading, and how it was come by."""

    reading: Reading
    agent: Agent
    credential: str
    """Name of the credential that worked; empty where none did."""
    profile: AgentProfile
    """What is known of the agent now."""
    snmp_asked_at: datetime | None = None
    """When SNMP was asked in vain; None where the reading is by SNMP, else it is by IPP."""
    scan: str = ""
    """The id of the scan that brought it."""
    uri: str = ""
    """The IPP target it was read at; empty where it was read at its address."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Where an earlier sweep of the same targets was cut off."""

    checkpoint: Checkpoint
    read: frozenset[str]
    """Addresses of the devices it has read."""


Keep = Callable[[DeviceAnswer], Awaitable[None]]
"""Takes a reading as soon as it is there."""

Missed = Callable[[Known, str], Awaitable[None]]
"""Told of a known device that could not be read, and why."""


async def nothing_missed(_known: Known, _reason: str) -> None:
    """Do nothing about it."""
    return
