"""Recordings of devices (`.snmprec`), to be read again without the device: a line is `OID|TAG|VALUE`.

Tags are BER tag numbers in decimal; an `x` behind one means that the value is written as hex octets. Empty lines and lines that
begin with # do not count. The format is that of snmpsim.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from appliance.common.errors import DcaError
from appliance.snmp.follow_up import Following
from appliance.snmp.values import Objects, Oid, Tag, Value, format_oid, parse_oid

UNKNOWN_ADDRESS = "192.0.2.1"
"""Of the addresses kept for documentation (RFC 5737): for recordings that do not tell the address of their device."""
LARGEST_FILE = 64 * 1024 * 1024

_IP_AD_ENT_IF_INDEX: Oid = (1, 3, 6, 1, 2, 1, 4, 20, 1, 2)
_NUMBERS = frozenset({Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64})
_PRINTABLE = frozenset(range(0x20, 0x7F))
_NOTHING = frozenset({Tag.NULL, Tag.NO_SUCH_OBJECT, Tag.NO_SUCH_INSTANCE, Tag.END_OF_MIB_VIEW})


class RecordingError(DcaError):
    """A recording cannot be used; the sentence names file and line."""


@dataclass(frozen=True, slots=True)
class RecordedAgent:
    """Where the recorded device answered."""

    address: str


class Recording:
    """A recorded device. It answers `fetch` as a `Session` does, so that it is read exactly as the device itself would be."""

    def __init__(self, objects: Objects, address: str | None = None) -> None:
        """Take the objects; without `address` the device has the one its objects tell."""
        self.objects: Objects = dict(sorted(objects.items()))
        self.agent = RecordedAgent(address or own_address(self.objects))
        self.partial: str | None = None
        """Always None: a recording answers all it can."""
        self.stopped = False
        self.faults: dict[Oid, str] = {}
        self.asked: set[Oid] = set()
        """The scalars and columns that were asked for."""

    @classmethod
    def load(cls, file: Path, address: str | None = None) -> "Recording":
        """Return the recording in `file`. Raises RecordingError."""
        return cls(read_recording(file), address)

    async def get(self, oids: Sequence[Oid]) -> Objects:
        """Return those of `oids` that exist."""
        return await self.fetch(oids, ())

    async def fetch(
        self,
        scalars: Sequence[Oid],
        columns: Sequence[Oid],
        *,
        seldom: Collection[Oid] = (),  # noqa: ARG002 - saves bytes only
        rows: Mapping[Oid, Sequence[Oid]] | None = None,  # noqa: ARG002 - as above
        following: Following | None = None,
        max_rows: int = 256,
    ) -> Objects:
        """Return those of `scalars` that exist and all cells of `columns`, at most `max_rows` of each."""
        self.asked.update(scalars, columns)
        found = {oid: self.objects[oid] for oid in scalars if oid in self.objects}
        for column in columns:
            cells = [oid for oid in self.objects if oid[: len(column)] == column and len(oid) > len(column)]
            found.update((oid, self.objects[oid]) for oid in cells[:max_rows])
        more = following(found) if following else None
        if more and (more.scalars or more.columns):
            found |= await self.fetch(more.scalars, more.columns, max_rows=max_rows, following=following)
        return dict(sorted(found.items()))


def own_address(objects: Objects) -> str:
    """Return the address of a recorded device: the first of its own that is no loopback, else one for documentation."""
    start = len(_IP_AD_ENT_IF_INDEX)
    for oid in objects:
        octets = oid[start:]
        if oid[:start] == _IP_AD_ENT_IF_INDEX and len(octets) == 4 and max(octets) < 256:
            address = IPv4Address(bytes(octets))
            if not (address.is_loopback or address.is_unspecified):
                return str(address)
    return UNKNOWN_ADDRESS


def read_recording(file: Path) -> dict[Oid, Value]:
    """Return the objects of a recording. Raises RecordingError naming file and line."""
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise RecordingError(f"{file} is larger than {LARGEST_FILE // 1024**2} MiB: that is no recording of a device.")
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise RecordingError(f"The recording {file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise RecordingError(f"The recording {file} is not UTF-8 text: byte {error.start} cannot be read.") from error
    objects: dict[Oid, Value] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            oid, value = parse_line(line)
        except ValueError as error:
            raise RecordingError(f"Line {number} of the recording {file} cannot be used: {error}.") from error
        if value.tag not in _NOTHING:
            objects[oid] = value
    if not objects:
        raise RecordingError(f"The recording {file} holds no objects.")
    return objects


def parse_line(line: str) -> tuple[Oid, Value]:
    """Return the object of one line. Raises ValueError saying what is wrong with it."""
    parts = line.split("|", 2)
    if len(parts) != 3:
        raise ValueError("a line is OID|TAG|VALUE")
    try:
        tag = Tag(int(parts[1].removesuffix("x")))
    except ValueError as error:
        raise ValueError(f"the tag {parts[1]!r} is not known") from error
    return parse_oid(parts[0].strip()), _value(tag, parts[2], hexadecimal=parts[1].endswith("x"))


def _value(tag: Tag, text: str, *, hexadecimal: bool) -> Value:
    if hexadecimal:
        octets = bytes.fromhex(text)
        return Value(tag, int.from_bytes(octets, "big", signed=tag == Tag.INTEGER) if tag in _NUMBERS else octets)
    if tag in _NUMBERS:
        return Value(tag, int(text))
    if tag == Tag.OBJECT_IDENTIFIER:
        return Value(tag, parse_oid(text.strip()))
    if tag == Tag.IP_ADDRESS:
        return Value(tag, IPv4Address(text.strip()).packed)
    return Value(tag, None if tag in _NOTHING else text.encode())


def recording_line(oid: Oid, value: Value) -> str:
    """Return an object as a line of a recording: `OID|TAG|VALUE`, octets that are no plain ASCII text in hexadecimal (tag `4x`)."""
    tag, content = str(int(value.tag)), value.content
    if isinstance(content, tuple):
        return f"{format_oid(oid)}|{tag}|{format_oid(content)}"
    if value.tag == Tag.IP_ADDRESS and isinstance(content, bytes):
        return f"{format_oid(oid)}|{tag}|{'.'.join(map(str, content))}"
    if isinstance(content, bytes):
        if content.strip() == content and _PRINTABLE.issuperset(content):
            return f"{format_oid(oid)}|{tag}|{content.decode('ascii')}"
        return f"{format_oid(oid)}|{tag}x|{content.hex()}"
    return f"{format_oid(oid)}|{tag}|{'' if content is None else content}"
