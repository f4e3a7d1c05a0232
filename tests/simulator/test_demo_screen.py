"""What the demo shows while it works: one line that changes on a terminal, a line for each change elsewhere."""

import io
import os
import pty

from simulator.demo.screen import Screen


def test_elsewhere_each_change_is_a_line_and_the_same_again_is_none() -> None:
    stream = io.StringIO()
    screen = Screen(stream)
    for text in ("one", "one", "two"):
        screen.live(text)
    screen.done("done")
    lines = stream.getvalue().splitlines()
    assert [line.strip() for line in lines[:2]] == ["one", "two"]
    assert lines[2].endswith(" s  done")
    assert "\x1b" not in stream.getvalue()


def test_on_a_terminal_the_line_is_written_over() -> None:
    controller, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream, os.fdopen(controller, "rb", buffering=0) as shown:
        screen = Screen(stream)
        screen.live("one")
        screen.live("two")
        screen.done("done")
        text = ""
        while not text.endswith("\n"):  # a terminal hands on what is written in pieces
            text += shown.read(4096).decode()
    assert text.count("\n") == 1
    assert text.index("one") < text.index("\r\x1b[K", text.index("one")) < text.index("two") < text.index("done")
