"""The server signs what is due in the repository, and says in its log what people have to sign before it expires."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from appliance.common.clock import to_rfc3339, utc_now
from hosting.errors import RepositoryError
from hosting.repository.repository import Repository
from hosting.repository.roles import short_names
from hosting.repository.validity import RoleCondition, without_bins

RESIGN_SECONDS = 3600
REPEAT = timedelta(days=1)
"""An alarm that lasts is told again after so long."""


async def resign_regularly(folder: Path, threads: Executor) -> None:
    """Look after the repository in `folder` each hour, on one of `threads`, until it is cancelled."""
    renewal = RepositoryRenewal(folder)
    while True:
        try:
            await asyncio.get_running_loop().run_in_executor(threads, renewal.look_after, utc_now())
        except Exception:  # noqa: BLE001 - whatever it is: without a new signature all sites refuse the repository within a day
            structlog.get_logger().exception("looking after the repository failed; it is tried again in an hour")
        await asyncio.sleep(RESIGN_SECONDS)


class RepositoryRenewal:
    """Signs anew and raises alarms. Several servers may have one each on the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[tuple[str, str], datetime] = {}
        self._told_keys: tuple[str, datetime] | None = None

    def look_after(self, now: datetime) -> None:
        """Sign what is due and log it; warn of what is still due, as an error in the last quarter of its validity."""
        log = structlog.get_logger()
        repository = Repository.open(self._folder)
        if repository is None:
            return
        try:
            if signed := repository.resign(now):
                log.info("the repository was signed anew", roles=short_names(signed))
        except (RepositoryError, OSError) as error:
            log.error("the repository could not be signed anew; it is tried again in an hour", reason=str(error))
        try:
            self._raise_alarms(repository.condition(now), now)
            self._tell_of_keys(repository.unusable_keys(), now)
        except (RepositoryError, OSError) as error:
            log.error("the repository cannot be read", reason=str(error))

    def _tell_of_keys(self, faults: Mapping[str, str], now: datetime) -> None:
        """Say which keys are not there, long before what they sign expires."""
        said = "; ".join(sorted(set(faults.values())))
        self._told_keys = self._told_keys if said and self._told_keys and self._told_keys[0] == said else None
        if said and (self._told_keys is None or now - self._told_keys[1] >= REPEAT):
            self._told_keys = (said, now)
            structlog.get_logger().error("the server cannot sign roles of its repository", roles=", ".join(faults), reason=said)

    def _raise_alarms(self, conditions: list[RoleCondition], now: datetime) -> None:
        alarms = {(one.role, one.state): one for one in without_bins(conditions) if one.state != "ok"}
        self._told = {alarm: at for alarm, at in self._told.items() if alarm in alarms and now - at < REPEAT}
        for alarm, condition in alarms.items():
            if alarm in self._told:
                continue
            self._told[alarm] = now
            log = structlog.get_logger()
            say = log.warning if condition.state == "due" else log.error
            say(
                "sites refuse an expired role of the repository"
                if condition.state == "expired"
                else "a role of the repository expires",
                role=condition.role,
                version=condition.version,
                expires=to_rfc3339(condition.expires),
                advice=f"dca-hosting repository renew {condition.role}" if condition.is_offline else "see the errors of this log",
            )
