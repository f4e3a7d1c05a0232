"""A small component for tests: speaks the notify protocol, and misbehaves as it is told.

It takes its orders from a file NAME.orders, each once: `exit CODE TEXT`, `hang`, `eat MB`, `sick TEXT`, `orphan FILE`,
`child FILE`. A SIGTERM appends its name to `stops` in that folder.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from appliance.common.files import to_json, write_atomic
from appliance.common.paths import Paths
from appliance.process.notify import heartbeat_interval, notify

eaten: list[bytearray] = []


def obey(order: str, state: dict[str, str]) -> None:
    word, _, rest = order.partition(" ")
    if word == "exit":
        code, _, text = rest.partition(" ")
        print(text, file=sys.stderr, flush=True)
        os._exit(int(code))
    elif word == "hang":
        time.sleep(3600)
    elif word == "eat":
        block = bytearray(int(rest) << 20)
        block[:: os.sysconf("SC_PAGE_SIZE")] = b"x" * len(block[:: os.sysconf("SC_PAGE_SIZE")])
        eaten.append(block)
    elif word == "sick":
        state["sick"] = rest
    elif word == "orphan":  # a grandchild whose parent ends at once: somebody has to adopt and reap it
        subprocess.run(["sh", "-c", 'sleep 2 & echo $! >"$1.new" && mv "$1.new" "$1"', "sh", rest], check=True, process_group=0)
    elif word == "child":
        child = subprocess.Popen(["sleep", "3600"])
        write_atomic(Path(rest), str(child.pid).encode())


def read_settings(folder: Path, state: dict[str, str]) -> str:
    """Read the settings as components do; some values are poison. Returns why they are not taken."""
    # Most components of tests never need it, and it takes longer to load than all the rest.
    from appliance.settings.store import SettingsStore  # noqa: PLC0415

    minutes = SettingsStore(Paths.from_environment().settings, {}).effective().settings.scan.read_minutes
    if minutes == 31:
        print("Killed by the configuration.", file=sys.stderr, flush=True)
        os._exit(1)
    if minutes == 35:  # not by itself, but soon
        threading.Timer(0.5, os._exit, (1,)).start()
    if minutes == 33:
        return "This cannot be taken."
    state["sick"] = "Made sick by the configuration." if minutes == 32 else ""
    write_atomic(folder / "minutes", str(minutes).encode())
    return ""


def read_devices(folder: Path) -> dict[str, object]:
    """Read known devices as the collector does; with some settings it hangs, dies or understands nothing."""
    minutes = int((folder / "minutes").read_text())
    if minutes == 36:
        print("Killed by what it read.", file=sys.stderr, flush=True)
        os._exit(1)
    if minutes == 37:
        time.sleep(3600)
    return {"devices": 4, "read": 3, "trouble": "2 of 4 known devices could not be read by it." if minutes == 38 else None}


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: dict[str, str], options: argparse.Namespace
) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    reason, trial = "", {}
    if head.startswith(b"POST /v1/reload"):
        reason = read_settings(options.folder, state)
    elif head.startswith(b"POST /v1/contact"):
        await answer_contact(writer, options.folder)
        return
    elif head.startswith(b"POST /v1/trial"):
        trial = read_devices(options.folder)
    elif head.startswith(b"POST"):
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        write_atomic(options.folder / "posted", await reader.readexactly(length))
    else:
        await serve_health(writer, state)
        return
    content = to_json({"error": reason} if reason else trial)
    writer.write(f"HTTP/1.0 {409 if reason else 200} So\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
    writer.close()


async def answer_contact(writer: asyncio.StreamWriter, folder: Path) -> None:
    """Say how the way to the hosting server is: as the file `contact` says, else that there is none."""
    told = folder / "contact"
    content = told.read_bytes() if told.exists() else to_json({"check_in": "off", "upload": "off", "text": ""})
    writer.write(f"HTTP/1.0 200 So\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()
    writer.close()


async def serve_health(writer: asyncio.StreamWriter, state: dict[str, str]) -> None:
    sick = state.get("sick")
    body = to_json({"ok": not sick, "checks": [{"name": "work", "ok": not sick, "text": sick or "working"}]})
    status = "503 No" if sick else "200 OK"
    if writer.get_extra_info("socket").family.name == "AF_UNIX":
        status = "200 OK"  # a control socket answers, and says in its answer what is wrong
    writer.write(f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()
    writer.close()


async def main(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    folder: Path = options.folder
    ended = asyncio.Event()

    def asked_to_stop() -> None:
        with (folder / "stops").open("a") as file:
            file.write(f"{options.name}\n")
        if not options.stubborn:
            ended.set()

    loop.add_signal_handler(signal.SIGTERM, asked_to_stop)
    state: dict[str, str] = {"sick": options.sick}
    if options.follows:
        read_settings(folder, state)
    if options.socket:
        options.socket.unlink(missing_ok=True)
        await asyncio.start_unix_server(lambda r, w: serve(r, w, state, options), options.socket)
    if options.port:
        await asyncio.start_server(lambda r, w: serve(r, w, state, options), "127.0.0.1", options.elsewhere or options.port)
    if not options.mute:
        notify(READY=1, STATUS=f"{options.name} at work")
    print(f'{{"event": "hello from {options.name}"}}', flush=True)
    orders, beat = folder / f"{options.name}.orders", 0.0
    while not ended.is_set():
        if time.monotonic() >= beat and not options.mute:
            notify(WATCHDOG=1)
            beat = time.monotonic() + (heartbeat_interval() or 1.0)
        if orders.exists():
            text = orders.read_text()
            orders.unlink()
            obey(text, state)
        try:
            async with asyncio.timeout(0.05):
                await ended.wait()
        except TimeoutError:
            pass
    notify(STOPPING=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stubborn", action="store_true")
    parser.add_argument("--mute", action="store_true")
    parser.add_argument("--follows", action="store_true", help="read the settings, and suffer from some")
    parser.add_argument("--socket", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--elsewhere", type=int, help="a port beside the one that is asked")
    parser.add_argument("--sick", default="", help="what is wrong from the start")
    asyncio.run(main(parser.parse_args()))
