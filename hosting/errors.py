"""The errors of the hosting server that a person sees. Each says what happened, to which thing, and what to change."""

from appliance.common.message import Message


class HostingServerError(Exception):
    """Something a person has to know: `str(error)` is one or two plain sentences, shown without a traceback."""


class ConfigurationError(HostingServerError):
    """An option, a variable or a file the server was started with cannot be used."""


class DataError(HostingServerError):
    """The data folder or the database cannot be used."""


class BusyError(HostingServerError):
    """More work waits than the server takes on; the same request later will do."""


class DeadlineError(BusyError):
    """A question to the database took longer than it may."""

    def __init__(self) -> None:
        super().__init__(
            Message("The database took too long for this. Ask for less, such as one site or other words, or try again in a moment.")
        )


class RepositoryError(HostingServerError):
    """The TUF repository, one of its keys or its drafts cannot be used as asked; what was published stays."""
