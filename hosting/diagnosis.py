"""What is wrong with this installation, and how it is mended: one line a finding. Nothing is changed but a row, as a trial."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from appliance.common.clock import to_rfc3339, utc_now
from hosting.certificates import CertificateFiles
from hosting.config import TRUSTED_PROXIES, Config
from hosting.connections import raise_file_limit
from hosting.db import accounts, installation, jobs
from hosting.db.connection.database import Database, database_url
from hosting.db.connection.readiness import database_clock, write_probe
from hosting.db.migrate import known_schemas, newest_schema, schema_of
from hosting.errors import DataError, HostingServerError
from hosting.jobs.plan import JOBS, Job
from hosting.repository.repository import Repository
from hosting.repository.validity import RoleCondition, without_bins
from hosting.server_certificate import ServerCertificate

State = Literal["ok", "warning", "failed"]

DISK_FAILED, DISK_WARNING = 256 << 20, 2 << 30
"""Free bytes below which the server will soon keep nothing, or people should look."""
CLOCK_WARNING, CLOCK_FAILED = timedelta(seconds=5), timedelta(minutes=4)
"""Sites whose clock differs by five minutes are refused; the clock of the database decides who has a job."""
BACKUP_WARNING = timedelta(days=2)
LATE = timedelta(minutes=30)
"""So long after its time a job that no server has begun has been forgotten."""
CONNECTIONS_WARNING = 900


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found; `advice` says how to mend it, empty where nothing is to be done."""

    name: str
    state: State
    text: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Examined:
    """The installation: how this process is set up, and where the certificate is, None for plain HTTP."""

    config: Config
    certificate: tuple[Path, Path] | None
    now: datetime


Findings = Iterator[Finding]
Check = Callable[[Examined], Findings]


def examine(config: Config, certificate: tuple[Path, Path] | None = None, now: datetime | None = None) -> Findings:
    """Yield what each check finds; `certificate` and its key where they are not in the data folder."""
    files = CertificateFiles(config.folder)
    own = (files.server, files.server_key) if files.server.exists() else None
    examined = Examined(config, certificate or own, now or utc_now())
    for name, check in CHECKS.items():
        try:
            yield from check(examined)
        except (HostingServerError, OSError) as error:
            yield Finding(name, "failed", str(error))


