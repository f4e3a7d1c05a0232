"""The `dca-simulator` command: serve printers on loopback addresses, say what they report, or act as a fleet of sites."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from simulator.errors import SimulatorError
from simulator.faults import Faults, FaultyPath
from simulator.fleet import DEFAULT_BASE, Fleet, Options, generated_fleet, recorded_fleet
from simulator.server import Server, open_socket
from simulator.sites.command import add_commands
from simulator.truth import fleet_truth
from simulator.web.server import WebServer
from simulator.web.tls import VERSIONS, TlsOptions, device_tls

SMALLEST_REPLY = 484
"""Bytes every SNMP implementation has to be able to send (RFC 3417 section 3.2.1)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one sentence on standard error, 2 wrong use."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except SimulatorError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dca-simulator",
        description="Printers on loopback addresses (SNMP v1 and v2c, IPP, HTTP), and whole fleets of sites.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    fleet = argparse.ArgumentParser(add_help=False)
    fleet.add_argument("--base", default=DEFAULT_BASE, metavar="ADDRESS", help="first address (default: %(default)s)")
    fleet.add_argument("--fleet", default="demo", metavar="demo|N", help="the 13 printers of the demo, or N printers like them")
    fleet.add_argument("--seed", type=int, default=0, help="what chance starts from (default: %(default)s)")
    fleet.add_argument(
        "--advance",
        type=_not_negative,
        default=10.0,
        metavar="SECONDS",
        help="seconds in which an average printer prints a page; 0: meters stand still (default: %(default)s)",
    )
    fleet.add_argument(
        "--snmp-off",
        action="append",
        default=[],
        metavar="NAME",
        help="printers whose name has this in it answer no SNMP; '': none does",
    )
    serve = commands.add_parser("serve", parents=[fleet], help="answer until SIGTERM or Ctrl-C")
    serve.add_argument(
        "--recordings", nargs="+", type=Path, metavar="PLACE", help="answer from .snmprec and .web.json files, or folders of them"
    )
    serve.add_argument("--port", type=_port, default=1161, help="UDP port, 0: a free one (default: %(default)s)")
    serve.add_argument("--community", default="public", help="the only community that gets an answer (default: %(default)s)")
    serve.add_argument("--loss", type=_probability, default=0.0, metavar="P", help="probability that a datagram is lost, each way")
    serve.add_argument("--delay", type=_not_negative, default=0.0, metavar="MS", help="milliseconds each answer takes")
    serve.add_argument("--max-reply", type=_reply_size, metavar="BYTES", help="largest answer of any printer")
    serve.add_argument("--no-getbulk", action="store_true", help="leave GETBULK unanswered")
    _web_options(serve)
    serve.add_argument("--ready-file", type=Path, metavar="FILE", help="write port, addresses and names here, as JSON, when ready")
    serve.add_argument("--statistics-file", type=Path, metavar="FILE", help="write at the end what each printer was asked, as JSON")
    serve.set_defaults(run=_serve)
    truth = commands.add_parser("truth", parents=[fleet], help="print what the generated printers report, as JSON")
    truth.add_argument("--at", type=_not_negative, default=0.0, metavar="SECONDS", help="seconds after the start (default: 0)")
    truth.set_defaults(run=_truth)
    add_commands(commands)
    return parser


def _web_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument("--web", action="store_true", help="answer IPP and HTTP, too, at the TCP ports of printers: 631, 80, 443")
    serve.add_argument(
        "--web-port",
        action="append",
        default=[],
        type=_port_pair,
        metavar="PORT=OTHER",
        help="answer at another port than printers do, 0: a free one; implies --web",
    )
    serve.add_argument("--tls-version", choices=list(VERSIONS), default="", help="the only version of TLS that is spoken")
    serve.add_argument("--tls-ciphers", default="DEFAULT", metavar="C", help="ciphers of TLS, as OpenSSL writes them")
    serve.add_argument(
        "--tls-bits", type=int, choices=[1024, 2048, 3072, 4096], default=2048, help="length of the RSA key of the certificate"
    )


