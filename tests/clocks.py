"""A clock of the machine that a test sets, for jobs of `schedule`."""

import datetime as datetime_module
import time
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Self

import pytest

_boottime = time.clock_gettime


class SettableClock:
    """The clock of this process, until it is set or the machine has slept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._set = self._slept = timedelta()
        clock = self

        class Moment(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return super().now(tz) + clock._set + clock._slept

        monkeypatch.setattr("appliance.common.periodic.datetime", Moment)
        monkeypatch.setattr("schedule.datetime", SimpleNamespace(**{**vars(datetime_module), "datetime": Moment}))
        monkeypatch.setattr("time.clock_gettime", lambda clock: _boottime(clock) + self._slept.total_seconds())
        self._moment = Moment

    def set(self, **step: float) -> None:
        """Set the clock forward, or back by a negative step."""
        self._set += timedelta(**step)

    def sleep(self, **duration: float) -> None:
        """Let the machine sleep, or just let time pass."""
        self._slept += timedelta(**duration)

    def seconds_to(self, moment: datetime) -> float:
        """Return the seconds from now to a moment on this clock."""
        return (moment - self._moment.now(moment.tzinfo)).total_seconds()
