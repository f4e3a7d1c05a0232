"""What devices said when they were last read, kept in memory, and on the disk for the collector that comes after this one."""

from collections.abc import Iterable
from datetime import datetime

from appliance.reading.definitions.definitions import Definitions
from appliance.reading.snapshot import Snapshot
from appliance.service.scans.memory.scan_memory import Snapshots
from appliance.store.rows import SnapshotRow
from appliance.store.snapshots import KEPT


class SnapshotKeeper:
    """The snapshots of all devices. They hold for the definitions they were made by: with others devices are read in full."""

    def __init__(self, definitions: Definitions) -> None:
        self.current: Snapshots = {}
        self.fingerprint = definitions.fingerprint()
        self._definitions = definitions
        self._kept: dict[tuple[str, int], tuple[object, ...]] = {}

    def take(self, definitions: Definitions) -> None:
        """Go on with these definitions."""
        fingerprint = definitions.fingerprint()
        self._definitions = definitions
        if fingerprint != self.fingerprint:
            self.fingerprint = fingerprint
            self.current.clear()
            self._kept.clear()

    def recall(self, rows: Iterable[SnapshotRow]) -> None:
        """Take what the collector before this one has kept."""
        for row in rows:
            snapshot = Snapshot(row.objects, row.full_at, row.counts_alerts)
            self.current.setdefault((row.address, row.port), snapshot)
            self._kept[row.address, row.port] = _version(snapshot)

    def unkept(self, now: datetime) -> list[SnapshotRow]:
        """Return what is to be kept: of each device that was read in full since, what it said, but for its panel and alerts."""
        from appliance.reading.polling import changing  # noqa: PLC0415 - loaded with the first device, not with the program

        for place in [place for place, snapshot in self.current.items() if now - snapshot.full_at > KEPT]:
            del self.current[place]
            self._kept.pop(place, None)
        rows = []
        for place, snapshot in self.current.items():
            if self._kept.get(place) != _version(snapshot):
                spoken = changing(snapshot.objects(), self._definitions).spoken
                kept = snapshot.unspoken(spoken)
                rows.append(SnapshotRow(*place, kept.full_at, kept.counts_alerts, self.fingerprint, kept.packed))
        return rows

    def were_kept(self, rows: Iterable[SnapshotRow]) -> None:
        """Note that these are on the disk."""
        for row in rows:
            self._kept[row.address, row.port] = (row.full_at, row.counts_alerts)


def _version(snapshot: Snapshot) -> tuple[object, ...]:
    return (snapshot.full_at, snapshot.counts_alerts)