def _data_folder(examined: Examined) -> Findings:
    folder = examined.config.folder
    if not folder.is_dir():
        yield Finding("data folder", "failed", f"{folder} is not there.", f"dca-hosting init --data {folder}")
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Finding("data folder", "failed", f"{folder} cannot be written.", "Make it belong to the user of the server.")
        return
    files = CertificateFiles(folder)
    keys = [files.authority_key, files.server_key, folder / "hosting.db", *examined.config.repository.glob("keys/*")]
    readable = [path for path in (folder, *keys) if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if readable:
        words = " ".join(str(path) for path in readable)
        yield Finding("data folder", "warning", f"Others may read {readable[0]}.", f"chmod go= {words}")
    else:
        yield Finding("data folder", "ok", f"{folder} is for its owner alone, and can be written.")


def _disk(examined: Examined) -> Findings:
    usage = shutil.disk_usage(examined.config.folder)
    said = f"{usage.free / 1e9:,.1f} GB of {usage.total / 1e9:,.1f} GB are free on the disk of the data folder."
    state: State = "failed" if usage.free < DISK_FAILED else "warning" if usage.free < DISK_WARNING else "ok"
    yield Finding("disk", state, said, "" if state == "ok" else "Make room: readings are refused when it is full.")


def _opened(examined: Examined) -> Database:
    config = examined.config
    if config.database_url is None and not (config.folder / "hosting.db").exists():
        raise DataError(f"There is no database in {config.folder}. Run: dca-hosting init --data {config.folder}")
    return Database(database_url(config.database_url, config.folder))


def _database(examined: Examined) -> Findings:
    with _opened(examined) as database:
        with database.reading() as connection:
            schema = schema_of(connection)
        if schema is None:
            yield Finding("database", "failed", "It has no tables.", "dca-hosting init")
            return
        yield _schema(schema)
        if schema not in known_schemas():
            return
        with database.writing() as connection:
            write_probe(connection)
        with database.reading() as connection:
            has_account = accounts.has_account(connection)
            there = database_clock(connection)
        kind = database.url.get_backend_name()
        yield Finding("database", "ok", f"{kind} answers and takes what is written.")
        if not has_account:
            yield Finding("account", "failed", "Nobody can log in: there is no account.", "dca-hosting init")
        if there is not None:
            yield _clock(abs(there - utc_now()))


def _schema(schema: str) -> Finding:
    if schema == newest_schema():
        return Finding("schema", "ok", f"{schema}, as this version has it.")
    if schema in known_schemas():
        return Finding("schema", "warning", f"{schema}; this version has {newest_schema()}.", "The next start brings it there.")
    advice = "Install the version that made it, or restore a backup."
    return Finding("schema", "failed", f"{schema} was made by a newer version than this one.", advice)


def _clock(difference: timedelta) -> Finding:
    seconds = difference.total_seconds()
    state: State = "failed" if difference > CLOCK_FAILED else "warning" if difference > CLOCK_WARNING else "ok"
    advice = "" if state == "ok" else "Let NTP set the clocks of both machines."
    return Finding("clock", state, f"This machine and that of the database differ by {seconds:.0f} s.", advice)


def _repository(examined: Examined) -> Findings:
    repository = Repository.open(examined.config.repository)
    if repository is None:
        text = "There is none here: sites take neither configuration nor releases."
        yield Finding("repository", "warning", text, "dca-hosting repository init, or run this where the repository is.")
        return
    late = [one for one in without_bins(repository.condition(examined.now)) if one.state != "ok"]
    yield from (_role(one) for one in late if one.is_offline or one.state != "due")
    faults = repository.unusable_keys()
    for why in dict.fromkeys(faults.values()):
        roles = ", ".join(role for role, reason in faults.items() if reason == why)
        yield Finding("repository", "failed", f"The server cannot sign {roles}: {why}", "Bring the key back, or rotate it.")
    if not late and not faults:
        yield Finding("repository", "ok", "All roles are valid for long enough, and the server can sign its own.")


def _role(one: RoleCondition) -> Finding:
    state: State = "warning" if one.state == "due" else "failed"
    what = "has expired, and sites refuse it" if one.state == "expired" else f"is valid until {to_rfc3339(one.expires)}"
    advice = f"dca-hosting repository renew {one.role}" if one.is_offline else "The log of the server says why it does not sign it."
    return Finding("repository", state, f"{one.role} {what}.", advice)


def _certificate(examined: Examined) -> Findings:
    if examined.certificate is None:
        if not examined.config.public_urls:
            text = "There is none, and no public address: this server can only speak plain HTTP, which others read along."
            yield Finding("certificate", "warning", text, "dca-hosting init --private-ca, --cert and --key, or a proxy.")
        return
    certificate = ServerCertificate(*examined.certificate)
    days = "unknown" if certificate.expires is None else f"{(certificate.expires - examined.now).days} days"
    text = f"{certificate.file}: {days} left, for {', '.join(sorted(certificate.names)) or 'no name'}."
    if certificate.expires is not None and certificate.expires <= examined.now:
        yield Finding("certificate", "failed", text, "Put a new one in its place; the server takes it by itself.")
    elif certificate.ends_soon(examined.now):
        yield Finding("certificate", "warning", text, "Put a new one in its place; the server takes it by itself.")
    else:
        yield Finding("certificate", "ok", text)


def _address(examined: Examined) -> Findings:
    config = examined.config
    if not config.public_urls:
        yield Finding("address", "ok", "No public address is set: sites sign for the name they ask.")
        return
    plain = [url for url in config.public_urls if not url.startswith("https://")]
    if plain:
        yield Finding("address", "warning", f"{plain[0]} is plain HTTP.", "Let the proxy speak HTTPS, and name that address.")
    if not config.trusted_proxies:
        text = "A public address is set and no proxy is trusted: all people and sites count as one address."
        yield Finding("address", "warning", text, f"Name the proxy in {TRUSTED_PROXIES}.")
    elif not plain:
        yield Finding("address", "ok", f"{config.public_urls[0]}, behind {len(config.trusted_proxies)} trusted proxies.")


def _jobs(examined: Examined) -> Findings:
    with _opened(examined) as database, database.reading() as connection:
        known = {status.name: status for status in jobs.statuses(connection)} if _is_current(examined) else {}
    found = [finding for job in JOBS for finding in _job(job, known.get(job.name), examined.now)]
    yield from found or [Finding("jobs", "ok", f"All {len(JOBS)} run in time.")]


def _job(job: Job, status: jobs.JobStatus | None, now: datetime) -> Findings:
    if status is None:
        yield Finding("jobs", "warning", f"{job.name} has never run.", "Start the server: dca-hosting serve")
    elif status.error:
        yield Finding("jobs", "failed", f"{job.name}: {status.error}", f"dca-hosting jobs --run {job.name}")
    elif status.began_at is None and now - status.next_at > LATE:
        text = f"{job.name} was to run at {to_rfc3339(status.next_at)}."
        yield Finding("jobs", "failed", text, "No server looks for work on this database: is one running?")


def _is_current(examined: Examined) -> bool:
    with _opened(examined) as database, database.reading() as connection:
        return schema_of(connection) == newest_schema()


def _files(_examined: Examined) -> Findings:
    room = raise_file_limit()
    text = f"Started like this, a server takes {room:,} connections at once."
    if room < CONNECTIONS_WARNING:
        yield Finding("connections", "warning", text, "Raise the hard limit of open files (ulimit -Hn; systemd: LimitNOFILE).")
    else:
        yield Finding("connections", "ok", text)


def _backup(examined: Examined) -> Findings:
    if not _is_current(examined):
        return
    with _opened(examined) as database, database.reading() as connection:
        here = installation.here(connection)
        asked = installation.asked(connection, here.generation) if here.generation else None
    if here.last_backup_at is None:
        yield Finding("backup", "warning", "None was ever made.", "dca-hosting backup FILE, each night.")
    else:
        old = examined.now - here.last_backup_at > BACKUP_WARNING
        text = f"The last one is of {to_rfc3339(here.last_backup_at)}."
        yield Finding("backup", "warning" if old else "ok", text, "dca-hosting backup FILE, each night." if old else "")
    if asked:
        text = f"Restored from the backup of {to_rfc3339(here.backup_at)}; {asked.know} of {asked.sites} sites know so."
        yield Finding("restore", "ok", text)
    if here.leap and Repository.open(examined.config.repository) is not None:
        text = "Sites refuse the repository: it is not signed anew since the restore."
        yield Finding("restore", "failed", text, "Mend what is said of the repository, and start the server.")


CHECKS: dict[str, Check] = {
    "data folder": _data_folder,
    "disk": _disk,
    "database": _database,
    "repository": _repository,
    "certificate": _certificate,
    "address": _address,
    "jobs": _jobs,
    "connections": _files,
    "backup": _backup,
}
"""By the name of what each looks at, which is that of its line where it cannot look at all."""
