"""Where the bytes of first reads go: `python -m benchmarks._wire_parts` reads the printers of the demo without a network.

Beside each printer stand the bytes at IP level, the ping and the probe of the sweep included, by what they are for:

- `objects`: what is read, once; `again`: the same another time; `neighbours`: what shows that something does not exist
- `names`: what is asked for; `unanswered`: the same where no answer came
- `headers`: of IP, UDP and SNMP, both ways; `pings`: the one of the sweep and its answer
"""

import asyncio
import ipaddress
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.common.network.traffic import Traffic
from appliance.reading.device import visit_device
from appliance.reading.sources.objects import PROBE
from appliance.snmp.agent import IPV4_OVERHEAD, Agent, AgentProfile, SnmpOptions, Version
from appliance.snmp.ber import Response
from appliance.snmp.exchange import Patience, Silence
from appliance.snmp.replies import decode_reply
from appliance.snmp.session import Session
from appliance.snmp.templates import Kind, Query
from appliance.snmp.values import Objects, Oid, Value
from benchmarks._direct import DirectExchange
from simulator.agent import Agent as SimulatedAgent
from simulator.ber import encode_oid
from simulator.fleet import Options, generated_fleet

NETWORK = ipaddress.IPv4Network("198.18.0.0/16")
PARTS = ("objects", "again", "neighbours", "names", "unanswered", "headers", "pings")
_NAME_OVERHEAD = 6
"""Bytes of a name in a request beside those of the OID: sequence, tag and null."""
_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it was sent, and its answer."""

    query: Query
    bytes_out: int
    bytes_in: int
    response: Response | None


class CountedExchange(DirectExchange):
    """Asks a simulated agent without a network; `sent` has what was."""

    def __init__(self, agent: SimulatedAgent, version: Version, sent: list[Sent]) -> None:
        super().__init__(agent, version)
        self.sent = sent

    async def ask(self, query: Query, patience: Patience | None = None) -> Response:
        """Return the reply; see `Exchange.ask`."""
        number, message = self._message(query)
        for _ in range(patience.attempts if patience else 2):
            reply = self._reply(message, _SECONDS)
            response = decode_reply(reply, number) if reply else None
            self.sent.append(Sent(query, len(message), len(reply or b""), response))
            if response:
                self.answered = True
                return response
        raise Silence("no answer")


async def first_read(agent: SimulatedAgent, address: str) -> tuple[list[Sent], Objects]:
    """Return what is sent to a device that a sweep finds, but for the ping, and what it says."""
    sent: list[Sent] = []
    version: Version = "2c"
    try:
        response = await CountedExchange(agent, version, sent).ask(Query(version, "public", Kind.GET, PROBE), Patience(1.0))
    except Silence:
        version = "1"
        response = await CountedExchange(agent, version, sent).ask(Query(version, "public", Kind.GET, PROBE), Patience(1.0))
    probed = {oid: value for oid, value in response.varbinds if value.content is not None}
    exchange = CountedExchange(agent, version, sent)
    profile = AgentProfile(version=version)
    session = Session(Agent(address, version=version), options=SnmpOptions(), exchange=exchange, traffic=Traffic(), profile=profile)
    session.was_heard = True
    said = await visit_device(session, taken_at=datetime.now(UTC), probed=probed)
    return sent, said.snapshot.objects() if said.snapshot else {}


def parts_of(sent: list[Sent], objects: Objects) -> Counter[str]:
    """Return the bytes of a first read by what they are for."""
    parts = Counter({"pings": 2 * IPV4_OVERHEAD})
    seen: set[Oid] = set()
    for each in sent:
        names = sum(len(encode_oid(oid)) + _NAME_OVERHEAD for oid in each.query.oids)
        parts["names" if each.response else "unanswered"] += names
        parts["headers"] += each.bytes_out - names + IPV4_OVERHEAD
        if each.response is None:
            continue
        body = 0
        for oid, value in each.response.varbinds:
            size = _size(oid, value)
            body += size
            is_read = oid in objects and value.content is not None
            parts["again" if oid in seen else "objects" if is_read else "neighbours"] += size
            seen.add(oid)
        parts["headers"] += each.bytes_in - body + IPV4_OVERHEAD
    return parts


def _size(oid: Oid, value: Value) -> int:
    """Return how many bytes an object takes in an answer."""
    content = value.content
    if isinstance(content, int):
        length = (content + (content < 0)).bit_length() // 8 + 1
    else:
        length = len(encode_oid(content) if isinstance(content, tuple) else content or b"")
    inner = len(encode_oid(oid)) + length + (5 if length > 127 else 4)
    return inner + (3 if inner > 127 else 2)


def measure() -> dict[str, Counter[str]]:
    """Return the parts of each printer of the demo."""
    fleet = generated_fleet(None, "198.18.0.1", Options(seconds_per_page=2.0), NETWORK)
    found = {}
    for member in fleet.members:
        agent = fleet.agent(ipaddress.IPv4Address(member.address).packed)
        assert agent is not None
        found[member.name] = parts_of(*asyncio.run(first_read(agent, member.address)))
    return found


def main() -> int:
    """Print the parts of each printer, and of all of them."""
    found = measure()
    found["all"] = sum(found.values(), Counter())
    print(f"{'':32}{'bytes':>8}" + "".join(f"{part:>12}" for part in PARTS))
    for name, parts in found.items():
        print(f"{name:32}{parts.total():>8}" + "".join(f"{parts[part]:>12}" for part in PARTS))
    return 0


if __name__ == "__main__":
    sys.exit(main())
