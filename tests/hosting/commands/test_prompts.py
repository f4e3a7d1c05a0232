"""Questions on a terminal: who ends the input (Ctrl-D) gets a sentence, and nothing is done."""

import os
import pty
import select
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.hosting.repository.published import Published, done, hosting

END = b"\x04"


def on_a_terminal(folder: Path, *words: str | Path, answers: tuple[tuple[bytes, bytes], ...]) -> tuple[int, str]:
    """Return how a command ended and what it said, which is answered what belongs to each question."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(
            sys.executable,
            [sys.executable, "-P", "-m", "hosting", *map(str, words)],
            os.environ | {"PYTHONPATH": str(ROOT)},
        )
    said = b""
    for question, answer in answers:
        while question not in said:
            assert select.select([terminal], [], [], 60)[0], said
            said += os.read(terminal, 4096)
        os.write(terminal, answer)
        said = said.partition(question)[2]
    try:
        while chunk := os.read(terminal, 4096):
            said += chunk
    except OSError:  # the terminal is gone with the process
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode()


@pytest.mark.parametrize(
    "answers",
    [((b"Passphrase of", END),), ((b"Passphrase of", b"five words that nobody guesses\n"), (b"The same again", END))],
    ids=["at the first question", "at the second"],
)
def test_no_key_is_made_where_the_passphrase_is_not_given(tmp_path: Path, answers: tuple[tuple[bytes, bytes], ...]) -> None:
    code, said = on_a_terminal(tmp_path, "keys", "new", "anna", "--out", "anna", answers=answers)
    assert code == 1
    assert "dca-hosting: No passphrase of the new key anna was given. Nothing was made; run the command again." in said
    assert "Traceback" not in said
    assert list(tmp_path.rglob("anna.*")) == []


def test_the_end_of_the_input_is_a_no(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    data = Published(tmp_path / "published").found().data
    done(hosting("init", "--data", data))
    words = ("config", "set", "--global", "settings.json", "--data", data)
    (tmp_path / "settings.json").write_text('{"scan": {"read_minutes": 30}}')
    code, said = on_a_terminal(tmp_path, *words, answers=((b"[y/N]", END),))
    assert code == 1
    assert "Nothing was published." in said
    assert "Traceback" not in said
