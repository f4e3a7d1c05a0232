"""Text of others on a terminal shows as what it is, and JSON stays JSON."""

import json

from appliance.common.plain import plain, plain_json

EVIL = 'M1\x1b]0;owned\x07\x1b[2J\x9b31m\r\nA\u202e\u2066\x7f\U000e0041"ü שלום'


def test_no_control_and_no_line_break_reaches_the_terminal() -> None:
    shown = plain(EVIL)
    assert shown.isprintable()
    assert shown == 'M1\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\r\\nA\\u202e\\u2066\\x7f\\U000e0041"ü שלום'


def test_json_with_such_text_is_printable_and_says_the_same() -> None:
    for indent in (None, 2):
        text = plain_json({"model": EVIL, "name": "Größe"}, indent)
        assert text.replace("\n", "").isprintable()
        assert "Größe" in text
        assert json.loads(text) == {"model": EVIL, "name": "Größe"}


def test_what_shows_nothing_is_written_as_an_escape_too() -> None:
    hidden = "\u200b\u034f\u115f\u3164\ufe0f\xad"
    assert plain(f"a{hidden}b") == "a\\u200b\\u034f\\u115f\\u3164\\ufe0f\\xadb"
    assert json.loads(plain_json([hidden])) == [hidden]
    assert not set(hidden) & set(plain_json([hidden]))