def _fleet(options: argparse.Namespace) -> Fleet:
    common = Options(
        community=getattr(options, "community", "public"),
        max_reply=getattr(options, "max_reply", None),
        getbulk=not getattr(options, "no_getbulk", False),
        seconds_per_page=options.advance,
        seed=options.seed,
        snmp_off=tuple(options.snmp_off),
    )
    if getattr(options, "recordings", None):
        return recorded_fleet(options.recordings, options.base, common)
    if options.fleet == "demo":
        return generated_fleet(None, options.base, common)
    if not options.fleet.isdigit() or int(options.fleet) < 1:
        raise SimulatorError(f"The fleet {options.fleet!r} is neither `demo` nor a number of printers. Write --fleet 100.")
    return generated_fleet(int(options.fleet), options.base, common)


def _serve(options: argparse.Namespace) -> int:
    fleet = _fleet(options)
    faults = Faults(loss=options.loss, delay=options.delay / 1000, seed=options.seed)
    if options.statistics_file:
        _write(options.statistics_file, {})  # said now, not at the end, when it cannot be written
    channel = open_socket(fleet, options.port)
    with channel, _web_server(fleet, options) as web:
        server = Server(fleet, channel, FaultyPath(faults), record_asked=options.statistics_file is not None, web=web)
        asyncio.run(_run(server, fleet, web, options.ready_file))
        if options.statistics_file:
            _write(options.statistics_file, server.statistics())
    return 0


@contextmanager
def _web_server(fleet: Fleet, options: argparse.Namespace) -> Iterator[WebServer | None]:
    """Yield what answers over TCP, listening, None where nothing is to."""
    if not (options.web or options.web_port):
        yield None
        return
    tls = TlsOptions(options.tls_version, options.tls_ciphers, options.tls_bits)
    pages = {member.address: member.pages for member in fleet.members if member.pages}
    server = WebServer(pages, dict(options.web_port), partial(device_tls, tls))
    server.open()
    try:
        yield server
    finally:
        server.close()


async def _run(server: Server, fleet: Fleet, web: WebServer | None, ready_file: Path | None) -> None:
    task = asyncio.create_task(server.run())
    await asyncio.sleep(0)  # the signal handlers and the reader are in place before anybody is told
    addresses = [member.address for member in fleet.members]
    if ready_file:
        names = [member.name for member in fleet.members]
        ports = {"web": {str(port): real for port, real in sorted(web.ports.items())}} if web else {}
        _write(ready_file, {"port": server.port, "addresses": addresses, "names": names, **ports})
    span = addresses[0] if len(addresses) == 1 else f"{addresses[0]} to {addresses[-1]}"
    over_tcp = f", TCP ports {', '.join(map(str, sorted(set(web.ports.values()))))}" if web and web.ports else ""
    sys.stdout.write(f"{len(addresses)} printers answer at {span}, UDP port {server.port}{over_tcp}\n")
    sys.stdout.flush()
    await task


def _write(file: Path, content: object) -> None:
    """Put the whole content in place at once, so that whoever waits for the file never reads half of it."""
    temporary = file.with_name(f".{file.name}.part")
    try:
        temporary.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise SimulatorError(f"The file {file} cannot be written: {error.strerror}.") from error


def _truth(options: argparse.Namespace) -> int:
    json.dump(fleet_truth(_fleet(options), options.at), sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
    return 0


def _not_negative(text: str) -> float:
    number = float(text)
    if not 0 <= number < 1e9:
        raise ValueError
    return number


def _probability(text: str) -> float:
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no probability: write a number from 0 to 1")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: write a number from 0 to 65535")
    return number


def _port_pair(text: str) -> tuple[int, int]:
    port, equals, other = text.partition("=")
    if not (equals and port.isdigit() and other.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no pair of ports: write the port of printers and another, such as 631=8631")
    return _port(port), _port(other)


def _reply_size(text: str) -> int:
    number = int(text)
    if not SMALLEST_REPLY <= number <= 65507:
        raise argparse.ArgumentTypeError(f"{text} is no size of an answer: write a number from {SMALLEST_REPLY} to 65507")
    return number
