"""The checks of the health check, one file each: a check finds an issue, an issue may have a fix."""

from updater.checks.base import Check, Situation
from updater.checks.deep import Deep
from updater.checks.disk_space import DiskSpace
from updater.checks.exited import Exited
from updater.checks.heartbeat import Heartbeat
from updater.checks.memory import Memory
from updater.checks.replacement import Replacement
from updater.checks.restart_budget import RestartBudget
from updater.checks.startup import Startup

__all__ = ["Check", "Situation", "standard_checks"]


def standard_checks() -> tuple[Check, ...]:
    """Return the checks of an appliance."""
    return (Exited(), Startup(), Heartbeat(), Memory(), Deep(), DiskSpace(), Replacement(), RestartBudget())
