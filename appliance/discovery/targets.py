"""Which addresses a sweep looks at: networks, ranges, addresses and host names, less the exclusions, within the guardrails.

Beside them stand the printers that targets name by where they serve IPP; those are asked, not swept.

Addresses are kept as intervals of numbers: a network of a million addresses takes no more memory than a single one.
"""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from appliance.common.errors import SettingsError
from appliance.common.message import Message, message_of
from appliance.discovery.names import HostAnswer, HostNames
from appliance.discovery.sweep.order import Range, split_by_owner
from appliance.settings.address_ranges import Address, check_scan_target, check_target, is_no_device, span, swept_span
from appliance.settings.ipp_targets import IppTarget, check_scan_place, is_ipp_target, is_loopback, parse_ipp_target

NAMES_SECONDS = 2.0
"""For so long a sweep waits for host names before it begins with what is known."""


@dataclass(slots=True)
class Intervals:
    """A set of addresses of one IP version, as sorted intervals that neither touch nor overlap; both ends belong to it."""

    spans: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def of(cls, spans: Iterable[tuple[int, int]]) -> Self:
        """Return the union of `spans`."""
        merged: list[tuple[int, int]] = []
        for low, high in sorted(spans):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return cls(merged)

    def without(self, other: "Intervals") -> "Intervals":
        """Return what is in this set and not in `other`."""
        left: list[tuple[int, int]] = []
        for low, high in self.spans:
            start = low
            first = max(0, bisect_right(other.spans, (low, -1)) - 1)
            for cut_low, cut_high in islice(other.spans, first, None):
                if cut_low > high:
                    break
                if cut_high < start:
                    continue
                if cut_low > start:
                    left.append((start, cut_low - 1))
                start = cut_high + 1
            if start <= high:
                left.append((start, high))
        return Intervals(left)

    def covers(self, low: int, high: int) -> bool:
        """Return whether every address from `low` to `high` is in the set."""
        position = bisect_right(self.spans, (low, 2**128)) - 1
        return position >= 0 and self.spans[position][1] >= high

    def count(self) -> int:
        """Return the number of addresses."""
        return sum(high - low + 1 for low, high in self.spans)


@dataclass(frozen=True, slots=True)
class _Span:
    version: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class NamedPrinter:
    """A printer that a target names, and the address its host has."""

    target: IppTarget
    address: str

    @property
    def host_name(self) -> str | None:
        """The host name it was named by; None of an address, and where the host is another machine: this one, a print server."""
        another = self.target.names_this_machine or self.target.is_queue
        return None if self.target.address or another else self.target.host


