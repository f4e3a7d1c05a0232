"""Recordings: what their lines mean, and that they answer as a session does."""

import asyncio
from pathlib import Path

import pytest

from appliance.snmp.recording import UNKNOWN_ADDRESS, Recording, RecordingError, parse_line, read_recording
from appliance.snmp.values import Oid, Tag, Value, parse_oid


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("1.3.6.1|2|-5", Value(Tag.INTEGER, -5)),
        ("1.3.6.1|4|a|b", Value(Tag.OCTET_STRING, b"a|b")),
        ("1.3.6.1|4x|00ff", Value(Tag.OCTET_STRING, b"\x00\xff")),
        ("1.3.6.1|4|", Value(Tag.OCTET_STRING, b"")),
        (".1.3.6.1|6|.1.3.6.1.4", Value(Tag.OBJECT_IDENTIFIER, (1, 3, 6, 1, 4))),
        ("1.3.6.1|64|192.0.2.7", Value(Tag.IP_ADDRESS, b"\xc0\x00\x02\x07")),
        ("1.3.6.1|65|4294967295", Value(Tag.COUNTER32, 4294967295)),
        ("1.3.6.1|65x|ffffffff", Value(Tag.COUNTER32, 4294967295)),
        ("1.3.6.1|70|18446744073709551615", Value(Tag.COUNTER64, 18446744073709551615)),
    ],
)
def test_a_line_is_oid_tag_and_value(line: str, value: Value) -> None:
    assert parse_line(line) == ((1, 3, 6, 1), value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1.3.6.1|2", "a line is OID|TAG|VALUE"),
        ("1.3.x|2|1", "is no object identifier"),
        ("1.3.6.1|99|1", "the tag '99' is not known"),
        ("1.3.6.1|2|many", "invalid literal"),
        ("1.3.6.1|4x|zz", "non-hexadecimal"),
        ("1.3.6.1|64|300.0.0.1", "300"),
    ],
)
def test_a_line_that_is_wrong_is_told_with_file_and_number(line: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "device.snmprec"
    file.write_text(f"# a device\n\n1.3.6.1|2|1\n{line}\n")
    with pytest.raises(RecordingError) as caught:
        read_recording(file)
    assert str(caught.value).startswith(f"Line 4 of the recording {file} cannot be used: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "cannot be read"), (b"\xff\xfe\n", "is not UTF-8"), (b"# nothing\n", "holds no objects")]
)
def test_a_file_that_is_no_recording_is_told(content: bytes | None, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "device.snmprec"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RecordingError, match=reason):
        read_recording(file)


def test_objects_that_do_not_exist_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "device.snmprec"
    file.write_text("1.3.6.1|128|\r\n1.3.6.2|5|\r\n1.3.6.3|2|1\r\n")
    assert list(read_recording(file)) == [(1, 3, 6, 3)]


def fetched(recording: Recording, scalars: list[str], columns: list[str], *, max_rows: int = 256) -> list[Oid]:
    asked = [[parse_oid(oid) for oid in oids] for oids in (scalars, columns)]
    return list(asyncio.run(recording.fetch(asked[0], asked[1], max_rows=max_rows)))


def test_it_answers_the_scalars_and_columns_that_are_asked_for() -> None:
    objects = {parse_oid(oid): Value(Tag.INTEGER, 1) for oid in ("1.3.1.0", "1.3.2.1", "1.3.2.2", "1.3.22.1", "1.3.3.1")}
    recording = Recording(objects)
    assert fetched(recording, ["1.3.1.0", "1.3.9.0"], ["1.3.2"]) == [(1, 3, 1, 0), (1, 3, 2, 1), (1, 3, 2, 2)]
    assert fetched(recording, [], ["1.3.2"], max_rows=1) == [(1, 3, 2, 1)]
    assert recording.asked == {(1, 3, 1, 0), (1, 3, 9, 0), (1, 3, 2)}
    assert recording.partial is None


def test_the_device_has_the_address_its_objects_tell() -> None:
    def at(*addresses: str) -> str:
        column = "1.3.6.1.2.1.4.20.1.2."
        return Recording({parse_oid(column + address): Value(Tag.INTEGER, 1) for address in addresses}).agent.address

    assert at("127.0.0.1", "10.0.0.146") == "10.0.0.146"
    assert at("0.0.0.0", "127.0.0.1") == UNKNOWN_ADDRESS
    assert at() == UNKNOWN_ADDRESS
    assert Recording({}, "198.51.100.7").agent.address == "198.51.100.7"
