"""`python -m simulator.demo`: show the whole product on this machine, or check it (`--check`)."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator.demo.processes import END_SIGNALS
from simulator.demo.scene import play
from simulator.demo.screen import Screen
from simulator.errors import SimulatorError

INTERRUPTED = 130
CLOSED_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when it ended well, 1 when something was missing or failed, 130 when it was interrupted on the way."""
    parser = argparse.ArgumentParser(
        prog="python -m simulator.demo",
        description="Start 13 simulated printers, a hosting server and an appliance that finds, reads and reports them.",
    )
    parser.add_argument(
        "--check", action="store_true", help="end when everything has arrived: 0 if it is complete and right, else 1"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="work in this new or empty folder and leave it: databases, logs, certificates"
    )
    options = parser.parse_args(arguments)
    # All take the same way out, so that nothing is left running; SIGINT too, which a shell ignores for what it runs behind it.
    for number in END_SIGNALS:
        signal.signal(number, signal.default_int_handler)
    screen = Screen(sys.stdout)
    try:
        return play(screen, check=options.check, keep=options.keep)
    except SimulatorError as error:
        screen.end_live()
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        screen.end_live()
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted; what is still buffered must not raise again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE


if __name__ == "__main__":
    sys.exit(main())
