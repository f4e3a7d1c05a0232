"""Runs Python commands in processes forked off this one, which has loaded their modules: `forked.py` starts and asks it.

A script of its own, so that it loads nothing of the tests. Its words: the number of its socket, and the modules to load.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from typing import Any

REQUEST_BYTES = 1 << 20


def main() -> None:
    """Serve until the other end is closed; the process of a command leaves this loop by running it."""
    door = socket.socket(fileno=int(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        content, given, _, _ = socket.recv_fds(door, REQUEST_BYTES, 3)
        if not content:
            return
        if os.fork() == 0:
            door.close()
            _attend(json.loads(content), given[:2], socket.socket(fileno=given[2]))
            return
        for number in given:
            os.close(number)


def _attend(request: dict[str, Any], outputs: list[int], answers: socket.socket) -> None:
    """Start the command, tell its process id, and how it ended; return in its process only."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command = os.fork()
    if command == 0:
        answers.close()
        _become(request, outputs)
        return
    answers.send(json.dumps(command).encode())
    _, status = os.waitpid(command, 0)
    answers.send(json.dumps(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(request: dict[str, Any], outputs: list[int]) -> None:
    """Be what an interpreter that was started with these words, this environment and these outputs is; then run the command."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, output in zip((1, 2), outputs, strict=True):
        os.dup2(output, number)
        os.close(output)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    sys.path.insert(0, request["folder"])
    option, what, *words = request["arguments"]
    sys.argv = [what if option == "-m" else option, *words]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
