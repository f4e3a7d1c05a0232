"""The errors a person sees. Each says what happened, to which thing, and what to change."""


class DcaError(Exception):
    """Something a person has to know: `str(error)` is one or two plain sentences, shown without a traceback."""


class SettingsError(DcaError):
    """A setting has a value that cannot be used; the sentence names the setting."""


class SettingsLostError(SettingsError):
    """Neither the settings file nor the good copy beside it can be read."""


class DataFolderError(DcaError):
    """The data folder is missing, not writable, full, or in use by another appliance."""


class DataFolderInUseError(DataFolderError):
    """Another appliance holds the data folder."""


class StoreError(DcaError):
    """The database of readings could not be read or written."""


class SnmpError(DcaError):
    """A device could not be asked over SNMP."""


class NoAnswerError(SnmpError):
    """Nothing answered at the address within the time allowed."""


class CredentialError(SnmpError):
    """Something answered at the address, but it does not accept the credential it was asked with."""


class HostingError(DcaError):
    """The hosting server was not reached, or its answer could not be used. Nothing is lost: it is tried again."""

    def __init__(self, message: str, *, retry_after: float | None = None, code: str = "") -> None:
        """`retry_after` is in seconds, when the server named it; `code` is the server's own word for the error, such as `clock`."""
        super().__init__(message)
        self.retry_after = retry_after
        self.code = code


class BatchIdTakenError(HostingError):
    """The hosting server has other content under the id of this batch: it is sent again under a new one."""


class RefusedError(HostingError):
    """The hosting server answered and said no; trying the same again will not help."""


class UnknownHereError(RefusedError):
    """The hosting server does not know who asks (401). A fault of the server can look like that: it is asked again all the same."""


class ContentRefusedError(RefusedError):
    """The hosting server will never take this content (400, 413, 422); other content may well be taken."""


class ControlError(DcaError):
    """A component of the appliance did not answer on its control socket."""
