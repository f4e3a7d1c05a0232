"""What the engine tells while it pulls or loads an image, as one percentage. Pure."""

from collections.abc import Callable

from updater.engine.container_spec import Json

Tell = Callable[[str, int | None], None]
"""Called with a text and a percentage, None where it is unknown."""
LOADED = ("Loaded image: ", "Loaded image ID: ")
FETCHED = ("Download complete", "Verifying Checksum", "Extracting", "Pull complete", "Already exists")


class PullReport:
    """One pull: the bytes of all layers that are being fetched, added up."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._layers: dict[str, tuple[int, int]] = {}
        self._last: tuple[str, int | None] | None = None

    def told(self, line: Json) -> None:
        """Take one line of the stream, and tell when there is something new."""
        status, layer = str(line.get("status") or ""), str(line.get("id") or "")
        detail = line.get("progressDetail") or {}
        if status == "Downloading" and detail.get("total"):
            self._layers[layer] = (int(detail.get("current") or 0), int(detail["total"]))
        elif status in FETCHED and layer in self._layers:
            total = self._layers[layer][1]
            self._layers[layer] = (total, total)
        total = sum(layer[1] for layer in self._layers.values())
        percent = 100 * sum(layer[0] for layer in self._layers.values()) // total if total else None
        if status and (news := (status, percent)) != self._last:
            self._last = news
            self._tell(*news)


class LoadReport:
    """One load of an archive: what it has brought."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._last: tuple[str, int | None] | None = None
        self.loaded: set[str] = set()
        """References and ids, as the engine names them."""

    def told(self, line: Json) -> None:
        """Take one line of the stream, and tell when there is something new."""
        for announced in LOADED:
            for text in str(line.get("stream") or "").splitlines():
                if text.startswith(announced):
                    self.loaded.add(text.removeprefix(announced).strip())
        detail = line.get("progressDetail") or {}
        if status := str(line.get("status") or ""):
            total = int(detail.get("total") or 0)
            percent = 100 * int(detail.get("current") or 0) // total if total else None
            if (news := (status, percent)) != self._last:
                self._last = news
                self._tell(*news)
