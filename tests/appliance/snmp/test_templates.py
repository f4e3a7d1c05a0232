from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from appliance.snmp.templates import HIGHEST_REQUEST_ID, LOWEST_REQUEST_ID, Kind, Query, Templates
from appliance.snmp.values import Oid
from tests.appliance.snmp.messages import read_request

OIDS: tuple[Oid, ...] = ((1, 3, 6, 1, 2, 1, 1, 1, 0), (1, 3, 6, 1, 2, 1, 1, 5, 0))


def test_a_patched_message_is_what_pysnmp_would_have_encoded() -> None:
    templates = Templates()
    for request_id in (LOWEST_REQUEST_ID, 0x12345678, HIGHEST_REQUEST_ID):
        pdu = v2c.GetRequestPDU()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_request_id(pdu, request_id)
        v2c.apiPDU.set_varbinds(pdu, [(oid, v2c.null) for oid in OIDS])
        message = v2c.Message()
        v2c.apiMessage.set_defaults(message)
        v2c.apiMessage.set_community(message, b"public")
        v2c.apiMessage.set_pdu(message, pdu)
        assert templates.get(Query("2c", "public", Kind.GET, OIDS)).message(request_id) == encoder.encode(message)


def test_every_kind_of_request_says_what_was_asked() -> None:
    templates = Templates()
    # A community that looks like a request-id, and one that makes the lengths long, must not mislead the patching.
    for community in ("public", "\x02\x04\x01\x00\x00\x00", "c" * 200, "schlüssel"):
        for query in (
            Query("1", community, Kind.GET, OIDS),
            Query("2c", community, Kind.GET_NEXT, OIDS),
            Query("2c", community, Kind.GET_BULK, OIDS * 30, 1, 25),
        ):
            asked = read_request(templates.get(query).message(0x7654321))
            assert asked.request_id == 0x7654321
            assert asked.community == community
            assert asked.version == (0 if query.version == "1" else 1)
            assert (asked.kind, asked.oids) == (query.kind, query.oids)
            assert (asked.non_repeaters, asked.max_repetitions) == (query.non_repeaters, query.max_repetitions)


def test_there_is_no_request_that_sets_anything() -> None:
    assert {kind.name for kind in Kind} == {"GET", "GET_NEXT", "GET_BULK"}


def test_the_cache_keeps_the_most_recent_requests_only() -> None:
    templates = Templates(capacity=3)
    first = templates.get(Query("2c", "public", Kind.GET, OIDS))
    for number in range(10):
        templates.get(Query("2c", "public", Kind.GET, ((1, 3, number),)))
        assert templates.get(Query("2c", "public", Kind.GET, OIDS)) is first
    assert len(templates) == 3


def test_request_ids_keep_to_four_bytes_and_start_anywhere() -> None:
    starts = {Templates().next_request_id() for _ in range(20)}
    assert len(starts) > 10
    templates = Templates()
    templates._next_id = HIGHEST_REQUEST_ID
    assert templates.next_request_id() == HIGHEST_REQUEST_ID
    assert templates.next_request_id() == LOWEST_REQUEST_ID


def test_a_query_never_shows_its_community() -> None:
    assert "s3cret" not in repr(Query("2c", "s3cret", Kind.GET, OIDS))
