"""The errors of the supervisor that a person sees."""

from appliance.errors import DcaError


class RunFolderError(DcaError):
    """The folder of the control sockets cannot be used."""


class ComponentError(DcaError):
    """A component cannot do what was asked of it now."""


class EngineError(DcaError):
    """The container engine could not be asked."""
