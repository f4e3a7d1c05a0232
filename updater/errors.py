"""The errors of the supervisor that a person sees."""

from enum import StrEnum
from typing import Literal

from appliance.common.errors import DcaError


class RunFolderError(DcaError):
    """The folder of the control sockets cannot be used."""


class ComponentError(DcaError):
    """A component cannot do what was asked of it now."""


EngineFailure = Literal["unreachable", "not found", "conflict", "refused", "no space", "rate limit", "login", "platform", "broken"]
"""What kind of failure it is; `broken` is an error of the engine itself, which may go away."""


class EngineError(DcaError):
    """The container engine did not do what it was asked."""

    def __init__(self, message: str, kind: EngineFailure = "broken", *, forbidden: bool = False) -> None:
        """`message` is one sentence for people, or two; `forbidden`: a proxy of the socket does not let such a call through."""
        super().__init__(message)
        self.kind = kind
        self.forbidden = forbidden


class ManifestError(DcaError):
    """The manifest of the image is not there, damaged, or cannot be written."""


class SelfTestError(DcaError):
    """A version cannot take over here."""


class SwitchError(DcaError):
    """The container could not be replaced, or a step of it could not be done."""

    def __init__(self, message: str, reason: str) -> None:
        """`reason` is one word, or two."""
        super().__init__(message)
        self.reason = reason


class PreflightError(DcaError):
    """A new version could not be let test itself."""


class NoRoomError(DcaError):
    """There is no room for another image."""


class TransportError(DcaError):
    """The image of a new version was not brought into the engine; what is there stays as it was."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is one word, or two: `EngineError.kind`, `TrustError.reason`, `mismatch`, `damaged archive` or `no way`."""
        super().__init__(message)
        self.reason = reason


class UpdateOffError(DcaError):
    """The intelligent update is off at this site."""


class InstallError(DcaError):
    """A version is not installed now."""


class NotInstalledError(DcaError):
    """An installation goes no further. It is `refused` where nothing is wrong but the answer is no."""

    def __init__(self, reason: str, message: str, *, refused: bool = False, log: str = "") -> None:
        """`reason` is one word, or two; `log` what the new version has said."""
        super().__init__(message)
        self.reason = reason
        self.refused = refused
        self.log = log


class BundleError(DcaError):
    """A file is no bundle that this site can use."""

    def __init__(self, reason: str, message: str) -> None:
        """`reason` is one word."""
        super().__init__(message)
        self.reason = reason


class NothingToGoBackError(DcaError):
    """No signed configuration is in force."""


class NotFollowingError(DcaError):
    """The site follows no repository, so that there is nobody to ask."""


class Reason(StrEnum):
    """Why nothing new is trusted: one word for check-in, log and web UI, beside the sentence for people."""

    UNREACHABLE = "unreachable"
    """No connection, or one that broke off."""
    ANSWER = "answer"
    """The server answered with an error (`TrustError.status`)."""
    SLOW = "slow"
    """Less came than the minimum rate."""
    TOO_LONG = "too long"
    """More came, or was announced, than may be."""
    SIGNATURES = "signatures"
    """Too few valid signatures of the keys that count."""
    EXPIRED = "expired"
    """Its validity is over: a repository nobody signs any more, or one that is kept from us."""
    ROLLBACK = "rollback"
    """Older than what is trusted here already."""
    MISMATCH = "mismatch"
    """Length, hash or version differ from what was signed elsewhere."""
    INVALID = "invalid"
    """No metadata as TUF defines it."""
    MISSING = "missing"
    """The repository has no such target."""
    CLOCK = "clock"
    """The clock of this host is wrong, so that nothing can be said about expiry."""
    FOLDER = "folder"
    """The folder of metadata or targets cannot be used."""
    DISK_FULL = "disk full"
    """There is no room for what was to be fetched."""
    BUSY = "busy"
    """Another process works in the same folder."""


class TrustError(DcaError):
    """Nothing new is trusted; what was trusted before stays in force."""

    def __init__(self, reason: Reason, message: str, *, file: str = "") -> None:
        """`file` is the file of the repository, or of this host, that it is about."""
        super().__init__(message)
        self.reason = reason
        self.file = file


class FetchError(TrustError):
    """A file of the repository was not fetched. Trying again later may help."""

    def __init__(self, reason: Reason, message: str, *, file: str = "", status: int | None = None) -> None:
        """`status` is that of HTTP, when the server answered with an error."""
        super().__init__(reason, message, file=file)
        self.status = status


class UntrustedError(TrustError):
    """A file of the repository was fetched and refused, or is none of its targets."""


class ClockError(TrustError):
    """The clock of this host is wrong."""


class TrustFolderError(TrustError):
    """A folder of this host cannot be used for metadata or targets."""
