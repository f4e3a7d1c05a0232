"""Ports of devices that are left alone for a while: for a day where one refused, for an hour where it was silent."""

from collections.abc import Callable, Sequence

from appliance.http.errors import HttpError, RefusedError

DAY, HOUR = 86_400.0, 3_600.0
_REMEMBERED = 20_000
"""Ports at most; beyond, what is remembered starts anew."""


class ShutPorts:
    """Which ports of which addresses are shut, and for how long."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[tuple[str, int], float] = {}

    def open(self, address: str, ports: Sequence[int]) -> list[int]:
        """Return those of `ports` that may be asked."""
        return [port for port in ports if self._until.get((address, port), 0.0) <= self._clock()]

    def after(self, address: str, port: int, error: HttpError) -> None:
        """Note that a port has refused, or was silent."""
        self.shut(address, port, DAY if isinstance(error, RefusedError) else HOUR)

    def shut(self, address: str, port: int, seconds: float) -> None:
        """Leave a port alone."""
        if len(self._until) >= _REMEMBERED:
            self._until.clear()
        self._until[address, port] = self._clock() + seconds
