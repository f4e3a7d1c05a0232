"""Reads devices whose answers are broken at random: no exception may escape, nothing may go round in circles.

The devices (`--kind snmp`) are recordings of real ones and generated ones. Every request goes to the real answer of such a device,
which is then mutated as octets and decoded by the appliance's own code; walking, repairs and the reading follow, as with a real
device. Some replies are SNMPv3 messages, read through pysnmp. The other kinds, each in `benchmarks._broken`, are what devices
answer over HTTP: broken in octets and in meaning, and read by the product's own readers. `--seed` and `--device` show a failure
again.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.common.errors import SnmpError
from appliance.common.network.traffic import Traffic
from appliance.privacy.people import scrub
from appliance.reading.device import read_device
from appliance.report import Reading
from appliance.snmp.agent import Agent, AgentProfile, SnmpOptions
from appliance.snmp.ber import Response, read_message_id, read_request_id, read_response
from appliance.snmp.exchange import Patience, Silence, Stop
from appliance.snmp.replies import UNDECODABLE, decode_reply
from appliance.snmp.session import Session
from appliance.snmp.templates import Kind, Query
from appliance.snmp.v3.user_reply import UnreadableError
from appliance.snmp.v3.user_security import UserSecurity
from benchmarks._broken import KINDS
from benchmarks._broken import run as answers
from benchmarks._direct import DirectExchange
from benchmarks._guard import LoopError, no_longer_than
from benchmarks._mutations import mutate
from benchmarks._v3_replies import ENGINE_ID, MESSAGE_ID, USER, v3_replies
from simulator.agent import Agent as SimulatedAgent
from simulator.fleet import Options, generated_fleet, recorded_fleet

RECORDINGS = Path(__file__).parents[2] / "shared" / "recordings"
TAKEN_AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
REQUESTS_PER_DEVICE = 300
"""What the budget of time is to a real visit: above it the visit ends."""
LONGEST_SECONDS = 20
"""CPU seconds for one device; above it something goes round in circles."""
V3_SHARE = 0.1
"""Devices after which an SNMPv3 reply is broken and read too."""


@dataclass(slots=True)
class Tally:
    """What a run came to."""

    mutated: int = 0
    replies: int = 0
    devices: int = 0
    readings: int = 0
    partial: int = 0
    refused: int = 0
    """Devices that gave no reading, with an error a person can read."""
    by_hand: int = 0
    by_pysnmp: int = 0
    undecodable: int = 0
    v3: int = 0
    v3_read: int = 0
    most_requests: int = 0
    longest_seconds: float = 0.0
    failures: list[dict[str, Any]] = field(default_factory=list)


class MutatingExchange(DirectExchange):
    """Stands for the network: the device's own reply, more or less broken."""

    def __init__(self, agent: SimulatedAgent, version: str, chance: random.Random, tally: Tally) -> None:
        super().__init__(agent, "1" if version == "1" else "2c")
        self.requests = 0
        self._chance = chance
        self._tally = tally
        self._rate = chance.choice((0.2, 0.5, 1.0))
        self._before = b""

    async def ask(self, query: Query, patience: Patience | None = None) -> Response:  # noqa: ARG002 - nothing is waited for
        """Return the decoded reply."""
        self.requests += 1
        if self.requests > REQUESTS_PER_DEVICE:
            raise Stop("the requests one device may take are over")
        request_id, message = self._message(query)
        reply = self._reply(message)
        if reply is None or self._chance.random() < 0.01:
            raise Silence("no answer")
        self._tally.replies += 1
        if self._chance.random() < self._rate:
            reply = mutate(reply, self._before, self._chance)
            self._tally.mutated += 1
        self._before = reply
        return self._decoded(reply, request_id)

    def _decoded(self, reply: bytes, request_id: int) -> Response:
        read_request_id(reply)
        read_message_id(reply)
        self.answered = True
        by_hand = read_response(reply)
        response = decode_reply(reply, request_id)
        if by_hand is not None:
            self._tally.by_hand += 1
        elif response.error_status == UNDECODABLE:
            self._tally.undecodable += 1
        else:
            self._tally.by_pysnmp += 1
        return response


