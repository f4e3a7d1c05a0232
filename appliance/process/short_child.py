"""Running a program of ours beside the event loop, for seconds: what is large or risky stays in no long-running process."""

import asyncio
import sys
from collections.abc import Sequence

from appliance.common.errors import ControlError
from appliance.common.message import Message

MOST_OUTPUT = 4 << 20
"""Octets a child may print; one that prints more is ended."""
_TOLD = 300


async def run_module(module: str, words: Sequence[str] = (), *, seconds: float, name: str) -> bytes:
    """Return what `python -m module` prints; whatever becomes of it, it has ended afterwards.

    `name` is what it is called in sentences. Raises ControlError with the reason where it fails, takes longer or prints too much.
    """
    process = await asyncio.create_subprocess_exec(
        # -P: a folder of the same name in the current one is not mistaken for it.
        *(sys.executable, "-P", "-m", module, *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(seconds):
            told, complaint = await asyncio.gather(_read(process.stdout, MOST_OUTPUT), _read(process.stderr, MOST_OUTPUT))
            code = await process.wait()
    except TimeoutError as error:
        raise ControlError(
            Message("%(name)s has not ended within %(seconds)d seconds.", name=name, seconds=int(seconds))
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        reason = complaint.decode(errors="replace").strip().rpartition("\n")[2][:_TOLD]
        raise ControlError(Message("%(name)s has failed: %(reason)s", name=name, reason=reason or f"exit code {code}"))
    return told


async def _read(stream: asyncio.StreamReader, most: int) -> bytes:
    """Return what comes, up to `most` octets; what is behind that fails as a time that is over does."""
    parts: list[bytes] = []
    size = 0
    while part := await stream.read(1 << 16):
        size += len(part)
        if size > most:
            raise TimeoutError
        parts.append(part)
    return b"".join(parts)
