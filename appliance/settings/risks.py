"""Values that are allowed and seldom meant: what each means in the end, in a sentence. Pure.

Said where a value is published, where it comes into force at a site, and to whoever sets it there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from ipaddress import ip_network
from typing import Any

from appliance.common.message import Message, joined
from appliance.settings.address_ranges import whole_networks
from appliance.settings.model import Settings
from appliance.settings.quiet_times import MINUTES_OF_DAY, QuietTime
from appliance.settings.reach import unusual_reach

Values = Mapping[str, Mapping[str, Any]]

SHORT_KEEP_DAYS = 30
LONG_CHECK_IN_SECONDS = 3600
LONG_UPLOAD_SECONDS = 3600
LONG_READ_MINUTES = 720
LONG_SWEEP_MINUTES = 4320
SLOW_PACKETS, FAST_PACKETS = 10, 1000
SHORT_TIMEOUT_SECONDS = 0.5
SHORT_DEVICE_SECONDS = 5.0
LONG_HOLD_DAYS = 90
SHORT_WINDOW_MINUTES = 30


def risks(values: Values, today: date, packets_per_second: int | None = None) -> Iterator[tuple[str, Message]]:
    """Yield path and warning for each value of `values` that means more than it seems to. What is no valid value is passed over.

    `packets_per_second` is the pace of sweeps; where it is not given that of `values`, else the usual one.
    """
    yield from (("scan.targets", told) for told in _ranges(values.get("scan"), packets_per_second))
    for path, judge in _JUDGES.items():
        section, _, field = path.partition(".")
        fields = values.get(section)
        if not isinstance(fields, Mapping) or field not in fields:
            continue
        try:
            warning = judge(fields[field], today)
        except (TypeError, ValueError, AttributeError):
            continue
        if warning:
            yield path, warning


def _keep_days(value: Any, _: date) -> Message | None:
    if int(value) >= SHORT_KEEP_DAYS:
        return None
    return Message(
        "store.keep_days is %(days)d: the site removes what it has read after that time. Its own pages and charts go back no "
        "further, and what was lost at the hosting server cannot be sent again.",
        days=int(value),
    )


def _check_in(value: Any, _: date) -> Message | None:
    if int(value) <= LONG_CHECK_IN_SECONDS:
        return None
    return Message(
        "hosting.check_in_seconds is %(seconds)d: a site learns of commands, configuration and new versions that much later, also "
        "of the one that corrects this, and one that is down is noticed that late.",
        seconds=int(value),
    )


def _upload(value: Any, _: date) -> Message | None:
    if int(value) <= LONG_UPLOAD_SECONDS:
        return None
    return Message(
        "hosting.upload_seconds is %(seconds)d: readings and alerts reach the hosting server that much later.", seconds=int(value)
    )


def _read(value: Any, _: date) -> Message | None:
    if int(value) <= LONG_READ_MINUTES:
        return None
    return Message(
        "scan.read_minutes is %(minutes)d: a device that is off at that moment has no meter reading for the day, and an empty "
        "toner is told that late.",
        minutes=int(value),
    )


def _sweep(value: Any, _: date) -> Message | None:
    if int(value) <= LONG_SWEEP_MINUTES:
        return None
    return Message(
        "scan.sweep_minutes is %(minutes)d: new devices, and those whose address has changed, are found that late.",
        minutes=int(value),
    )


def _silent(value: Any, _: date) -> Message | None:
    if int(value):
        return None
    return Message("scan.silent_hours is 0: devices that answer no ping are never found.")


def _packets(value: Any, _: date) -> Message | None:
    if int(value) < SLOW_PACKETS:
        return Message(
            "scan.packets_per_second is %(count)d: a sweep of a /16 network takes %(hours)d hours or more.",
            count=int(value),
            hours=65536 // (int(value) * 3600),
        )
    if int(value) > FAST_PACKETS:
        return Message(
            "scan.packets_per_second is %(count)d: small routers and firewalls lose packets at that pace, those of others too.",
            count=int(value),
        )
    return None


def _exclude(value: Any, _: date) -> Message | None:
    if not any("/" in text and ip_network(text, strict=False).prefixlen == 0 for text in value):
        return None
    return Message("scan.exclude holds every address: nothing is scanned or read any more.")


def _ranges(scan: object, packets_per_second: int | None) -> list[Message]:
    """Return what is to be said of the ranges among values of the section `scan`."""
    targets = scan.get("targets") if isinstance(scan, Mapping) else None
    if not isinstance(scan, Mapping) or not isinstance(targets, list | tuple):
        return []
    if not targets:
        return [Message("scan.targets is empty: nothing is scanned or read any more.")]
    texts = [str(target) for target in targets]
    pace = packets_per_second or scan.get("packets_per_second")
    usual = Settings().scan.packets_per_second
    return [*unusual_reach(texts, pace if isinstance(pace, int) and pace > 0 else usual), *whole_networks_told(texts)]


def whole_networks_told(targets: Iterable[str]) -> list[Message]:
    """Return in a sentence which targets are taken as the whole network around an address; none where none is."""
    written = whole_networks(targets)
    if not written:
        return []
    pairs = (Message("%(network)s for %(written)s", network=network, written=text) for text, network in written[:5])
    return [Message("scan.targets holds whole networks: %(networks)s.", networks=joined(*pairs, between=", "))]


def _quiet(value: Any, _: date) -> Message | None:
    windows = [QuietTime.parse(text) for text in value]
    quiet = sum((each.end - each.begin) % MINUTES_OF_DAY or MINUTES_OF_DAY for each in windows if _is_daily(each))
    if quiet < MINUTES_OF_DAY - 60:
        return None
    return Message("scan.quiet_times leave less than an hour of a day: devices are read then, or not at all.")


def _is_daily(window: QuietTime) -> bool:
    return (window.last_day - window.first_day) % 7 == 6


def _timeout(value: Any, _: date) -> Message | None:
    if float(value) >= SHORT_TIMEOUT_SECONDS:
        return None
    return Message(
        "snmp.timeout_seconds is %(seconds)s: devices that sleep, or lie behind a slow line, answer later and count as silent.",
        seconds=f"{float(value):g}",
    )


def _device(value: Any, _: date) -> Message | None:
    if float(value) >= SHORT_DEVICE_SECONDS:
        return None
    return Message(
        "snmp.device_seconds is %(seconds)s: large devices need longer, and are then not read at all.", seconds=f"{float(value):g}"
    )


def _hold(value: Any, today: date) -> Message | None:
    until = value if isinstance(value, date) else date.fromisoformat(str(value)) if value else today
    if (until - today).days <= LONG_HOLD_DAYS:
        return None
    return Message("update.hold_until is %(day)s: until then no version is installed that mends a fault.", day=until.isoformat())


def _window(value: Any, _: date) -> Message | None:
    window = QuietTime.parse(value) if value else None
    if window is None or (window.end - window.begin) % MINUTES_OF_DAY not in range(1, SHORT_WINDOW_MINUTES):
        return None
    return Message(
        "update.window is %(window)s: a site that is offline, or busy, in these few minutes is not updated that day.", window=value
    )


_JUDGES: Mapping[str, Callable[[Any, date], Message | None]] = {
    "store.keep_days": _keep_days,
    "hosting.check_in_seconds": _check_in,
    "hosting.upload_seconds": _upload,
    "scan.read_minutes": _read,
    "scan.sweep_minutes": _sweep,
    "scan.silent_hours": _silent,
    "scan.packets_per_second": _packets,
    "scan.exclude": _exclude,
    "scan.quiet_times": _quiet,
    "snmp.timeout_seconds": _timeout,
    "snmp.device_seconds": _device,
    "update.hold_until": _hold,
    "update.window": _window,
}
"""By the path of a setting what is said of its value, None where nothing is."""
