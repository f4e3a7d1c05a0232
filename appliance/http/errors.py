"""Why a device could not be asked over HTTP. None of these fails a reading: what was asked for stays open."""

from appliance.common.errors import DcaError


class HttpError(DcaError):
    """The device could not be asked, or its answer cannot be used."""


class NotAllowedError(HttpError):
    """Something that is never dialled: a port outside the allow-list, another host than the device itself."""


class RefusedError(HttpError):
    """The device has nothing at the port."""


class SilentError(HttpError):
    """Nothing answered within the time allowed."""
