"""The errors of the hosting server that a person sees. Each says what happened, to which thing, and what to change."""


class HostingServerError(Exception):
    """Something a person has to know: `str(error)` is one or two plain sentences, shown without a traceback."""


class ConfigurationError(HostingServerError):
    """An option, a variable or a file the server was started with cannot be used."""


class DataError(HostingServerError):
    """The data folder or the database cannot be used."""


class BusyError(HostingServerError):
    """More work waits than the server takes on; the same request later will do."""


class RepositoryError(HostingServerError):
    """The TUF repository, one of its keys or its drafts cannot be used as asked; what was published stays."""