class Endurance:
    """One run over many devices; each depends on nothing but the seed and its number."""

    def __init__(self, seed: int, recordings: Path) -> None:
        self._seed = seed
        options = Options(seconds_per_page=0.0)
        fleets = [generated_fleet(None, "127.1.0.1", options)]
        if any(recordings.glob("*.snmprec")):
            fleets.append(recorded_fleet([recordings], "127.2.0.1", options))
        self.agents = [member.build() for fleet in fleets for member in fleet.members]
        self._v3 = v3_replies()
        self._security = UserSecurity()
        self.tally = Tally()

    def run(self, count: int, *, progress: bool) -> None:
        """Read devices until `count` replies have been mutated."""
        number = told = 0
        while self.tally.mutated < count:
            self.device(number)
            number += 1
            if progress and self.tally.mutated - told >= 20_000:
                told = self.tally.mutated
                print(f"\r{told} replies mutated, {len(self.tally.failures)} failures", end="", file=sys.stderr, flush=True)
        if progress:
            print(file=sys.stderr)

    def device(self, number: int) -> None:
        """Read one device."""
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - repeatable on purpose
        began = time.process_time()
        self.tally.devices += 1
        try:
            with no_longer_than(LONGEST_SECONDS):
                asyncio.run(self._read(chance))
                self._read_v3(chance)
        except SnmpError:
            self.tally.refused += 1
        except (Exception, LoopError) as error:  # noqa: BLE001 - what this benchmark looks for is anything that escapes
            self.tally.failures.append(
                {"seed": self._seed, "device": number, "error": type(error).__name__, "trace": traceback.format_exc()}
            )
        self.tally.longest_seconds = max(self.tally.longest_seconds, time.process_time() - began)

    async def _read(self, chance: random.Random) -> None:
        exchange = MutatingExchange(chance.choice(self.agents), chance.choice(("1", "2c", "2c", "2c")), chance, self.tally)
        agent = Agent("192.0.2.10", version="2c")
        profile = AgentProfile(bulk=chance.random() > 0.1, max_varbinds=chance.choice((1, 8, 48, 48, 48)))
        session = Session(agent, options=SnmpOptions(), exchange=exchange, traffic=Traffic(), profile=profile)
        try:
            reading = scrub(await read_device(session, taken_at=TAKEN_AT))
        finally:
            self.tally.most_requests = max(self.tally.most_requests, exchange.requests)
        self.tally.readings += 1
        self.tally.partial += session.partial is not None
        # The contract with the hosting server holds whatever the device has sent.
        if chance.random() < 0.1 and Reading.model_validate_json(reading.to_json()) != reading:
            raise ValueError("the reading does not survive being written and read")

    def _read_v3(self, chance: random.Random) -> None:
        if chance.random() > V3_SHARE:
            return
        reply = mutate(chance.choice(self._v3), chance.choice(self._v3), chance)
        self.tally.mutated += 1
        self.tally.v3 += 1
        read_message_id(reply)
        try:
            # The user is known at this agent, as after a first request.
            self._security.request(MESSAGE_ID, USER, ENGINE_ID, Query("3", "", Kind.GET, ()))
            self._security.read(reply, USER)
        except UnreadableError:
            return
        self.tally.v3_read += 1


def report(tally: Tally, seconds: float) -> str:
    """Return the result for a person."""
    lines = [
        f"{tally.mutated} mutated replies of {tally.replies + tally.v3}, {tally.devices} devices, {seconds:.0f} s",
        f"  decoded by the appliance's reader: {tally.by_hand}, by pysnmp: {tally.by_pysnmp}, by nobody: {tally.undecodable}",
        f"  SNMPv3 messages: {tally.v3}, of them readable: {tally.v3_read}",
        f"  readings: {tally.readings}, of them partial: {tally.partial}; devices that gave none: {tally.refused}",
        f"  most requests to one device: {tally.most_requests}; longest device: {tally.longest_seconds:.2f} CPU s",
        f"  exceptions that escaped, and loops: {len(tally.failures)}",
    ]
    lines += [f"{failure['trace']}again: --seed {failure['seed']} --device {failure['device']}" for failure in tally.failures[:5]]
    return "\n".join(lines)


def run(argv: Sequence[str]) -> int:
    """Run and print; 0 when nothing escaped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks endurance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kind", choices=["snmp", *KINDS, "all"], default="snmp", help="which answers are broken (snmp)")
    parser.add_argument("--count", type=int, default=20_000, metavar="N", help="answers to mutate, of each kind (20000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number, other mutations (1)")
    parser.add_argument("--device", type=int, metavar="N", help="only this device, or answer, of the run")
    parser.add_argument(
        "--recordings", type=Path, default=Path(os.environ.get("DCA_RECORDINGS") or RECORDINGS), metavar="DIR", help="*.snmprec"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args(argv)
    told, failures = {}, 0
    for kind in ["snmp", *KINDS] if arguments.kind == "all" else [arguments.kind]:
        began = time.monotonic()
        tally = _run_snmp(arguments) if kind == "snmp" else _run_answers(kind, arguments)
        seconds = time.monotonic() - began
        failures += len(tally.failures)
        told[kind] = {**asdict(tally), "seconds": round(seconds, 1)}
        if not arguments.json:
            print(report(tally, seconds) if isinstance(tally, Tally) else answers.report(tally, seconds), flush=True)
    if arguments.json:
        print(json.dumps(told if arguments.kind == "all" else told[arguments.kind], indent=2))
    return 1 if failures else 0


def _run_snmp(arguments: argparse.Namespace) -> Tally:
    endurance = Endurance(arguments.seed, arguments.recordings)
    if arguments.device is None:
        endurance.run(arguments.count, progress=sys.stderr.isatty())
    else:
        endurance.device(arguments.device)
    return endurance.tally


def _run_answers(kind: str, arguments: argparse.Namespace) -> answers.Tally:
    endurance = answers.AnswerEndurance(kind, arguments.seed)
    if arguments.device is None:
        endurance.run(arguments.count)
    else:
        endurance.answer(arguments.device)
    return endurance.tally
