"""Trays: prtInputTable (RFC 3805). A level of -3 means at least one sheet."""

from typing import Literal

from appliance.reading.sources import objects as mib
from appliance.reading.view import View, integer
from appliance.report import Tray

LOW_SHARE = 0.1
"""At or below this share of its capacity a tray is called low."""

State = Literal["ok", "low", "empty", "full", "some_remaining", "unknown", "unrestricted"]


def read_trays(view: View) -> list[Tray]:
    """Return the rows of prtInputTable in order."""
    names = view.rows(mib.PRT_INPUT_NAME)
    descriptions = view.rows(mib.PRT_INPUT_DESCRIPTION)
    media = view.rows(mib.PRT_INPUT_MEDIA_NAME)
    capacities = view.rows(mib.PRT_INPUT_MAX_CAPACITY)
    levels = view.rows(mib.PRT_INPUT_CURRENT_LEVEL)
    trays = []
    for row in sorted({*names, *descriptions, *media, *capacities, *levels}):
        level, capacity = integer(levels.get(row)), integer(capacities.get(row))
        trays.append(
            Tray(
                index=".".join(map(str, row)),
                name=view.localized(names.get(row)) or view.localized(descriptions.get(row)),
                media=view.localized(media.get(row)),
                capacity=capacity,
                level=level,
                state=state_of(level, capacity),
            )
        )
    return trays


def state_of(level: int | None, capacity: int | None) -> State:
    """Return the state of a tray by its level and capacity."""
    if level is None or level == -2 or level < -3:
        return "unknown"
    if level < 0:
        return "some_remaining" if level == -3 else "unrestricted"
    if level == 0:
        return "empty"
    if capacity is None or capacity <= 0:
        return "some_remaining"
    return "low" if level <= capacity * LOW_SHARE else "ok"
