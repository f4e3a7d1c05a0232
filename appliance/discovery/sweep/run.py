"""One sweep while it runs: a single loop that sends every packet, so that pace and order are decided in one place.

`sender` decides what is asked next, `answers` what comes of what came back, `silent_pass` whether silent addresses are asked again.
"""

import asyncio
from typing import Final

from appliance.discovery.pacing import Pace, PacketBucket
from appliance.discovery.sweep.answers import Answers
from appliance.discovery.sweep.approach import Asking, Found, ProbeSender
from appliance.discovery.sweep.estimate import remaining_seconds
from appliance.discovery.sweep.packets import Packets
from appliance.discovery.sweep.progress import Checkpoint, SweepProgress
from appliance.discovery.sweep.route import Route
from appliance.discovery.sweep.send_queue import SendQueue
from appliance.discovery.sweep.sender import LOOK_SECONDS, Sender
from appliance.discovery.sweep.silent_pass import SilentPass
from appliance.snmp.client import SnmpClient

SHORTEST_WAIT_SECONDS: Final = 0.004
"""A fast sweep rather sends some packets at a time than wakes up for each; less than what `PacketBucket` saves up meanwhile."""


class SweepRun:
    """One sweep along a route. `results` gets each `Found`, and None at the end."""

    def __init__(
        self, client: SnmpClient, asking: Asking, pace: Pace, route: Route, progress: SweepProgress, *, thorough: bool = False
    ) -> None:
        """A `thorough` sweep has a silent pass in any case."""
        self._client = client
        self._asking = asking
        self._pace = pace
        self._route = route
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._bucket = pace.bucket or PacketBucket(pace.packets_per_second, self._loop.time)
        self._silent_pass = SilentPass(progress, thorough=thorough, ping_answered=route.anyone_answered)
        self._queue = SendQueue()
        probe_sender = ProbeSender(client, asking.port)
        self._answers = Answers(probe_sender, asking, self._queue, self._silent_pass, route=route, progress=progress)
        self._packets = Packets(probe_sender, asking, progress, self._queue, self._answers)
        self._sender = Sender(route, self._queue, self._packets, self._answers, pace.held)
        self._estimated_at = float("-inf")

    @property
    def results(self) -> asyncio.Queue[Found | None]:
        """Each `Found`, and None at the end."""
        return self._answers.found

    async def drive(self) -> None:
        """Run the sweep to its end; however it ends, close what it opened."""
        try:
            await self._pass()
            if self._silent_pass.is_due:
                self._route.begin_silent_pass()
                await self._pass()
            await self._answers.finish()
        finally:
            try:
                self._packets.close()
                await self._answers.close()
                self._publish()
            finally:
                self.results.put_nowait(None)

    def checkpoint(self) -> Checkpoint:
        """Return where the sweep is."""
        return self._route.checkpoint(contact.place for contact in self._answers.under_way.values())

    async def _pass(self) -> None:
        """Ask what the order names, until the last answer or silence is known."""
        sender, bucket = self._sender, self._bucket
        route, under_way = self._route, self._answers.under_way
        sender.begin_pass()
        sent = 0
        while True:
            now = self._loop.time()
            sender.go_on(now)
            if route.next is None and not under_way:
                break
            if not sender.has_packet():
                await self._queue.wait(sender.seconds_to_next())
            elif wait := bucket.take():
                await self._queue.wait(max(wait, SHORTEST_WAIT_SECONDS))
            else:
                sender.send_next()
                sent += 1
                if sent % 64 == 0:
                    # A fast sweep may always have a token; answers have to be heard all the same.
                    await asyncio.sleep(0)
            if now - self._estimated_at >= LOOK_SECONDS:
                self._publish()

    def _publish(self) -> None:
        self._estimated_at = self._loop.time()
        self._progress.remaining_seconds = self._remaining()

    def _remaining(self) -> int | None:
        following, sender = self._route.next, self._sender
        if following is None and not self._answers.under_way:
            return 0
        if following is not None and self._pace.held():
            return None
        return remaining_seconds(
            self._progress,
            unbegun=self._route.left,
            begun=sender.begun,
            idle=self._loop.time() - sender.last_began_at,
            probes=len(self._asking.all_steps()),
            icmp=self._progress.pinged or (following is not None and self._packets.can_ping(following.address)),
            silent_pass_expected=self._silent_pass.is_expected,
            packets_per_second=self._bucket.rate,
            addresses_per_second=self._queue.link.rate if sender.next_on_link else float("inf"),
            snmp_seconds=self._client.options.timeout,
        )
