"""From octets to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.reading.text import MAX_CHARACTERS, decode

LATIN_2, CYRILLIC, SHIFT_JIS, ROMAN_8, LATIN_1 = 5, 8, 17, 2004, 4


def test_utf_8_is_read_without_a_character_set() -> None:
    assert decode("黑色碳粉".encode()) == "黑色碳粉"


def test_what_is_no_utf_8_is_latin_1() -> None:
    assert decode(b"B\xfcro") == "Büro"


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"Ma\xb3o toneru", LATIN_2, "Mało toneru"),
        (b"Stap. Kopie\xcdn:01", ROMAN_8, "Stap. Kopieën:01"),
        ("Замена".encode("iso8859-5"), CYRILLIC, "Замена"),
        ("スリープ".encode("shift_jis"), SHIFT_JIS, "スリープ"),
    ],
)
def test_the_character_set_of_the_printer_comes_first(octets: bytes, charset: int, text: str) -> None:
    assert decode(octets, charset) == text


def test_utf_8_under_the_name_of_a_latin_set_is_still_utf_8() -> None:
    assert decode("Büro 黑".encode(), LATIN_1) == "Büro 黑"


def test_octets_the_named_character_set_cannot_hold_are_read_all_the_same() -> None:
    assert decode(b"\xff\xfe\x80", SHIFT_JIS) == decode(b"\xff\xfe\x80")


def test_an_unknown_character_set_changes_nothing() -> None:
    assert decode("Büro".encode(), 999_999) == "Büro"


def test_control_characters_are_removed() -> None:
    assert decode(b"\x07Ready\x1b\x01") == "Ready"


def test_line_breaks_become_blanks() -> None:
    assert decode(b"Tray 2\r\nempty") == "Tray 2  empty"


def test_text_ends_at_the_end_of_its_buffer() -> None:
    assert decode(b"Black Cartridge HP CF300A\x00\x00old") == "Black Cartridge HP CF300A"


def test_the_symbol_set_before_an_hp_string_is_removed() -> None:
    assert decode(bytes.fromhex("0115564e4352433438313938")) == "VNCRC48198"


def test_the_symbol_set_before_an_hp_string_is_used() -> None:
    assert decode(b"\x01\x15Kopie\xcdn") == "Kopieën"


def test_a_symbol_set_whose_letter_is_printable_is_removed() -> None:
    assert decode(b"\x02N" + "Büro".encode()) == "Büro"


def test_long_text_is_cut() -> None:
    assert len(decode(b"x" * 5000)) == MAX_CHARACTERS


@given(st.binary(max_size=64), st.one_of(st.none(), st.integers(-5, 3000)))
def test_any_octets_become_clean_text(octets: bytes, charset: int | None) -> None:
    text = decode(octets, charset)
    assert text == text.strip()
    assert all(character.isprintable() or character.isspace() for character in text if ord(character) < 128)
    assert text.encode().decode() == text
