"""What others wrote shows as what it is: no control does anything on a page, none turns the direction of a text."""

import pytest

from web.hidden_characters import escape_shown


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("a\x1b[2Jb\x9bc\x00", "a\\x1b[2Jb\\x9bc\\x00"),
        ("\u202eevil\u2066\u200f\u061c", "\\u202eevil\\u2066\\u200f\\u061c"),
        ("a\u200bb\u2060\ufeff\u3164\xad", "a\\u200bb\\u2060\\ufeff\\u3164\\xad"),
        ("a\u200db\ufe0f\u200c", "a\\u200db\\ufe0f\\u200c"),
        ("می\u200cخ ❤\ufe0f\u200d🔥", "می\u200cخ ❤\ufe0f\u200d🔥"),
        ('two\r\nlines\tand <b>&"', "two\r\nlines\tand &lt;b&gt;&amp;&quot;"),
        ("12\u202f345 größer שלום 👩\u200d💻", "12\u202f345 größer שלום 👩\u200d💻"),
    ],
)
def test_only_what_hides_or_turns_a_text_is_written_as_an_escape(text: str, page: str) -> None:
    assert escape_shown(text) == page
    assert escape_shown(text.encode()) == page
