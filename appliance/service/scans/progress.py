"""A scan while it runs and afterwards: what the progress stream, the status page and the CLI show of it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.message import Message, joined
from appliance.common.network.traffic import Purpose, Traffic, TrafficByPurpose, Unit, UnitCost
from appliance.discovery.sweep.sweep import SweepProgress
from appliance.settings.quiet_times import time_of_week

FAILURES_SHOWN = 200

Kind = Literal["sweep", "read", "find"]
"""A sweep, a reading of the known devices, or a look for printers beside the ranges."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An imaging device, or an address that was asked for by name, that could not be read."""

    address: str
    reason: str


@dataclass(slots=True)
class Scan:
    """One sweep (with reading what it finds), one reading of the known devices, or one look beside the ranges."""

    kind: Kind
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    started_at: datetime = field(default_factory=utc_now)
    finished_at: datetime | None = None
    cancelled: bool = False
    addresses: int = 0
    """Addresses to ask; for a reading the known devices."""
    reading_asked: int = 0
    reading_answering: int = 0
    devices: int = 0
    read: int = 0
    failures: list[Failure] = field(default_factory=list)
    partial: list[Failure] = field(default_factory=list)
    """Devices that stopped answering half-way."""
    unforeseen: list[Failure] = field(default_factory=list)
    """Those of them whose answers ended in a fault that nobody foresaw."""
    traffic: TrafficByPurpose = field(default_factory=TrafficByPurpose)
    """Everything the scan has cost, at IP level."""
    sweep: SweepProgress = field(init=False)
    _units: dict[Unit, UnitCost] = field(default_factory=dict, init=False)
    paused_until: datetime | None = None
    """When the quiet time ends for which the scan waits, in the time of the site; None while it does not wait."""
    doing: str = ""
    """What a look beside the ranges is at, before it asks addresses."""
    trouble: str = ""
    """One sentence about the scan as a whole, when something went wrong with it."""

    def __post_init__(self) -> None:
        self.sweep = SweepProgress(traffic=self.traffic)

    @property
    def done(self) -> bool:
        """Whether the scan has ended."""
        return self.finished_at is not None

    @contextmanager
    def counting(self, purpose: Purpose, unit: Unit) -> Iterator[Traffic]:
        """Count what a device costs under `purpose` and, unless asking it ends with an error, as one `unit`."""
        traffic = Traffic()
        try:
            yield traffic
            self._units.setdefault(unit, UnitCost()).add(traffic.bytes)
        finally:
            self.traffic.of(purpose).add(traffic)

    def units(self) -> dict[Unit, UnitCost]:
        """Return the units this scan has counted, for averages."""
        if self.kind == "find":
            # What others name is mostly there: averages of sweeps are made of other addresses.
            return {}
        counted: dict[Unit, UnitCost] = dict(self._units)
        if self.sweep.blank.count:
            counted["blank_address"] = self.sweep.blank
        # A sweep that was cancelled has asked addresses of which nobody knows whether they would have answered; and of one that was
        # gone on with, some have answered before.
        if self.sweep.answering and not self.cancelled and not self.sweep.resumed:
            bytes_ = self.sweep.counted().bytes - self.sweep.blank.bytes + self.traffic.of("ipp_search").bytes
            counted["answering_address"] = UnitCost(self.sweep.answering, bytes_)
        return counted

    def fail(self, address: str, reason: str) -> None:
        """Note that the device at `address` could not be read, and why."""
        self.failures.append(Failure(address, reason))

    def note_partial(self, address: str, reason: str) -> None:
        """Note that the device at `address` was read in part, and why it stopped."""
        told = Message(
            "%(address)s was read only in part: %(reason)s. Packets may be lost on the way; what was not read says so.",
            address=address,
            reason=reason,
        )
        self.partial.append(Failure(address, told))

    def text(self) -> str:
        """Return the state of the scan in one line for a person."""
        if self.trouble:
            return self.trouble
        if self.kind == "find":
            return self._look_text()
        devices = Message("%(read)d of %(devices)d devices read", read=self.read, devices=self.devices)
        if self.done:
            cancelled = Message("cancelled") if self.cancelled else ""
            failed = Message("%(count)d failed", count=len(self.failures)) if self.failures else ""
            partial = Message("%(count)d only in part", count=len(self.partial)) if self.partial else ""
            return joined(joined(cancelled, devices, failed, partial, between=", "), self.unasked() or "", between="; ")
        if self.kind == "read":
            doing: str = Message("reading the known devices: %(devices)s", devices=devices)
        else:
            asked = Message("%(asked)d of %(addresses)s asked", asked=self.sweep.asked, addresses=_addresses(self.addresses))
            if self.sweep.silent_pass:
                asked = Message("asking over SNMP what answers no ping: %(asked)s", asked=asked)
            doing = joined(asked, devices, between=", ")
        if self.paused_until:
            return Message("quiet time until %(moment)s: %(doing)s", moment=time_of_week(self.paused_until), doing=doing)
        return doing

    def _look_text(self) -> str:
        """Return the state of a look beside the ranges."""
        found = Message("%(found)d new printers among %(addresses)s", found=self.devices, addresses=_addresses(self.addresses))
        if self.done:
            return joined(Message("cancelled") if self.cancelled else "", found, between=", ")
        asked = Message("%(asked)d of %(addresses)s asked", asked=self.sweep.asked, addresses=_addresses(self.addresses))
        doing = self.doing or joined(asked, found, between=", ")
        if self.paused_until:
            return Message("quiet time until %(moment)s: %(doing)s", moment=time_of_week(self.paused_until), doing=doing)
        return doing

    def unasked(self) -> str | None:
        """Return how many addresses could not be asked and why, or None when all could."""
        if not self.sweep.trouble:
            return None
        count = _addresses(sum(self.sweep.trouble.values()))
        return Message("%(count)s could not be asked: %(reasons)s", count=count, reasons=joined(*self.sweep.trouble, between=", "))

    def left_silent(self) -> str | None:
        """Return how many addresses were left after silence to pings, or None when none were."""
        silent = self.sweep.left_silent
        if not silent:
            return None
        if silent == 1:
            return Message("1 address did not answer its ping and were not asked over SNMP")
        return Message("%(count)d addresses did not answer their pings and were not asked over SNMP", count=silent)

    def nothing_found(self) -> str:
        """Return the sentence for a sweep without any imaging device: what did answer, and what to change."""
        asked, sweep = _addresses(self.addresses), self.sweep
        if trouble := self.unasked():
            return Message("No imaging device was found, %(trouble)s. Check the network of this machine.", trouble=trouble)
        if sweep.found:
            return Message(
                "No imaging device was found: of %(asked)s, %(found)s answer SNMP, none of them as an imaging device.",
                asked=asked,
                found=sweep.found,
            )
        if sweep.answering:
            many = Message("1 answers ping") if sweep.answering == 1 else Message("%(count)d answer ping", count=sweep.answering)
            return Message(
                "No imaging device was found: of %(asked)s, %(many)s, but not SNMP with the given credentials. "
                "Check them (snmp.credentials, --community, --v3-user), the port (snmp.port, --snmp-port), and "
                "that SNMP is enabled.",
                asked=asked,
                many=many,
            )
        return Message(
            "Nothing answers at %(asked)s. Check the addresses, that the devices are on, and that no "
            "firewall stands between: pings and UDP to the SNMP port must pass.",
            asked=asked,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the `Scan` of the control API."""
        sweep = self.kind != "read"
        total = self.traffic.total()
        return {
            "id": self.id,
            "kind": self.kind,
            "started_at": to_rfc3339(self.started_at),
            "finished_at": to_rfc3339(self.finished_at) if self.finished_at else None,
            "done": self.done,
            "cancelled": self.cancelled,
            "addresses": self.addresses,
            "asked": self.sweep.asked if sweep else self.reading_asked,
            "answering": self.sweep.answering if sweep else self.reading_answering,
            "silent": self.sweep.left_silent if sweep else 0,
            "devices": self.devices,
            "read": self.read,
            "failed": len(self.failures),
            "packets_sent": total.packets_sent,
            "bytes_sent": total.bytes_sent,
            "bytes_received": total.bytes_received,
            "traffic": self.traffic.as_json(),
            "remaining_seconds": None if self.done else self.sweep.remaining_seconds,
            "paused_until": to_rfc3339(self.paused_until) if self.paused_until else None,
            "text": self.text(),
            "failures": [{"address": failure.address, "reason": failure.reason} for failure in self.failures[:FAILURES_SHOWN]],
        }


def _addresses(count: int) -> Message:
    return Message("1 address") if count == 1 else Message("%(count)d addresses", count=count)
