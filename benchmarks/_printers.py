"""Simulated printers inside a network namespace: `python -m benchmarks._printers BASE[=N]...`; prints their addresses."""

import argparse
import asyncio
import ipaddress
import json
import sys

from benchmarks._network import NETWORK
from simulator.faults import Faults, FaultyPath
from simulator.fleet import Fleet, Options, generated_fleet
from simulator.server import Server, open_socket

PORT = 161


def main() -> int:
    """Answer until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks._printers")
    parser.add_argument("fleet", nargs="+", metavar="BASE[=N]", help="N printers from an address on; without N those of the demo")
    within, common = ipaddress.IPv4Network(NETWORK), Options(seconds_per_page=2.0)
    fleets = []
    for word in parser.parse_args().fleet:
        base, _, size = word.partition("=")
        fleets.append(generated_fleet(int(size) if size else None, base, common, within))
    fleet = Fleet([member for each in fleets for member in each.members])
    server = Server(fleet, open_socket(fleet, PORT), FaultyPath(Faults()))

    async def serve() -> None:
        print(json.dumps([[member.address for member in each.members] for each in fleets]), flush=True)
        await server.run()

    asyncio.run(serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
