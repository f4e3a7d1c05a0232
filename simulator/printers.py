"""From the description of a printer to the objects its SNMP agent answers."""

import ipaddress
from collections.abc import Callable, Iterable
from functools import partial

from simulator import mib
from simulator.agent import LIVE
from simulator.ber import Oid, Tag, Value, parse_oid
from simulator.models import Model
from simulator.printing import Printing

DEVICE_INDEX = 1
NETWORK_INDEX = 2
LOOPBACK_INTERFACE = 1
WIRED_INTERFACE = 2
WIRELESS_INTERFACE = 3

Objects = dict[Oid, Value | LIVE]


def integer(number: int) -> Value:
    """Return an INTEGER."""
    return Value(Tag.INTEGER, number)


def counter(number: int) -> Value:
    """Return a Counter32; it wraps at 2**32."""
    return Value(Tag.COUNTER32, number & 0xFFFFFFFF)


def live(kind: Tag, read: Callable[[float], int]) -> LIVE:
    """Return an object of `kind` whose number `read` tells from the seconds since the start."""

    def value(seconds: float) -> Value:
        return Value(kind, read(seconds))

    return value


class PrinterObjects:
    """Builds the objects of one printer; each method fills one part of the tree."""

    def __init__(self, printing: Printing, address: str) -> None:
        self._printing = printing
        self._model = printing.model
        self._address = ipaddress.IPv4Address(address)
        self._objects: Objects = {}

    def build(self) -> Objects:
        """Return the objects."""
        for part in (
            self._system,
            self._interfaces,
            self._host_resources,
            self._entity,
            self._general,
            self._console,
            self._trays,
            self._outputs,
            self._markers,
            self._supplies,
            self._colorants,
            self._alerts,
            self._port_monitor,
            self._people,
        ):
            part()
        return self._objects

    def _text(self, text: str) -> Value:
        return Value(Tag.OCTET_STRING, text.encode(self._model.device.charset))

    def _row(self, entry: Oid, index: Oid, columns: dict[int, Value | LIVE]) -> None:
        for column, value in columns.items():
            self._objects[(*entry, column, *index)] = value

    def _system(self) -> None:
        device = self._model.device
        self._row(
            mib.SYSTEM,
            (0,),
            {
                1: self._text(device.system),
                2: Value(Tag.OBJECT_IDENTIFIER, parse_oid(device.object_id)),
                3: live(Tag.TIME_TICKS, self._printing.uptime),
                4: self._text(device.contact),
                5: self._text(device.hostname),
                6: self._text(device.location),
                7: integer(72),
            },
        )

    def _interfaces(self) -> None:
        device = self._model.device
        interfaces = [
            (LOOPBACK_INTERFACE, "lo", 24, 16436, 10_000_000, b"", 1),
            (WIRED_INTERFACE, "eth0", 6, 1500, 1_000_000_000, _mac(device.mac), 1),
        ]
        if device.wireless_mac:
            interfaces.append((WIRELESS_INTERFACE, "wlan0", 71, 1500, 54_000_000, _mac(device.wireless_mac), 2))
        self._objects[mib.IF_NUMBER] = integer(len(interfaces))
        for index, name, kind, mtu, speed, mac, state in interfaces:
            self._row(
                mib.IF_ENTRY,
                (index,),
                {
                    1: integer(index),
                    2: self._text(name),
                    3: integer(kind),
                    4: integer(mtu),
                    5: Value(Tag.GAUGE32, speed),
                    6: Value(Tag.OCTET_STRING, mac),
                    7: integer(1),
                    8: integer(state),
                    10: live(Tag.COUNTER32, partial(_traffic, index)),
                },
            )
            self._row(mib.IF_X_ENTRY, (index,), {1: self._text(name), 6: Value(Tag.COUNTER64, 8_000_000_000 + index)})
        for address, interface, mask in (("127.0.0.1", 1, "255.0.0.0"), (str(self._address), 2, "255.255.255.0")):
            octets = ipaddress.IPv4Address(address).packed
            self._row(
                mib.IP_ADDRESS_ENTRY,
                tuple(octets),
                {
                    1: Value(Tag.IP_ADDRESS, octets),
                    2: integer(interface),
                    3: Value(Tag.IP_ADDRESS, ipaddress.IPv4Address(mask).packed),
                    4: integer(1),
                },
            )

    def _host_resources(self) -> None:
        device, status = self._model.device, self._model.status
        self._row(mib.HR_SYSTEM, (0,), {1: live(Tag.TIME_TICKS, self._printing.uptime)})
        self._objects[mib.HR_MEMORY_SIZE] = integer(524_288)
        rows = (
            (DEVICE_INDEX, mib.HR_DEVICE_PRINTER, device.description, mib.DEVICE_STATUS[status.device]),
            (NETWORK_INDEX, mib.HR_DEVICE_NETWORK, "Ethernet 10/100/1000", mib.DEVICE_STATUS["running"]),
        )
        for index, kind, description, state in rows:
            self._row(
                mib.HR_DEVICE_ENTRY,
                (index,),
                {
                    1: integer(index),
                    2: Value(Tag.OBJECT_IDENTIFIER, kind),
                    3: self._text(description),
                    4: Value(Tag.OBJECT_IDENTIFIER, (0, 0)),
                    5: integer(state),
                    6: counter(0),
                },
            )
        # Standby has no name of its own in RFC 2790: printers say other(1) and write it on the panel.
        state = mib.PRINTER_STATUS.get(status.printer, mib.PRINTER_STATUS["other"])
        self._row(
            mib.HR_PRINTER_ENTRY, (DEVICE_INDEX,), {1: integer(state), 2: Value(Tag.OCTET_STRING, error_octets(status.errors))}
        )

    def _entity(self) -> None:
        device = self._model.device
        self._row(
            mib.ENTITY_ENTRY,
            (1,),
            {
                2: self._text(device.description),
                4: integer(0),
                5: integer(3),
                7: self._text(device.mdl),
                9: self._text(device.firmware),
                10: self._text(device.firmware),
                11: self._text(device.serial),
                12: self._text(device.mfg),
                13: self._text(device.mdl),
            },
        )

    def _general(self) -> None:
        device, model = self._model.device, self._model
        critical = sum(alert.severity == "critical" for alert in model.alerts)
        lines = max(len(model.status.console), 2)
        self._row(
            mib.GENERAL_ENTRY,
            (DEVICE_INDEX,),
            {
                1: counter(3),
                2: integer(1),
                3: integer(3),
                11: integer(1),
                12: integer(lines),
                13: integer(40),
                16: self._text(device.hostname),
                17: self._text(device.serial),
                18: counter(critical + 12),
                19: counter(len(model.alerts) + 40),
            },
        )
        charset = mib.CHARACTER_SET[device.charset]
        self._row(mib.LOCALIZATION_ENTRY, (DEVICE_INDEX, 1), {2: self._text("en"), 3: self._text("US"), 4: integer(charset)})
        opened = 3 if "doorOpen" in model.status.errors else 4
        self._row(mib.COVER_ENTRY, (DEVICE_INDEX, 1), {2: self._text("Front cover"), 3: integer(opened)})
        languages = [word.strip() for word in device.command_set.split(",")]
        for number, language in enumerate(languages, 1):
            self._row(
                mib.INTERPRETER_ENTRY,
                (DEVICE_INDEX, number),
                {5: self._text(language), 6: self._text(device.firmware)},
            )

    def _console(self) -> None:
        for line, text in enumerate(self._model.status.console, 1):
            self._row(mib.CONSOLE_TEXT_ENTRY, (DEVICE_INDEX, line), {2: self._text(text)})
        attention = bool(self._model.status.errors)
        for light, (name, lit) in enumerate((("Ready", not attention), ("Attention", attention)), 1):
            self._row(
                mib.CONSOLE_LIGHT_ENTRY,
                (DEVICE_INDEX, light),
                {2: integer(int(lit)), 3: integer(int(not lit)), 4: integer(4), 5: self._text(name)},
            )

    def _trays(self) -> None:
        for index, tray in enumerate(self._model.trays, 1):
            self._row(
                mib.INPUT_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(mib.INPUT_TYPE[tray.type]),
                    3: integer(4),
                    8: integer(mib.CAPACITY_UNIT[tray.unit]),
                    9: integer(tray.capacity),
                    10: integer(tray.level),
                    11: integer(0),
                    12: self._text(tray.media),
                    13: self._text(tray.name),
                    18: self._text(tray.name),
                },
            )

    def _outputs(self) -> None:
        for index, output in enumerate(self._model.outputs, 1):
            self._row(
                mib.OUTPUT_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(4),
                    3: integer(mib.CAPACITY_UNIT["sheets"]),
                    4: integer(output.capacity),
                    5: integer(output.remaining),
                    6: integer(0),
                    7: self._text(output.name),
                },
            )

    def _markers(self) -> None:
        for index, marker in enumerate(self._model.markers, 1):
            self._row(
                mib.MARKER_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(mib.MARK_TECHNOLOGY[marker.technology]),
                    3: integer(mib.COUNTER_UNIT[marker.unit]),
                    4: live(Tag.COUNTER32, partial(self._printing.life_count, marker)),
                    5: live(Tag.COUNTER32, partial(self._printing.power_on_count, marker)),
                    6: integer(marker.process),
                    7: integer(marker.spot),
                    8: integer(3),
                    15: integer(0),
                },
            )

    def _supplies(self) -> None:
        colors = [colorant.value for colorant in self._model.colorants]
        for index, supply in enumerate(self._model.supplies, 1):
            moves = supply.pages > 0 and self._printing.prints
            self._row(
                mib.SUPPLIES_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(1),
                    3: integer(colors.index(supply.color) + 1 if supply.color else 0),
                    4: integer(mib.SUPPLY_CLASS[supply.supply_class]),
                    5: integer(mib.SUPPLY_TYPE[supply.type]),
                    6: self._text(supply.description),
                    7: integer(mib.SUPPLY_UNIT[supply.unit]),
                    8: integer(supply.capacity),
                    9: live(Tag.INTEGER, partial(self._printing.level, supply)) if moves else integer(supply.level),
                },
            )

    def _colorants(self) -> None:
        for index, colorant in enumerate(self._model.colorants, 1):
            self._row(
                mib.COLORANT_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(1),
                    3: integer(mib.COLORANT_ROLE[colorant.role]),
                    4: self._text(colorant.value),
                    5: integer(256),
                },
            )

    def _alerts(self) -> None:
        for index, alert in enumerate(self._model.alerts, 1):
            raised = self._printing.uptime(0) - alert.minutes_ago * 6000
            self._row(
                mib.ALERT_ENTRY,
                (DEVICE_INDEX, index),
                {
                    2: integer(mib.ALERT_SEVERITY[alert.severity]),
                    3: integer(alert.training),
                    4: integer(mib.ALERT_GROUP[alert.group]),
                    5: integer(alert.group_index),
                    6: integer(alert.location),
                    7: integer(mib.ALERT_CODE[alert.code]),
                    8: self._text(alert.description),
                    9: Value(Tag.TIME_TICKS, raised),
                },
            )

    def _port_monitor(self) -> None:
        self._row(mib.PPM_PRINTER_ENTRY, (1,), {2: self._text(self._model.device.hostname), 3: self._text(device_id(self._model))})

    def _people(self) -> None:
        """Add what a printer tells too and a data collection agent must not ask: neighbours, connections, jobs and their owners."""
        neighbour = tuple((self._address + 100).packed)
        mac = Value(Tag.OCTET_STRING, bytes.fromhex("025e00a1b2c3"))
        self._row(mib.IP_NET_TO_MEDIA_ENTRY, (WIRED_INTERFACE, *neighbour), {2: mac, 4: integer(3)})
        connection = (*self._address.packed, 9100, *neighbour, 51234)
        self._row(mib.TCP_CONNECTION_ENTRY, connection, {1: integer(5), 3: Value(Tag.IP_ADDRESS, bytes(neighbour))})
        self._row(mib.HR_SOFTWARE_RUN_ENTRY, (7,), {2: self._text("scan-to-mail"), 5: self._text("--from m.keller")})
        self._row(mib.JOB_ENTRY, (1, 41), {2: integer(9), 8: integer(12), 9: self._text("m.keller")})
        self._row(mib.JOB_ATTRIBUTE_ENTRY, (1, 41, 23, 1), {4: self._text("Notice of termination.docx")})


def error_octets(errors: Iterable[str]) -> bytes:
    """Return hrPrinterDetectedErrorState: two octets, the first error is the top bit of the first one."""
    bits = 0
    for error in errors:
        bits |= 0x8000 >> mib.ERROR_BITS.index(error)
    return bits.to_bytes(2, "big")


def device_id(model: Model, *, with_serial: bool = True) -> str:
    """Return the IEEE 1284 device ID."""
    device = model.device
    who = f"MFG:{device.mfg};CMD:{device.command_set};MDL:{device.mdl};CLS:PRINTER;DES:{device.description};"
    return f"{who}SN:{device.serial};" if with_serial else who


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _traffic(interface: int, seconds: float) -> int:
    return (1_000_000 * interface + int(seconds * 120)) & 0xFFFFFFFF
