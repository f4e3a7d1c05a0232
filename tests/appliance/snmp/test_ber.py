"""The fast reader against pysnmp: what it reads is what pysnmp reads, or it reads nothing."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from appliance.snmp import ber
from appliance.snmp.authority import UndecodableError, decode_response
from appliance.snmp.ber import Response, read_request_id, read_response
from appliance.snmp.replies import UNDECODABLE, decode_reply
from appliance.snmp.v3.user_reply import UnreadableError
from appliance.snmp.v3.user_security import UserSecurity
from appliance.snmp.values import Oid, Tag, Value
from tests.appliance.snmp.messages import write_response

sub_identifiers = st.integers(0, 2**32 - 1) | st.integers(0, 300)
oids = st.builds(
    lambda first, second, rest: (first, second, *rest),
    st.integers(0, 1),
    st.integers(0, 39),
    st.lists(sub_identifiers, max_size=20),
) | st.builds(lambda second, rest: (2, second, *rest), st.integers(0, 1000), st.lists(sub_identifiers, max_size=6))
unsigned = st.integers(0, 2**32 - 1) | st.sampled_from([0, 127, 128, 255, 256, 2**31 - 1, 2**31, 2**32 - 1])
v1_values = st.one_of(
    st.builds(Value, st.just(int(Tag.INTEGER)), st.integers(-(2**31), 2**31 - 1)),
    st.builds(Value, st.sampled_from([int(Tag.OCTET_STRING), int(Tag.OPAQUE)]), st.binary(max_size=300)),
    st.builds(Value, st.just(int(Tag.OBJECT_IDENTIFIER)), oids),
    st.builds(Value, st.just(int(Tag.IP_ADDRESS)), st.binary(min_size=4, max_size=4)),
    st.builds(Value, st.sampled_from([int(Tag.COUNTER32), int(Tag.GAUGE32), int(Tag.TIME_TICKS)]), unsigned),
)
v2c_values = (
    v1_values
    | st.builds(Value, st.just(int(Tag.COUNTER64)), st.integers(0, 2**64 - 1) | unsigned)
    | st.builds(
        Value,
        st.sampled_from([int(Tag.NO_SUCH_OBJECT), int(Tag.NO_SUCH_INSTANCE), int(Tag.END_OF_MIB_VIEW), int(Tag.NULL)]),
        st.none(),
    )
)
request_ids = st.integers(-(2**31), 2**31 - 1)


@st.composite
def messages(draw: st.DrawFn) -> tuple[Response, bytes]:
    """Return a response and what pysnmp makes of it."""
    version = draw(st.integers(0, 1))
    varbinds = draw(st.lists(st.tuples(oids, v2c_values if version else v1_values), max_size=8))
    index = draw(st.integers(0, len(varbinds)))
    community = draw(st.binary(max_size=140))
    response = Response(version, community, draw(request_ids), draw(st.integers(0, 18)), index, varbinds)
    encoded = write_response(version, response.request_id, varbinds, status=response.error_status, index=index, community=community)
    return response, encoded


def by_pysnmp(data: bytes) -> Response | None:
    try:
        return decode_response(data)
    except UndecodableError:
        return None


@given(messages())
@settings(max_examples=300, deadline=None)
def test_every_message_pysnmp_writes_is_read_without_its_help(case: tuple[Response, bytes]) -> None:
    response, encoded = case
    assert read_response(encoded) == response
    assert read_request_id(encoded) == response.request_id


@given(messages())
@settings(max_examples=100, deadline=None)
def test_pysnmp_reads_back_the_same(case: tuple[Response, bytes]) -> None:
    response, encoded = case
    assert by_pysnmp(encoded) == response


@given(messages(), st.data())
@settings(max_examples=500, deadline=None)
def test_a_damaged_message_is_read_as_pysnmp_reads_it_or_not_at_all(case: tuple[Response, bytes], data: st.DataObject) -> None:
    damaged = bytearray(case[1])
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(damaged) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                damaged[position] = data.draw(st.integers(0, 255))
            case 1:
                damaged[position] ^= 1 << data.draw(st.integers(0, 7))
            case 2 if len(damaged) > 1:
                del damaged[position]
            case _:
                damaged.insert(position, data.draw(st.integers(0, 255)))
    agrees_with_pysnmp(bytes(damaged))


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_noise_is_read_as_pysnmp_reads_it_or_not_at_all(noise: bytes) -> None:
    agrees_with_pysnmp(noise)


@given(messages(), st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_a_message_cut_short_is_never_read(case: tuple[Response, bytes], length: int) -> None:
    assume(length < len(case[1]))
    assert read_response(case[1][:length]) is None
    assert by_pysnmp(case[1][:length]) is None


def agrees_with_pysnmp(data: bytes) -> None:
    fast = read_response(data)
    if fast is None:
        return
    assert read_request_id(data) == fast.request_id
    if any(value.content is None and value.tag in NUMBERS for _, value in fast.varbinds):
        # pysnmp reads 0 where a number has no content.
        return
    authority = by_pysnmp(data)
    if authority is None:
        # What is read that pysnmp rejects: an unsigned number in four bytes with the highest bit set, and padded sub-identifiers.
        repaired = [(oid, Value(value.tag, 0) if is_high_unsigned(value) else value) for oid, value in fast.varbinds]
        assert repaired != fast.varbinds or b"\x80" in data
        return
    assert fast == authority


NUMBERS = (Tag.INTEGER, Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS, Tag.COUNTER64)


def is_high_unsigned(value: Value) -> bool:
    return value.tag in (Tag.COUNTER32, Tag.GAUGE32, Tag.TIME_TICKS) and isinstance(value.content, int) and value.content >= 2**31


def plain(*encoded: bytes) -> bytes:
    """Return a v2c response around encoded variable bindings."""
    varbinds = b"".join(b"\x30" + bytes([len(varbind)]) + varbind for varbind in encoded)
    pdu = b"\x02\x04\x12\x34\x56\x78\x02\x01\x00\x02\x01\x00" + b"\x30" + bytes([len(varbinds)]) + varbinds
    body = b"\x02\x01\x01\x04\x06public\xa2" + bytes([len(pdu)]) + pdu
    return b"\x30" + bytes([len(body)]) + body


def test_a_length_beyond_any_memory_is_no_answer_of_snmpv3_either() -> None:
    header = b"\x02\x04\x01\x00\x00\x00\x02\x02\x04\x00\x04\x01\x00\x02\x01\x03"
    with pytest.raises(UnreadableError):
        UserSecurity().read(b"\x30\x25\x02\x01\x03\x30\x10" + header + b"\x04\x88" + b"\xff" * 8 + b"public")


NAME = b"\x06\x03\x2b\x06\x01"
OID: Oid = (1, 3, 6, 1)


def test_an_unsigned_number_without_its_leading_zero_is_the_number_the_agent_meant() -> None:
    response = read_response(plain(NAME + b"\x43\x04\xff\xff\xff\xfe"))
    assert response is not None
    assert response.varbinds == [(OID, Value(Tag.TIME_TICKS, 2**32 - 2))]


@pytest.mark.parametrize("tag", NUMBERS)
@pytest.mark.parametrize("name", [NAME, b"\x06\x81\x03" + NAME[2:]], ids=["plain", "long form"])
def test_a_number_without_content_is_none(tag: Tag, name: bytes) -> None:
    response = read_response(plain(name + bytes((tag, 0))))
    assert response is not None
    assert response.varbinds == [(OID, Value(tag, None))]


@pytest.mark.parametrize("behind", [b"\0", b"\r\n", b"\0\0\0\0", b"left over from the packet before"])
def test_what_stands_behind_a_message_is_no_part_of_it(behind: bytes) -> None:
    for version in (0, 1):
        message = write_response(version, 2**25, [(OID, Value(Tag.INTEGER, 7))])
        for _ in range(2):
            assert read_response(message + behind) == read_response(message) != None  # noqa: E711 - of the second as well
            assert read_request_id(message + behind) == 2**25
        odd = b"\x30\x80" + message[2:] + b"\0\0"
        assert decode_response(odd + behind) == read_response(message)


@pytest.mark.parametrize(
    "name", [b"\x06\x04\x80\x2b\x06\x01", b"\x06\x04\x2b\x80\x06\x01", b"\x06\x07\x80\x2b\x80\x06\x80\x80\x01"]
)
def test_a_padded_object_identifier_is_the_one_the_agent_meant(name: bytes) -> None:
    response = read_response(plain(name + b"\x06" + name[1:]))
    assert response is not None
    assert response.varbinds == [(OID, Value(Tag.OBJECT_IDENTIFIER, OID))]


@pytest.mark.parametrize(
    "varbind",
    [
        pytest.param(NAME + b"\x45\x01\x00", id="unknown type"),
        pytest.param(NAME + b"\x41\x05\x01\x00\x00\x00\x00", id="counter beyond 32 bits"),
        pytest.param(NAME + b"\x06\x00", id="empty object identifier"),
        pytest.param(b"\x06\x02\x2b\x86\x02\x01\x07", id="name without an end"),
    ],
)
def test_a_value_or_name_that_cannot_be_decoded_costs_no_other(varbind: bytes) -> None:
    well = NAME + b"\x02\x01\x05"
    reply = decode_reply(plain(well, varbind), 7)
    assert reply.varbinds[0] == (OID, Value(Tag.INTEGER, 5))
    ((name, value),) = reply.varbinds[1:]
    assert name in (OID, ())
    assert name == () or value.content is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"\x02\x05\x01\x00\x00\x00\x00", id="integer beyond 32 bits"),
        pytest.param(b"\x41\x05\x01\x00\x00\x00\x00", id="counter beyond 32 bits"),
        pytest.param(b"\x41\x01\xff", id="negative counter"),
        pytest.param(b"\x40\x03\x7f\x00\x00", id="address of three bytes"),
        pytest.param(b"\x24\x03\x04\x01\x41", id="constructed string"),
        pytest.param(b"\x06\x00", id="empty object identifier"),
        pytest.param(b"\x05\x01\x00", id="null with content"),
        pytest.param(b"\x45\x01\x00", id="unknown type"),
        pytest.param(b"\x04\x80\x41\x00\x00", id="indefinite length"),
    ],
)
def test_what_is_unusual_is_left_to_pysnmp(value: bytes) -> None:
    assert read_response(plain(NAME + value)) is None


def test_a_length_beyond_any_memory_is_no_answer() -> None:
    # A message of 0x2a octets, of which the community claims 2^64 - 1.
    message = write_response(1, 7, [((1, 3, 6, 1), Value(Tag.INTEGER, 1))])
    assert message[:7] == bytes.fromhex("30220201010406")
    with pytest.raises(UndecodableError):
        decode_response(b"\x30\x2a" + message[2:6] + b"\x88" + b"\xff" * 8 + message[7:])


@given(messages(), st.data())
@settings(max_examples=200, deadline=None)
def test_what_was_read_before_makes_no_difference(message: tuple[Response, bytes], data: st.DataObject) -> None:
    """The reader knows heads again: one that differs by a single byte is another one."""
    first = message[1]
    position = data.draw(st.integers(0, min(len(first) - 1, 200)))
    changed = bytearray(first)
    changed[position] = data.draw(st.integers(0, 255))
    second = bytes(changed)
    ber._heads.clear()
    fresh = read_request_id(second), read_response(second)
    ber._heads.clear()
    read_response(first)
    assert (read_request_id(second), read_response(second)) == fresh


def test_heads_are_remembered_up_to_a_bound() -> None:
    ber._heads.clear()
    for length in range(2 * ber._HEADS):
        varbinds: list[tuple[Oid, Value]] = [((1, 3, 6), Value(int(Tag.OCTET_STRING), b"x" * length))]
        response = read_response(write_response(1, 2**25 + length, varbinds, status=0, index=0, community=b"public"))
        assert response is not None
        assert response.request_id == 2**25 + length
    assert 0 < len(ber._heads) <= ber._HEADS


def test_an_error_index_below_zero_names_no_object() -> None:
    pdu_end = b"\x02\x01\x05\x02\x01\xff"  # genErr, -1
    message = plain(NAME + b"\x05\x00").replace(b"\x02\x01\x00\x02\x01\x00", pdu_end)
    assert read_response(message) is None
    assert decode_reply(message, 7).error_status == UNDECODABLE
    assert decode_reply(message.replace(pdu_end, b"\x02\x01\x05\x02\x01\x01"), 7).error_index == 1
