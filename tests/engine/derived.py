"""Images of other versions, and unfit ones, made of the appliance image that was built once: each in about a second.

A container of the image changes itself, writes the manifest by the product's own command, and is committed: that works with every
engine and image store.
"""

import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any, Literal

import docker

Variant = Literal[
    "good",
    "crashing",
    "unhealthy",
    "cut off",
    "deaf",
    "unwell",
    "unwell later",
    "flapping",
    "slow",
    "damaged",
    "no program",
    "newer processor",
    "other processor",
    "unloadable",
    "unmigratable",
    "narrower",
    "endless",
]

SITE = "import os, pathlib, shutil, sysconfig; site = pathlib.Path(sysconfig.get_path('purelib'))\n"
SET_VERSION = """
old, = site.glob('dca_appliance-*.dist-info')
new = site / f'dca_appliance-{VERSION}.dist-info'
if new != old:
    shutil.move(old, new)
metadata = new / 'METADATA'
lines = metadata.read_text().splitlines(keepends=True)
metadata.write_text(''.join(f'Version: {VERSION}\\n' if line.startswith('Version: ') else line for line in lines))
(new / 'ballast').write_bytes(os.urandom(BALLAST))
"""
APPEND = """
module = site / {module!r}
module.write_text(module.read_text() + {code!r})
"""
WRITE_MANIFEST = """
import subprocess, sys
subprocess.run([sys.executable, '-m', 'updater.installation.manifest', 'write'], check=True)
"""
EMPTY_PROGRAM = """
program = pathlib.Path('/usr/bin/python3').resolve()
program.unlink()
program.write_bytes(b'')
program.chmod(0o755)
"""
FOREIGN_PROGRAM = """
import struct
# An executable for this processor whose only instruction is one that no processor has (ud2, udf).
machine, code = {'x86_64': (62, b'\\x0f\\x0b'), 'aarch64': (183, bytes(4))}[os.uname().machine]
header = b'\\x7fELF\\x02\\x01\\x01' + bytes(9)
header += struct.pack('<HHIQQQIHHHHHH', 2, machine, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
segment = struct.pack('<IIQQQQQQ', 1, 5, 0, 0x400000, 0x400000, 120 + len(code), 120 + len(code), 4096)
program = pathlib.Path('/usr/bin/python3').resolve()
program.unlink()
program.write_bytes(header + segment + code)
program.chmod(0o755)
"""
FAILING_MIGRATION = """
MIGRATIONS = (*MIGRATIONS, ('ALTER TABLE nowhere ADD COLUMN more TEXT',))
migrate.__defaults__ = (MIGRATIONS,)
"""
NARROWER_SETTINGS = """
model = site / 'appliance/settings/model.py'
before = model.read_text()
model.write_text(before.replace('read_minutes: Annotated[int, Field(ge=1,', 'read_minutes: Annotated[int, Field(ge=60,'))
assert model.read_text() != before
"""
DEAF = """

def _deaf(self, path, *_, **__):
    raise HostingError(f"Nothing comes of {path}.")


HostingClient._post = _deaf
"""
UNWELL = """

def run(_arguments):
    print("not healthy")
    return 1
"""
UNWELL_LATER = """
_run = run


def run(arguments):
    import os, time
    os.close(os.open("/tmp/asked", os.O_CREAT | os.O_WRONLY))
    return _run(arguments) if time.time() - os.stat("/tmp/asked").st_mtime < 8 else 1
"""
FLAPPING = """
_run = run


def run(arguments):
    import time
    return _run(arguments) if time.time() % 8 < 5 else 1
"""
SLOW = """
_run = run


def run(arguments):
    import time
    time.sleep(3)
    return _run(arguments)
"""
ENDLESS_TEST = """

def run(*_, **__):
    import signal
    signal.pause()
"""
DAMAGED_FILE = "appliance/definitions/hp.toml"
"""What the variant `damaged` has empty: nothing but the manifest would tell before a printer is read."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a variant does to the image, in Python, before and after the manifest is written."""

    before: str = ""
    after: str = ""


