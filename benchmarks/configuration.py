"""Signed configuration with 100,000 sites: bytes of a first fetch, an idle poll and a change, and seconds to publish one.

A real hosting server and `python -m updater receive`, the process of a site that speaks to the repository: over HTTPS for what
goes over the line, over plain HTTP for what HTTP alone comes to.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks import _command, _machine
from benchmarks._figures import Bars, Figure, Reach, Report
from benchmarks._network import NoNetworkError
from benchmarks._signed import Signed, measured
from benchmarks._wire import inside_namespace, is_inside, require_namespaces

SITES, QUICK_SITES = 100_000, 300
FIRST_FETCH_BYTES, IDLE_BYTES, PUBLISH_SECONDS = 100_000, 1000, 5
"""What is asked for with 100,000 sites; bytes both ways, of HTTP."""


def run(arguments: Sequence[str]) -> int:
    """Measure, print, and return 0 when everything asked for is reached, else 1."""
    parser = _command.parser("configuration", __doc__)
    parser.add_argument("--sites", type=int, metavar="N", help=f"sites in the repository ({SITES})")
    parser.add_argument("--into", type=Path, metavar="FILE", help="only measure, in this namespace, and write what was found")
    options = parser.parse_args(arguments)
    sites = options.sites or (QUICK_SITES if options.quick else SITES)
    if is_inside():
        options.into.write_text(json.dumps(asdict(measured(sites))))
        return 0
    try:
        return _command.finish(_report(sites), options)
    except NoNetworkError as error:
        print(f"configuration is not measured: {error}.", file=sys.stderr)
        return _command.EXIT_NOT_MEASURED


def measure(quick: bool) -> Report:
    """Return the figures. Raises NoNetworkError where there are no network namespaces."""
    return _report(QUICK_SITES if quick else SITES)


def _report(sites: int) -> Report:
    require_namespaces()
    with tempfile.TemporaryDirectory(prefix="dca-configuration-") as folder:
        into = Path(folder) / "found"
        if code := inside_namespace("configuration", ["--sites", str(sites), "--into", str(into)]):
            raise SystemExit(code)
        found = Signed(**json.loads(into.read_text()))
    what = f"{sites:,} sites"
    figures = [
        _bytes(f"{what}, first fetch", found, "first", Reach(FIRST_FETCH_BYTES, "at most")),
        _bytes(f"{what}, idle poll", found, "idle", Reach(IDLE_BYTES, "at most")),
        _bytes(f"{what}, changed configuration", found, "changed", None),
        Figure(f"{what}, publish one site's change", found.command, "s", Reach(PUBLISH_SECONDS, "at most")),
        Figure(f"{what}, publish it from the console", found.publication, "s"),
        Figure(f"{what}, publish all at once", found.everything, "s"),
        Figure("largest bin", found.files["bin"], "B"),
        Figure("snapshot", found.files["snapshot"], "B"),
    ]
    details = (
        "Bytes of HTTP, both ways, with headers. The site takes three documents (global, group, its own), of which one changes. "
        "Publishing is `dca-hosting config set` from its start to its end, with the check by our own client, and the same within a "
        "process that runs already, as from the console; medians of 5."
    )
    values = {f"{kind}, {level}": float(bytes_) for level, kinds in _levels(found) for kind, bytes_ in kinds.items()}
    versions = {"nftables": _machine.program("nft", ["--version"]), "tuf": _machine.package("tuf")}
    return Report("configuration", figures, versions, details, Bars("Signed configuration, bytes of a check", "bytes", values))


def _levels(found: Signed) -> list[tuple[str, dict[str, int]]]:
    return [("HTTP", dict(found.http)), ("IP level with TLS", dict(found.wire))]


def _bytes(what: str, found: Signed, kind: str, reach: Reach | None) -> Figure:
    note = f"{found.wire[kind]:,} B at IP level over HTTPS, on a fresh connection"
    return Figure(what, found.http[kind], "B", reach, note=note)