class TargetSet:
    """The addresses of a sweep. Host names are known by their addresses after `resolve`."""

    def __init__(self, spans: list[_Span], excluded: list[_Span], allowed: list[_Span]) -> None:
        """Target sets are made by `parse`."""
        self._spans = spans
        self._excluded = excluded
        self._allowed = {version: _intervals(allowed, version) for version in (4, 6)} if allowed else None
        self._names: list[str] = []
        self._excluded_names: list[str] = []
        self._printers: dict[IppTarget, Address | None] = {}
        self._sets: dict[int, Intervals] = {}
        self._merge()
        self._unresolved: dict[str, str] = {}
        self.host_names: dict[str, str] = {}
        """The host name an address was given by, for addresses that come from one."""

    @classmethod
    def parse(cls, targets: Iterable[str], exclude: Iterable[str] = (), networks: Iterable[str] = ()) -> Self:
        """Return the addresses of `targets` that are not in `exclude`.

        `networks` are the guardrails: where there are any, nothing else may be scanned. Raises SettingsError naming what is no
        target, too large, or outside the guardrails.
        """
        printers, ranges = _apart(targets)
        wanted, names = _read(ranges, "scan.targets", whole=False)
        excluded, excluded_names = _read(exclude, "scan.exclude", whole=True)
        allowed, allowed_names = _read(networks, "guardrails.networks", whole=True)
        if allowed_names:
            raise SettingsError(
                Message(
                    "guardrails.networks names %(name)s. Write networks or addresses there, no host names.", name=allowed_names[0]
                )
            )
        made = cls([each for each, _ in wanted], [each for each, _ in excluded], [each for each, _ in allowed])
        at_addresses = [(_single(printer.address), printer.uri) for printer in printers if printer.address]
        made._check_guardrails([*wanted, *at_addresses])
        made._printers = {printer: printer.address for printer in printers}
        made._names = names
        made._excluded_names = excluded_names
        return made

    def count(self) -> int:
        """Return the number of addresses, host names resolved so far included."""
        return sum(each.count() for each in self._sets.values())

    def printers(self) -> list[NamedPrinter]:
        """Return the printers that targets name by where they serve IPP, of those whose address is known and not excluded."""
        known = [(target, address) for target, address in self._printers.items() if address]
        return [NamedPrinter(target, str(address)) for target, address in known if not self._is_excluded(address)]

    def asked_as_printers(self) -> set[str]:
        """Return the addresses of printers that are named where one would be looked for."""
        return {printer.address for printer in self.printers() if printer.target.is_usual}

    def ranges(self) -> list[Range]:
        """Return the addresses by the targets that name them, IPv4 first; each address once."""
        ranges = []
        for version in (4, 6):
            excluded = _intervals(self._excluded, version)
            owned = split_by_owner((span.low, span.high) for span in self._spans if span.version == version)
            ranges += [Range(version, tuple(Intervals.of(pieces).without(excluded).spans)) for pieces in owned]
        return [each for each in ranges if each.pieces]

    def named(self) -> list[str]:
        """Return the addresses that are targets of their own, by address or by host name."""
        makers = {4: ipaddress.IPv4Address, 6: ipaddress.IPv6Address}
        single = (each for each in self._spans if each.low == each.high and self._sets[each.version].covers(each.low, each.high))
        return list(dict.fromkeys(str(makers[each.version](each.low)) for each in single))

    def __contains__(self, address: str) -> bool:
        """Return whether `address` is one of the set, host names resolved so far included, or the URI of a named printer."""
        if is_ipp_target(address):
            return any(printer.target.uri == address for printer in self.printers())
        number = ipaddress.ip_address(address)
        return self._sets[number.version].covers(int(number), int(number))

    @property
    def unresolved(self) -> list[tuple[str, str]]:
        """The host names that have given no address so far, and printers that may not be asked, each with the reason."""
        excluded = [target.uri for target, address in self._printers.items() if address and self._is_excluded(address)]
        return [*self._unresolved.items(), *((uri, Message("it is excluded (scan.exclude)")) for uri in excluded)]

    async def resolve(self, names: HostNames | None = None, seconds: float = NAMES_SECONDS) -> "TargetSet":
        """Take the addresses of the host names that are known after `seconds`, of each the first one, IPv4 before IPv6.

        Return what this has added. Names that are still being looked up are asked for again by the next call with these `names`.
        """
        hosts = [target.host for target in self._printers if not target.address]
        answers = await (names or HostNames()).resolve([*self._names, *self._excluded_names, *hosts], seconds)
        added: list[_Span] = []
        for name in self._names:
            address = next(iter(answers[name].addresses), None)
            reason = answers[name].reason if address is None else self._refusal(address)
            self._note(name, reason)
            if address is not None and not reason:
                self.host_names[str(address)] = name
                added.append(_single(address))
        for name in self._excluded_names:
            self._note(name, answers[name].reason)
            self._excluded += map(_single, answers[name].addresses)
        for target in self._printers:
            if not target.address:
                self._take_printer(target, answers[target.host])
        self._names = [name for name in self._names if answers[name].pending]
        self._excluded_names = [name for name in self._excluded_names if answers[name].pending]
        new = [span for span in added if not self._sets[span.version].covers(span.low, span.high)]
        self._spans += new
        self._merge()
        return TargetSet(new, list(self._excluded), [])

    def _take_printer(self, target: IppTarget, answer: HostAnswer) -> None:
        """Take the address of the host of a printer, unless nobody may be asked there."""
        address = next(iter(answer.addresses), None)
        reason = answer.reason if address is None else self._refusal(address)
        if address is not None and is_loopback(address) and not target.names_this_machine:
            # Whoever answers for the name must not lead to what only this machine is meant to reach.
            reason = Message(
                "its address %(address)s is this machine itself, which is asked only where it is named so: ipp://localhost:PORT/PATH",
                address=address,
            )
        self._note(target.uri, reason)
        self._printers[target] = None if reason else address

    def _is_excluded(self, address: Address) -> bool:
        return _intervals(self._excluded, address.version).covers(int(address), int(address))

    def _note(self, name: str, reason: str) -> None:
        self._unresolved.pop(name, None)
        if reason:
            self._unresolved[name] = reason

    def _refusal(self, address: Address) -> str:
        """Return why nobody may be asked at the address of a host name, empty where one may."""
        if is_no_device(address):
            return Message("its address %(address)s is no address of a device", address=address)
        if self._is_allowed(_single(address)):
            return ""
        return Message("its address %(address)s is outside the networks that may be scanned (guardrails.networks)", address=address)

    def _merge(self) -> None:
        for version in (4, 6):
            self._sets[version] = _intervals(self._spans, version).without(_intervals(self._excluded, version))

    def _is_allowed(self, span: _Span) -> bool:
        return self._allowed is None or self._allowed[span.version].covers(span.low, span.high)

    def _check_guardrails(self, wanted: list[tuple[_Span, str]]) -> None:
        outside = [text for each, text in wanted if not self._is_allowed(each)]
        if outside:
            raise SettingsError(
                Message(
                    "%(targets)s: outside the networks that may be scanned at this site (guardrails.networks). Name others, or "
                    "have the site widen these.",
                    targets=", ".join(outside[:10]) + (", …" if len(outside) > 10 else ""),
                )
            )


