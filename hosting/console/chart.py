"""A meter over time as a drawing: the points of an SVG with its axes. Pure; the colours come from the style sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tornado.locale import Locale

from web.quantities import number

WIDTH, HEIGHT = 1120, 260
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 14, 30
LINES = 4
TIMES = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on an axis, at its place along that axis."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The drawing: `line` and `area` are the values of `points` attributes."""

    line: str
    area: str
    dots: tuple[tuple[float, float, str], ...]
    values: tuple[Mark, ...]
    times: tuple[Mark, ...]
    label: str


def draw(points: Sequence[tuple[datetime, int]], name: str, reader: Locale) -> Chart | None:
    """Return the chart of (moment, value) in the order of time; None for fewer than two moments."""
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return None
    start, end = points[0][0], points[-1][0]
    low, step = _scale(min(value for _, value in points), max(value for _, value in points))
    high = low + step * LINES
    seconds = (end - start).total_seconds()

    def x(moment: datetime) -> float:
        return round(LEFT + (moment - start).total_seconds() / seconds * (WIDTH - LEFT - RIGHT), 1)

    def y(value: int) -> float:
        return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    places = [(x(moment), y(value)) for moment, value in points]
    line = " ".join(f"{left},{top}" for left, top in places)
    floor = HEIGHT - BOTTOM
    moments = [start + timedelta(seconds=seconds * part / TIMES) for part in range(TIMES + 1)]
    form = "%H:%M" if seconds < 2 * 86400 else "%d %b"
    titles = (f"{moment:%Y-%m-%d %H:%M} UTC: {number(value)}" for moment, value in points)
    return Chart(
        line=line,
        area=f"{places[0][0]},{floor} {line} {places[-1][0]},{floor}",
        dots=tuple((left, top, title) for (left, top), title in zip(places, titles, strict=True)),
        values=tuple(Mark(y(low + step * part), number(low + step * part)) for part in range(LINES + 1)),
        times=tuple(Mark(x(moment), moment.strftime(form)) for moment in moments),
        label=reader.translate("%(name)s from %(first)s on %(start)s to %(last)s on %(end)s")
        % {
            "name": name,
            "first": number(points[0][1]),
            "start": f"{start:%Y-%m-%d}",
            "last": number(points[-1][1]),
            "end": f"{end:%Y-%m-%d}",
        },
    )


def _scale(low: int, high: int) -> tuple[int, int]:
    """Return where the axis begins and the round distance of its lines, so that all values are within LINES of them."""
    step = 1
    for power in range(max(1, int(math.log10(max(high - low, 1))) + 3)):
        for factor in (1, 2, 5):
            step = factor * 10**power
            base = low // step * step
            if base + step * LINES >= high:
                return base, step
    return low, step
