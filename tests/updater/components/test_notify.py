"""What arrives on the notify socket."""

from hypothesis import given
from hypothesis import strategies as st

from updater.components.notify_socket import parse_notification


def test_fields_of_a_message_are_read() -> None:
    assert parse_notification(b"READY=1\nSTATUS=reading 3 of 13\nX_OWN=a=b\n") == {
        "READY": "1",
        "STATUS": "reading 3 of 13",
        "X_OWN": "a=b",
    }


def test_lines_that_are_no_field_are_left_out() -> None:
    assert parse_notification(b"nonsense\n=1\n\nWATCHDOG=1") == {"WATCHDOG": "1"}


@given(st.binary(max_size=300))
def test_no_datagram_is_an_error(datagram: bytes) -> None:
    assert all(name and "\n" not in value for name, value in parse_notification(datagram).items())
