"""What `/metrics` tells of the appliance: counts and moments, no name, address or secret. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from appliance.common.clock import from_rfc3339
from appliance.common.network.traffic import PURPOSES
from webui.exposition import Metric, gauge

DIRECTIONS = ("sent", "received")


def build(version: str) -> Metric:
    """Return the version, as the label of a constant."""
    return Metric("dca_build_info", "gauge", "Version of the appliance.", (({"version": version}, 1),))


def collector(status: Mapping[str, Any] | None, traffic: Mapping[str, Any] | None) -> list[Metric]:
    """Return what the collector tells in `GET /v1/status` and `GET /v1/traffic`, None when it does not answer."""
    metrics = [gauge("dca_collector_up", "Whether the collector answers.", 0 if status is None else 1)]
    if status is not None:
        devices, outbox, last_scan = status["devices"], status["outbox"], status["last_scan"] or {}
        metrics += [
            gauge("dca_devices", "Imaging devices known.", devices["known"]),
            gauge("dca_devices_answering", "Imaging devices that answered when they were read last.", devices["answering"]),
            gauge("dca_outbox_readings", "Readings that wait to be sent.", outbox["readings"]),
            gauge("dca_outbox_oldest_timestamp_seconds", "When the oldest of them was taken.", _moment(outbox["oldest_at"])),
            gauge("dca_last_scan_timestamp_seconds", "When the last scan or poll ended.", _moment(last_scan.get("finished_at"))),
            gauge("dca_last_scan_failed_devices", "Devices that it could not read.", last_scan.get("failed")),
            gauge(
                "dca_hosting_last_contact_timestamp_seconds",
                "When the hosting server answered last.",
                _moment(status["hosting"]["last_contact_at"]),
            ),
            gauge("dca_problems", "Standing problems of the collector.", len(status["problems"])),
        ]
    return metrics + ([] if traffic is None else _traffic(traffic["since_start"]))


def processes(components: Sequence[Mapping[str, Any]]) -> list[Metric]:
    """Return what the supervisor tells of the components in `GET /v1/status`."""

    def each(name: str) -> tuple[tuple[dict[str, str], float], ...]:
        return tuple(({"component": str(item["name"])}, item[name]) for item in components if item[name] is not None)

    memory = tuple((labels, megabytes * 2**20) for labels, megabytes in each("memory_mb"))
    starts = tuple(
        ({"component": str(item["name"])}, from_rfc3339(item["started_at"]).timestamp())
        for item in components
        if item["started_at"]
    )
    up = tuple(({"component": str(item["name"])}, float(item["state"] == "running")) for item in components)
    return [
        Metric("dca_process_up", "gauge", "Whether the component runs.", up),
        Metric("dca_process_memory_bytes", "gauge", "Memory of the component (PSS).", memory),
        Metric("dca_process_start_time_seconds", "gauge", "When the component was started.", starts),
        Metric("dca_process_restarts_total", "counter", "How often it was started again.", each("restarts")),
    ]


def _traffic(since_start: Mapping[str, Mapping[str, int]]) -> list[Metric]:
    """Return the traffic since the collector started; also of what has cost nothing yet, so that the first rise is one."""

    def counted(what: str) -> tuple[tuple[dict[str, str], float], ...]:
        return tuple(
            ({"purpose": purpose, "direction": way}, since_start.get(purpose, {}).get(f"{what}_{way}", 0))
            for purpose in PURPOSES
            for way in DIRECTIONS
        )

    text = "since the collector started, at IP level, by what they were for."
    return [
        Metric("dca_traffic_bytes_total", "counter", f"Bytes {text}", counted("bytes")),
        Metric("dca_traffic_packets_total", "counter", f"Packets {text}", counted("packets")),
    ]


def _moment(text: str | None) -> float | None:
    return from_rfc3339(text).timestamp() if text else None
