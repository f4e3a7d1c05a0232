import pytest

from appliance.snmp.values import format_oid, parse_oid


def test_an_oid_is_read_with_and_without_leading_dot() -> None:
    assert parse_oid("1.3.6.1") == parse_oid(".1.3.6.1") == (1, 3, 6, 1)


def test_an_oid_is_written_as_it_is_read() -> None:
    assert format_oid(parse_oid("1.3.6.1.4.1.4294967295.0")) == "1.3.6.1.4.1.4294967295.0"


@pytest.mark.parametrize(
    "text", ["", ".", "1..3", "1.3.", "1.-3", "sysDescr.0", "1.3.4294967296", "1.03", "1.³", ".".join(["1"] * 129)]
)
def test_what_is_no_oid_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is no object identifier"):
        parse_oid(text)
