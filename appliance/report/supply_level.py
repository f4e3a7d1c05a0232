"""How much of a supply is left, and what that means: one bar, one word, one order, wherever supplies are shown. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from appliance.common.message import Message
from appliance.report.model import Supply
from appliance.report.names import SUPPLY_STATES, percent, small_words, words

SupplyLevel = Literal["ok", "warn", "bad", "off"]
LOW_PERCENT = 10.0
"""What is left at or below this should be ordered, whatever the device calls it."""
RECEPTACLES = frozenset({"wasteToner", "wasteInk", "wasteWax", "wasteWater", "wastePaper"})
"""Types of prtMarkerSuppliesType that fill up, for printers that do not tell the class."""
INKS = ("black", "cyan", "magenta", "yellow")
"""Colours that are drawn as themselves, in the order in which they are shown."""
COLOR_LETTERS: Mapping[str, str] = {
    "black": "K",
    "cyan": "C",
    "magenta": "M",
    "yellow": "Y",
    "photo black": "PK",
    "matte black": "MK",
    "light cyan": "LC",
    "light magenta": "LM",
    "gray": "GY",
    "grey": "GY",
    "white": "WH",
}
KIND_LETTERS: Mapping[str, str] = {"opc": "D", "developer": "DV", "fuser": "F", "transferUnit": "T"}
"""Letters of what is not toner or ink, by prtMarkerSuppliesType: drum, developer, fuser, transfer unit."""


@dataclass(frozen=True, slots=True)
class SupplyView:
    """A supply as a bar with a name and a value."""

    name: str
    ink: str
    percent: float | None
    value: str
    level: SupplyLevel
    detail: Supply

    @property
    def letter(self) -> str:
        """The letters beside the bar where there is no room for its name: `K` for black toner, `D` for a drum; empty for others."""
        if is_receptacle(self.detail):
            return "WB"
        return KIND_LETTERS.get(self.detail.type) or COLOR_LETTERS.get((self.detail.color or "").lower(), "")

    @property
    def label(self) -> str:
        """What a screen reader says for the bar."""
        return Message("%(name)s: %(value)s", name=self.name, value=self.value)

    @property
    def warning(self) -> str:
        """The word beside the percentage of a supply that should be ordered or changed, empty for the others."""
        if self.percent is None or self.level not in ("warn", "bad"):
            return ""
        return SUPPLY_STATES[self.detail.state if self.detail.state != "ok" else "low"]


def is_receptacle(supply: Supply) -> bool:
    """Return whether it fills up, as a waste toner box does; its percentage is the room that is free."""
    return supply.supply_class == "receptacleThatIsFilled" or supply.type in RECEPTACLES


def left(supply: Supply) -> float | None:
    """Return what is left, in percent of a new one, to order by; a device that only says "empty" or "low" has a place, too."""
    if supply.percent is not None:
        return supply.percent
    if supply.state == ("full" if is_receptacle(supply) else "empty"):
        return 0.0
    return LOW_PERCENT if supply.state == "low" else None


def least_left(supplies: Iterable[Supply]) -> float | None:
    """Return what is left of the supply that is nearest to its end, None where none tells."""
    return min((amount for amount in map(left, supplies) if amount is not None), default=None)


def level_of(supply: Supply) -> SupplyLevel:
    """Return `bad` for what is used up (a receptacle: full), `warn` for what soon will be, `off` for what does not tell."""
    amount = left(supply)
    spent = supply.state == ("full" if is_receptacle(supply) else "empty")
    if spent or (amount is not None and amount <= 0):
        return "bad"
    if supply.state == "low" or (amount is not None and amount <= LOW_PERCENT):
        return "warn"
    return "off" if amount is None and supply.state == "unknown" else "ok"


def needs_attention(supply: Supply) -> bool:
    """Return whether a supply should be ordered or changed."""
    return level_of(supply) in ("warn", "bad")


def supply_view(supply: Supply) -> SupplyView:
    """Return the bar of one supply. A level the device does not tell is never drawn as one."""
    color = (supply.color or "").lower()
    kind = small_words(supply.type)
    name = supply.description or (Message("%(color)s %(kind)s", color=words(color), kind=kind) if color else kind)
    if supply.percent is None:
        value = SUPPLY_STATES.get(supply.state, words(supply.state))
    else:
        amount = percent(supply.percent)
        value = Message("%(amount)s free", amount=amount) if is_receptacle(supply) else amount
    return SupplyView(name, color if color in INKS else "other", supply.percent, value, level_of(supply), supply)


def ink_views(views: Iterable[SupplyView], most: int) -> tuple[SupplyView, ...]:
    """Return what makes the colours, all that a line of a list has room for: toner and ink before drums, black first."""
    shown = [view for view in views if view.detail.color and not is_receptacle(view.detail)]

    def order(view: SupplyView) -> tuple[bool, int]:
        return view.detail.type in KIND_LETTERS, INKS.index(view.ink) if view.ink in INKS else len(INKS)

    return tuple(sorted(shown, key=order)[:most])