class Ranges:
    """Networks, ranges and addresses as a whole, such as those a credential is for."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Raises SettingsError for what is no range of addresses."""
        spans, names = _read(texts, "snmp.credentials", whole=True)
        if names:
            raise SettingsError(
                Message("snmp.credentials is for %(name)s, a host name. Write networks, ranges or addresses there.", name=names[0])
            )
        self._sets = {version: _intervals((each for each, _ in spans), version) for version in (4, 6)}

    def __contains__(self, address: str) -> bool:
        """Return whether `address` is one of them."""
        number = ipaddress.ip_address(address)
        return self._sets[number.version].covers(int(number), int(number))


def _intervals(spans: Iterable[_Span], version: int) -> Intervals:
    return Intervals.of((span.low, span.high) for span in spans if span.version == version)


def _read(texts: Iterable[str], setting: str, *, whole: bool) -> tuple[list[tuple[_Span, str]], list[str]]:
    """Return the spans of addresses in `texts`, each with its text, and the host names.

    Of an IPv4 network to be swept the network and broadcast addresses are left out; `whole` keeps them.
    """
    spans: list[tuple[_Span, str]] = []
    names: list[str] = []
    for text in texts:
        if not text.strip():
            continue
        try:
            target = check_target(text) if whole else check_scan_target(text)
        except ValueError as error:
            raise SettingsError(Message("%(name)s: %(problem)s", name=setting, problem=message_of(error))) from error
        limits = span(target) if whole else swept_span(target)
        if limits is None:
            names.append(target)
        else:
            spans.append((_Span(limits[0][0], limits[0][1], limits[1][1]), target))
    return spans, list(dict.fromkeys(names))


def _apart(targets: Iterable[str]) -> tuple[list[IppTarget], list[str]]:
    """Return the printers that targets name, each once, and all other targets. Raises SettingsError."""
    printers: list[IppTarget] = []
    others: list[str] = []
    for text in targets:
        if "://" not in text:
            others.append(text)
            continue
        try:
            printers.append(parse_ipp_target(check_scan_place(text)))
        except ValueError as error:
            raise SettingsError(Message("%(name)s: %(problem)s", name="scan.targets", problem=message_of(error))) from error
    return list(dict.fromkeys(printers)), others


def _single(address: Address) -> _Span:
    return _Span(address.version, int(address), int(address))
