"""Which of the devices ever seen are read without a sweep."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from appliance.discovery.names import HostNames
from appliance.discovery.targets import NamedPrinter, TargetSet
from appliance.service.scans.devices import Known
from appliance.service.scans.memory.agent_profile import profile_of, snmp_asked_at
from appliance.settings.ipp_targets import is_ipp_target
from appliance.settings.model import Settings
from appliance.settings.scan_targets import wanted_targets
from appliance.store.rows import DeviceRow

SILENT_DAYS = 30
"""A device silent for longer is left to the sweeps: it costs nothing any more, and is read again as soon as one hears it."""


async def devices_to_read(devices: Iterable[DeviceRow], settings: Settings, now: datetime, names: HostNames) -> list[Known]:
    """Return the devices whose addresses are still among the targets, and which were not silent for too long.

    Raises SettingsError when the targets cannot be used.
    """
    targets = TargetSet.parse(wanted_targets(settings), settings.scan.exclude, settings.guardrails.networks)
    await targets.resolve(names)
    rows = list(devices)
    over_snmp = read_over_snmp(rows, now).values()
    printers = {printer.target.uri: printer for printer in _apart_from(over_snmp, targets)}
    chosen: dict[str, Known] = {}
    for device in rows:
        if device.address is None or _is_forgotten(device, now) or device.address not in targets:
            continue
        if printer := printers.get(device.address):
            chosen[device.address] = Known.named(printer, device.key)
        if is_ipp_target(device.address):
            continue
        asked_at = snmp_asked_at(device.agent)
        chosen[device.address] = Known(
            address=device.address,
            port=int(device.agent.get("port") or settings.snmp.port),
            key=device.key,
            credential=device.agent.get("credential"),
            hostname=targets.host_names.get(device.address),
            profile=None if asked_at else profile_of(device.agent),
            by_ipp=asked_at is not None,
            snmp_asked_at=asked_at,
        )
    return list(chosen.values())


def named_devices(targets: TargetSet, known: Iterable[Known], over_snmp: Collection[str]) -> list[Known]:
    """Return the printers that targets name by where they serve IPP, each as it is `known` if it is.

    Where a printer serves IPP itself at one of the addresses `over_snmp`, it is the device that is read over SNMP there.
    """
    keys = {device.address: device.key for device in known if device.printer}
    return [Known.named(printer, keys.get(printer.target.uri)) for printer in _apart_from(over_snmp, targets)]


def _apart_from(over_snmp: Collection[str], targets: TargetSet) -> list[NamedPrinter]:
    return [printer for printer in targets.printers() if not (printer.target.is_usual and printer.address in over_snmp)]


def read_over_snmp(devices: Iterable[DeviceRow], now: datetime) -> dict[str, str]:
    """Return by their keys the addresses of devices that were read over SNMP, and were not silent for too long since."""
    return {
        device.key: device.address
        for device in devices
        if device.address is not None
        and not is_ipp_target(device.address)
        and not _is_forgotten(device, now)
        and snmp_asked_at(device.agent) is None
    }


def _is_forgotten(device: DeviceRow, now: datetime) -> bool:
    return device.failed_at is not None and now - device.failed_at > timedelta(days=SILENT_DAYS)
