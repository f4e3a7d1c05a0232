"""The text format of Prometheus, version 0.0.4: what `/metrics` answers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with all its samples; a counter only rises, until its process starts anew."""

    name: str
    kind: Literal["counter", "gauge"]
    text: str
    samples: tuple[tuple[Labels, float], ...]


def gauge(name: str, text: str, value: float | None) -> Metric:
    """Return a gauge without labels; without a value it has no sample."""
    return Metric(name, "gauge", text, () if value is None else (({}, value),))


def exposition(metrics: Iterable[Metric]) -> str:
    """Return the metrics as text; those without a sample are left out."""
    lines = []
    for metric in metrics:
        if metric.samples:
            lines += [f"# HELP {metric.name} {_escaped(metric.text)}", f"# TYPE {metric.name} {metric.kind}"]
            lines += [f"{metric.name}{_labels(labels)} {_number(value)}" for labels, value in metric.samples]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = (f'{name}="{_escaped(value).replace(chr(34), chr(92) + chr(34))}"' for name, value in labels.items())
    return f"{{{','.join(pairs)}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
