"""What a benchmark comes to: ours beside its peers and the reach of the design, as a table for people or as JSON."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

NOT_INSTALLED = "not installed"


@dataclass(frozen=True, slots=True)
class Reach:
    """What the design asks of a figure (DESIGN section 8)."""

    bound: float
    kind: Literal["at least", "at most"]

    def met(self, value: float) -> bool:
        """Return whether `value` keeps to it."""
        return value >= self.bound if self.kind == "at least" else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.kind == 'at least' else '≤'} {number(self.bound)}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: a measured value. `ours` is None where it could not be measured, a peer is None that is not installed."""

    what: str
    ours: float | None
    unit: str
    reach: Reach | None = None
    peers: Mapping[str, float | None] = field(default_factory=dict)
    better: Literal["more", "less"] = "less"
    note: str = ""

    @property
    def verdict(self) -> str:
        """Return met, NOT met, or nothing where the design asks for nothing."""
        if self.reach is None:
            return ""
        if self.ours is None:
            return "not measured"
        return "met" if self.reach.met(self.ours) else "NOT met"

    @property
    def best_peer(self) -> tuple[str, float] | None:
        """Return name and value of the peer that comes closest to us, or is ahead."""
        there = [(name, value) for name, value in self.peers.items() if value is not None]
        if not there:
            return None
        return max(there, key=lambda peer: peer[1]) if self.better == "more" else min(there, key=lambda peer: peer[1])

    @property
    def ratio(self) -> float | None:
        """Return how many times as good as the best peer ours is; below 1 the peer is better."""
        best = self.best_peer
        if best is None or not best[1] or not self.ours:
            return None
        return self.ours / best[1] if self.better == "more" else best[1] / self.ours


@dataclass(frozen=True, slots=True)
class Bars:
    """What the chart of a benchmark shows: values by name, in the order to show them."""

    title: str
    unit: str
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Report:
    """One run of a benchmark."""

    name: str
    figures: Sequence[Figure]
    versions: Mapping[str, str | None]
    """What was measured with, None for what is not installed."""
    details: str = ""
    """Sentences about the run: how often, on what."""
    chart: Bars | None = None

    @property
    def kept(self) -> bool:
        """Whether everything the design asks for is reached."""
        return not any(figure.verdict == "NOT met" for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        figures = [asdict(each) | {"verdict": each.verdict, "ratio": each.ratio} for each in self.figures]
        return asdict(self) | {"figures": figures}


def report_of(document: dict[str, Any]) -> Report:
    """Return the report that `Report.to_json` wrote."""
    figures = []
    for each in document["figures"]:
        known = {name: value for name, value in each.items() if name not in {"verdict", "ratio"}}
        figures.append(Figure(**known | {"reach": Reach(**each["reach"]) if each["reach"] else None}))
    chart = Bars(**document["chart"]) if document["chart"] else None
    return Report(**document | {"figures": figures, "chart": chart})


def number(value: float) -> str:
    """Return a number for people: three significant digits, thousands apart."""
    if abs(value) >= 1000 or value == int(value):
        return f"{value:,.0f}"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


HEAD = ("what", "ours", "peers", "ratio to the best", "reach", "")


def rows(figures: Iterable[Figure]) -> list[tuple[str, ...]]:
    """Return the cells of the table, without its head."""
    table: list[tuple[str, ...]] = []
    for each in figures:
        peers = ", ".join(f"{name} {NOT_INSTALLED if value is None else number(value)}" for name, value in each.peers.items())
        ratio = f"{number(each.ratio)} x" if each.ratio is not None else ""
        ours = "-" if each.ours is None else f"{number(each.ours)} {each.unit}".strip()
        table.append((each.what, ours, peers, ratio, str(each.reach or ""), each.verdict))
    return table


def as_text(figures: Sequence[Figure]) -> str:
    """Return the table for a terminal, and the notes below it."""
    cells = [HEAD, *rows(figures)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([*lines, *(f"{each.what}: {each.note}" for each in figures if each.note)])


def as_markdown(figures: Sequence[Figure]) -> str:
    """Return the table for a document, and the notes below it."""
    lines = ["| " + " | ".join(row) + " |" for row in [HEAD, tuple("---" for _ in HEAD), *rows(figures)]]
    notes = [f"- {each.what}: {each.note}" for each in figures if each.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def median_of(times: int, measure: Callable[[], float]) -> float:
    """Return the median of several measurements."""
    return median(measure() for _ in range(times))
