"""The command-line tools of net-snmp, their answers as plain values."""

import re
import shutil
from dataclasses import dataclass

from tests.children import Finished, run_child
from tests.requirement import missing

LINE = re.compile(r"^\.(?P<oid>[0-9.]+) = (?:(?P<type>[A-Za-z0-9-]+): ?)?(?P<value>.*)$")


@dataclass(frozen=True, slots=True)
class Object:
    """One line of an answer; `type` is the name net-snmp gives it, empty for TimeTicks and for exceptions."""

    oid: str
    type: str
    value: str

    @property
    def text(self) -> str:
        """The octets of a string as UTF-8."""
        return bytes.fromhex(self.value).decode() if self.type == "Hex-STRING" else self.value.strip('"')

    @property
    def number(self) -> int:
        """The value as a number."""
        return int(self.value)


def ask(tool: str, address: str, port: int, *words: str, version: str = "2c", community: str = "public") -> Finished:
    """Run `snmpget`, `snmpwalk`, … against one address, once, waiting two seconds for each answer."""
    if shutil.which(tool) is None:
        missing(f"{tool} (net-snmp) is not installed")
    # Numeric OIDs and enumerations, strings in hex, bare TimeTicks, and no MIB files: what came over the wire and nothing else.
    options = ["-v", version, "-c", community, "-m", "", "-Onext", "-r", "0", "-t", "2"]
    return run_child([tool, *options, f"{address}:{port}", *words])


def objects(finished: Finished) -> list[Object]:
    """Return the objects of an answer."""
    found: list[Object] = []
    for line in finished.stdout.splitlines():
        if matched := LINE.match(line):
            found.append(Object(matched["oid"], matched["type"] or "", matched["value"].strip()))
        elif found and line != "End of MIB":  # what snmpwalk writes behind the last object of an SNMPv1 agent
            last = found.pop()
            found.append(Object(last.oid, last.type, f"{last.value} {line.strip()}"))
    return found


def get(address: str, port: int, *oids: str, version: str = "2c") -> list[Object]:
    """Return what `snmpget` got."""
    finished = ask("snmpget", address, port, *oids, version=version)
    assert finished.returncode == 0, finished.stderr
    return objects(finished)


def number(address: str, port: int, oid: str) -> int:
    """Return the number at `oid`."""
    return get(address, port, oid)[0].number
