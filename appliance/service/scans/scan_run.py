"""Sweep and read: the one way in which the collector, `dca scan`, `dca read` and `dca once` get from addresses to readings.

- A sweep hands over each imaging device as it answers; it is read at once, while the sweep goes on.
- What cannot be read is noted with its reason; the rest goes on.
- Credentials are tried in order, the one that worked last time first.
- Where something is and SNMP brings nothing, a printer is looked for by IPP. Who was found so is read so from then on, and asked
  over SNMP again once a day. A device that was ever read over SNMP is never read otherwise: one that is silent may be off.
- A printer that a target names by where it serves IPP is read there, after all others. What is a queue of a device that is read
  over SNMP is that device: it is not kept apart.
- While the gate is closed nothing is begun: neither an address of the sweep nor the reading of a device.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from appliance.common.clock import utc_now
from appliance.common.errors import CredentialError, DcaError, NoAnswerError, SnmpError
from appliance.common.message import Message, message_of
from appliance.common.network.traffic import Unit
from appliance.discovery.credentials import Credential, covering
from appliance.discovery.pacing import PacketBucket
from appliance.discovery.sweep.sweep import Asking, Checkpoint, Found, Pace, Sweep, SweepProgress
from appliance.discovery.targets import TargetSet
from appliance.report import Reading
from appliance.report.device_keys import are_alike
from appliance.service.scans.access import access_by
from appliance.service.scans.agent_visits import AgentVisits
from appliance.service.scans.devices import DeviceAnswer, Keep, Known, Missed, Resume, nothing_missed
from appliance.service.scans.hosts import answers_ping
from appliance.service.scans.ipp_reader import NO_IPP, NOT_ASKED, IppReader
from appliance.service.scans.known_devices import named_devices
from appliance.service.scans.memory.scan_memory import ScanMemory
from appliance.service.scans.options import ScanOptions
from appliance.service.scans.progress import Scan
from appliance.service.scans.quiet_gate import QuietGate
from appliance.service.scans.silence import why_silent
from appliance.service.scans.task_group import side_by_side, tasks
from appliance.snmp.client import Agent, SnmpClient

READ_AT_ONCE = 16
LATE_NAMES_SECONDS = 10.0
"""For so long a sweep that has asked everybody else waits for host names."""
SNMP_AGAIN = timedelta(days=1)
"""After this a device that is read by IPP is asked over SNMP again."""

log = structlog.get_logger()


class ScanRun:
    """One scan. `keep` gets each reading as soon as it is taken, `missed` each known device that could not be read."""

    def __init__(
        self,
        options: ScanOptions,
        scan: Scan,
        keep: Keep,
        missed: Missed = nothing_missed,
        *,
        memory: ScanMemory | None = None,
        gate: QuietGate | None = None,
    ) -> None:
        """`memory` is what the caller keeps from scan to scan. Without `gate` there are no quiet times."""
        self._options = options
        self._scan = scan
        self._keep = keep
        self._missed = missed
        self._memory = memory or ScanMemory()
        self._supplements = self._memory.supplements if options.http else None
        self._slots = asyncio.Semaphore(READ_AT_ONCE)
        self._gate = gate or QuietGate(UTC)
        self._found: set[str] = set()
        self._sweep: Sweep | None = None
        # What is read beside a sweep keeps to the ceiling together with it.
        self._bucket = PacketBucket(options.packets_per_second, time.monotonic)
        self._visits = AgentVisits(options, scan, self._memory, self._bucket)
        self._ipp = IppReader(self._supplements, options, scan, self._gate, self._bucket) if self._supplements else None
        self._asked: set[str] = set()
        self._over_snmp: dict[str, str] = {}
        self.unread: set[str] = set()
        """Addresses of devices that the sweep has found and that are not read yet."""

    def checkpoint(self) -> Checkpoint | None:
        """Return where the sweep is, None while none runs."""
        return self._sweep.checkpoint() if self._sweep else None

    async def sweep(
        self,
        targets: TargetSet,
        known: Sequence[Known] = (),
        *,
        thorough: bool = False,
        resume: "Resume | None" = None,
        by_snmp: Mapping[str, str] | None = None,
        silent_too: bool = True,
    ) -> None:
        """Look for imaging devices in `targets` and read them; then read those of `known` that the sweep did not hear.

        A `thorough` sweep also asks over SNMP what answers no ping. `by_snmp` has the keys and addresses of devices that
        were read over SNMP: none of them is read otherwise. `silent_too`: a single address is looked at by IPP even when silent.
        """
        self._visits.recall(known)
        if resume:
            self._found.update(resume.read)
            self._scan.devices = self._scan.read = len(resume.read)
        await targets.resolve(self._memory.names)
        self._scan.addresses = targets.count()
        self._over_snmp.update(by_snmp or {})
        spared = {*self._over_snmp.values(), *(device.address for device in known), *targets.asked_as_printers()}
        async with self._searches(targets, spared) as without_snmp, self._client() as client:
            options = self._options
            asking = Asking(options.credentials, port=options.port, icmp=options.icmp, without_snmp=without_snmp)
            pace = Pace(options.packets_per_second, self._bucket, held=lambda: self._gate.closed)
            sweep = self._sweep = Sweep(client, asking, pace, thorough=thorough)
            await self._look(client, sweep.run(targets, self._scan.sweep, resume.checkpoint if resume else None), targets)
            # Names that were looked up meanwhile; what answers no ping is asked over SNMP as above.
            late = await targets.resolve(self._memory.names, LATE_NAMES_SECONDS)
            if late.count():
                self._scan.addresses = targets.count()
                following = Sweep(client, asking, pace, thorough=thorough)
                progress = SweepProgress(traffic=self._scan.traffic)
                await self._look(client, following.run(late, progress), targets)
                self._scan.sweep.include(progress)
            for name, reason in targets.unresolved:
                self._scan.fail(name, reason)
            for address in targets.named() if silent_too else ():
                if address not in self._asked | self._found:
                    without_snmp(address)
            unheard = [self._just_asked(device) for device in known if device.address not in self._found and not device.printer]
            unheard = [device for device in unheard if not (device.by_ipp and self._speaks_snmp(device.key or ""))]
            self._scan.devices += len(unheard)
            await self._read_all(client, unheard)
        named = [device for device in named_devices(targets, known, self._over_snmp.values()) if device.address not in self._found]
        self._scan.devices += len(named)
        await side_by_side(map(self._read_named, named))

    async def _look(self, client: SnmpClient, sweep: AsyncGenerator[Found, None], targets: TargetSet) -> None:
        """Read the imaging devices that a sweep finds, each as soon as it has answered."""
        from appliance.reading.identity.identity import (  # noqa: PLC0415 - loaded with the first device, not with the program
            is_imaging_device,
        )

        async with tasks() as group, aclosing(sweep) as answers:
            async for found in answers:
                self._asked.add(found.address)
                if is_imaging_device(found.objects, self._options.definitions) and found.address not in self._found:
                    self._found.add(found.address)
                    self.unread.add(found.address)
                    self._scan.devices += 1
                    group.create_task(self._read_found(client, found, targets.host_names.get(found.address)))

    async def read(self, known: Sequence[Known]) -> None:
        """Read the devices of `known`."""
        self._visits.recall(known)
        self._over_snmp |= {device.key: device.address for device in known if device.key and not (device.by_ipp or device.printer)}
        self._scan.addresses = self._scan.devices = len(known)
        async with self._client() as client:
            await self._read_all(client, known)

    def _client(self) -> SnmpClient:
        return SnmpClient(self._options.snmp, self._memory.security, self._memory.templates)

    @asynccontextmanager
    async def _searches(self, targets: TargetSet, spared: Collection[str]) -> AsyncIterator[Callable[[str], None]]:
        """Yield what takes an address where SNMP has brought nothing, and looks for a printer there unless it is `spared`."""
        async with tasks() as group:

            def begin(address: str) -> None:
                self._asked.add(address)
                if self._ipp and address not in spared:
                    group.create_task(self._search(self._ipp, address, targets.host_names.get(address)))

            yield begin

    async def _search(self, ipp: IppReader, address: str, hostname: str | None) -> None:
        """Read the printer at an address that brings nothing over SNMP, if one answers IPP there."""
        answer = await ipp.search(Known(address, self._options.port, hostname=hostname))
        if answer and self._speaks_snmp(answer.reading.device.key):
            # Another address of a device that is read over SNMP: it would seem to move to and fro.
            ipp.leave_alone(address)
        elif answer and address not in self._found:
            self._found.add(address)
            self._scan.devices += 1
            await self._take(answer)

    def _speaks_snmp(self, key: str) -> bool:
        return key in self._over_snmp or any(are_alike(key, other) for other in self._over_snmp)

    def _just_asked(self, device: Known) -> Known:
        """Return a device the sweep has not heard; one that is read by IPP need not be asked over SNMP again, if it just was."""
        return replace(device, snmp_asked_at=utc_now()) if device.by_ipp and device.address in self._asked else device

    async def _read_all(self, client: SnmpClient, known: Iterable[Known]) -> None:
        await side_by_side(self._read_known(client, device) for device in known)

    async def _read_found(self, client: SnmpClient, found: Found, hostname: str | None) -> None:
        device = Known(found.address, found.agent.port, hostname=hostname)
        self._visits.learn(found)
        await self._read(client, device, [found.credential], partial(self._visits.visit, probed=found.objects))
        self.unread.discard(found.address)

    async def _read_named(self, device: Known) -> None:
        """Read a printer where a target names it."""
        answer = await self._ipp.read_named(device) if self._ipp else NOT_ASKED
        if isinstance(answer, str):
            await self._fail(device, answer)
        elif self._speaks_snmp(answer.reading.device.key):
            self._scan.devices -= 1  # it is counted as what it is
        else:
            await self._take(answer)

    async def _read_known(self, client: SnmpClient, device: Known) -> None:
        if device.printer:
            await self._read_named(device)
            return
        asked_at = device.snmp_asked_at
        if self._ipp and device.by_ipp and asked_at and timedelta() <= utc_now() - asked_at < SNMP_AGAIN:
            await self._read_by_ipp(self._ipp, device, asked_at, NO_IPP)
            return
        fitting = covering(self._options.credentials, device.address)
        ordered = sorted(fitting, key=lambda item: item.name != device.credential)
        await self._read(client, device, ordered, self._visits.visit_known)

    async def _read(self, client: SnmpClient, device: Known, credentials: Sequence[Credential], visit: "Visit") -> None:
        """Read one device; whatever happens to it stays with it. What is asked over HTTP takes no slot from other devices."""
        async with self._slots:
            await self._gate.opened()
            answer = await self._answer(client, device, credentials, visit)
        if answer is None:
            return
        if isinstance(answer, str):
            if self._ipp and device.by_ipp:
                await self._read_by_ipp(self._ipp, device, utc_now(), NO_IPP if device.snmp_asked_at else answer)
            else:
                await self._fail(device, answer)
            return
        if self._supplements:
            unit: Unit = "first_read_http" if self._visits.was_full(answer) else "poll_http"
            with self._scan.counting("http", unit) as traffic:
                object_id = partial(self._memory.object_id, answer.agent)
                completed = await self._supplements.complete(answer.reading, traffic, self._options.definitions, object_id)
                answer = replace(answer, reading=completed)
        await self._take(answer)

    async def _read_by_ipp(self, ipp: IppReader, device: Known, asked_at: datetime, reason: str) -> None:
        """Read a device by IPP, or note `reason`; `asked_at` is when it was asked over SNMP in vain."""
        answer = await ipp.read(device, asked_at)
        if answer is None:
            await self._fail(device, reason)
        else:
            await self._take(answer)

    async def _take(self, answer: DeviceAnswer) -> None:
        if answer.snmp_asked_at is None and not answer.uri:
            self._over_snmp[answer.reading.device.key] = answer.agent.address
        self._scan.read += 1
        if partial := answer.reading.reasons.get("reading"):
            self._scan.note_partial(answer.agent.address, partial)
        await self._keep(answer)

    async def _answer(
        self, client: SnmpClient, device: Known, credentials: Sequence[Credential], visit: "Visit"
    ) -> DeviceAnswer | str | None:
        """Return what the device says over SNMP, else why it cannot be read; None where that is an unforeseen fault, noted here."""
        self._scan.reading_asked += 1
        try:
            answer = await self._first_that_answers(client, device, credentials, visit)
        except NoAnswerError as error:
            asked = self._options.icmp and await answers_ping(device.address, self._scan.traffic.of("poll"))
            return why_silent(device, message_of(error), pinged=asked)
        except DcaError as error:
            return message_of(error)
        except Exception as error:
            # An answer nobody foresaw must not cost the readings of the other devices.
            log.exception("a device could not be read", address=device.address)
            await self._fail(device, Message("Its answers could not be understood (%(name)s).", name=type(error).__name__))
            self._scan.unforeseen.append(self._scan.failures[-1])
        else:
            self._scan.reading_answering += 1
            return answer
        return None

    async def _fail(self, device: Known, reason: str) -> None:
        self._scan.fail(device.address, reason)
        await self._missed(device, reason)

    async def _first_that_answers(
        self, client: SnmpClient, device: Known, credentials: Sequence[Credential], visit: "Visit"
    ) -> DeviceAnswer:
        """Return the answer to the first credential that lets us in. Raises NoAnswerError, CredentialError, SnmpError."""
        refusal: CredentialError | None = None
        silence: NoAnswerError | None = None
        for credential in credentials:
            agent = credential.agent(device.address, device.port)
            try:
                reading = await visit(client, agent, device)
                profile = self._visits.profile(agent)
                reading = reading.model_copy(update={"access": access_by(credential, profile.version or agent.version)})
                return DeviceAnswer(reading, agent, credential.name, profile, scan=self._scan.id)
            except NoAnswerError as error:
                silence = silence or error
                self._visits.forget_version(agent)
            except CredentialError as error:
                refusal = refusal or error
        raise (
            refusal
            or silence
            or SnmpError(
                Message(
                    "No SNMP credential is for %(address)s: enter one in snmp.credentials, or widen its ranges.",
                    address=device.address,
                )
            )
        )


Visit = Callable[[SnmpClient, Agent, Known], Awaitable[Reading]]
