"""The support bundle as a download."""

from appliance.common.clock import utc_now
from appliance.support.bundle import bundle_of, file_name
from webui.handlers.base import Page


class SupportBundle(Page):
    """What somebody far away needs to help, made now."""

    async def get(self) -> None:
        """Answer with the file."""
        bundle = await bundle_of(self.services.paths, self.services.store)
        self.set_header("Content-Type", "application/gzip")
        self.set_header("Content-Disposition", f'attachment; filename="{file_name(utc_now())}"')
        self.finish(bundle)
