"""The page of the jobs: what the server does by itself, and how it went."""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.common.message import Message
from hosting.console.base import ConsoleHandler
from hosting.db import jobs
from hosting.db.jobs import JobStatus
from hosting.jobs.plan import JOBS, Job
from web import quantities


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as a line of the list; `status` is None until a server has taken it for the first time."""

    job: Job
    status: JobStatus | None

    @property
    def state(self) -> tuple[str, str]:
        """Level and words of how it stands."""
        if self.status and self.status.began_at:
            return "busy", Message("Running")
        if self.status is None or self.status.last_run_at is None:
            return "off", Message("Not run yet")
        return ("bad", Message("Incomplete")) if self.status.error else ("ok", Message("In order"))


class JobsPage(ConsoleHandler):
    """`/jobs`: all jobs with their last run and the next one."""

    async def get(self) -> None:
        """Show them."""
        known = {status.name: status for status in await self.services.pages.read(jobs.statuses)}
        views = [JobView(job, known.get(job.name)) for job in JOBS]
        self.page("jobs.html", jobs=views, failed=_failed(views), number=quantities.number, decimal=quantities.decimal)


def _failed(views: Sequence[JobView]) -> int:
    return sum(1 for view in views if view.status and view.status.error)
