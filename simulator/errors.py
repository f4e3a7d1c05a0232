"""The errors a person sees. Each says what happened, to which thing, and what to change."""


class SimulatorError(Exception):
    """Something a person has to know: `str(error)` is one or two plain sentences, shown without a traceback."""


class RecordingError(SimulatorError):
    """A recording could not be read; the sentence names the file and the line."""


class ModelError(SimulatorError):
    """The description of a printer cannot be used; the sentence names the file and the entry."""


class DemoError(SimulatorError):
    """The demo could not go on; the sentence names the process or the step."""