CHANGES: dict[Variant, Change] = {
    "good": Change(),
    "crashing": Change(APPEND.format(module="updater/cli.py", code="\n\ndef _run(_options):\n    raise SystemExit(3)\n")),
    "unhealthy": Change(
        APPEND.format(
            module="updater/cli.py", code="\n\ndef _run(_options):\n    import signal\n    signal.pause()\n    return 0\n"
        )
    ),
    "cut off": Change(
        APPEND.format(
            module="updater/trust/http_source.py",
            code="\n\ndef _cut_off(self, url, *_, **__):\n    raise cut_off(url)\n\n\nFetcher.fetch = _cut_off\n",
        )
    ),
    "deaf": Change(APPEND.format(module="appliance/transmission/client.py", code=DEAF)),
    "unwell": Change(APPEND.format(module="appliance/commands/health.py", code=UNWELL)),
    "unwell later": Change(APPEND.format(module="appliance/commands/health.py", code=UNWELL_LATER)),
    "flapping": Change(APPEND.format(module="appliance/commands/health.py", code=FLAPPING)),
    "slow": Change(APPEND.format(module="appliance/commands/health.py", code=SLOW)),
    "damaged": Change(after=f"(site / {DAMAGED_FILE!r}).write_bytes(b'')\n"),
    "no program": Change(after=EMPTY_PROGRAM),
    "newer processor": Change(after=FOREIGN_PROGRAM),
    "other processor": Change(),
    "unloadable": Change(APPEND.format(module="webui/metrics.py", code="\nimport a_module_that_is_not_there\n")),
    "narrower": Change(NARROWER_SETTINGS),
    "endless": Change(APPEND.format(module="updater/installation/selftest.py", code=ENDLESS_TEST)),
    "unmigratable": Change(APPEND.format(module="appliance/store/schema.py", code=FAILING_MIGRATION)),
}


def derive(
    client: docker.DockerClient,
    tag: str,
    *,
    version: str,
    variant: Variant = "good",
    base: str = "dca/appliance:test",
    ballast: int = 0,
) -> str:
    """Make an image like `base` that is another version, and give it `tag` (`REPOSITORY:TAG`); return its id.

    `ballast` bytes are added that cannot be packed.

    These pass the preflight: `crashing` ends at once, `unhealthy` runs without ever being healthy, `cut off` is healthy but fetches
    nothing from the hosting server, `deaf` fetches and neither checks in nor uploads; `unwell` says that it is ready and its health
    command says no, `unwell later` after some seconds, `flapping` now and then; `slow` is good and takes its time.

    These do not: `damaged` has an empty file, `no program` an empty interpreter ("exec format error"), `newer processor` one with
    an unknown instruction, `other processor` says it is for one, `unloadable` has a module that fails, `unmigratable` a migration
    that does, `narrower` takes `scan.read_minutes` only from 60, `endless` has a test of itself that never ends.
    """
    change = CHANGES[variant]
    script = f"VERSION, BALLAST = {version!r}, {ballast}\n" + SITE + SET_VERSION + change.before + WRITE_MANIFEST + change.after
    api: Any = client.api
    image = api.inspect_image(base)
    made = client.containers.create(base, entrypoint=["python3", "-c", script], user="0", network_mode="none")
    try:
        made.start()
        ended = made.wait(timeout=120)
        assert ended["StatusCode"] == 0, made.logs().decode()
        repository, _, name = tag.rpartition(":")
        config = image["Config"]
        changes = [
            f"USER {config['User']}",
            f"ENTRYPOINT {json.dumps(config['Entrypoint'])}",
            f"CMD {json.dumps(config['Cmd'])}",
            f'LABEL org.opencontainers.image.version="{version}"',
        ]
        made.commit(repository=repository, tag=name, changes=changes, pause=False)
    finally:
        made.remove(force=True, v=True)
    if variant == "other processor":
        _relabel(api, tag)
    return str(api.inspect_image(tag)["Id"])


def _relabel(api: Any, tag: str) -> None:
    """Let the image say that it is for 64-bit IBM mainframes; what is in it stays."""
    saved = io.BytesIO(b"".join(api.get_image(tag)))
    changed = io.BytesIO()
    with tarfile.open(fileobj=saved) as before, tarfile.open(fileobj=changed, mode="w") as after:
        (manifest,) = json.load(_content(before, "manifest.json"))
        config = json.load(_content(before, manifest["Config"])) | {"architecture": "s390x"}
        for name, value in {"manifest.json": [manifest | {"Config": "config.json"}], "config.json": config}.items():
            content = json.dumps(value).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            after.addfile(entry, io.BytesIO(content))
        for layer in manifest["Layers"]:
            after.addfile(before.getmember(layer), _content(before, layer))
    api.remove_image(tag, force=True)
    changed.seek(0)
    for line in api.load_image(changed):
        assert "error" not in line, line


def _content(archive: tarfile.TarFile, name: str) -> Any:
    content = archive.extractfile(name)
    assert content is not None
    return content
