"""The small parts that pages of both web interfaces are made of, as Tornado UI modules: `{% module State("ok", _("Ready")) %}`."""

from pathlib import Path

from tornado.web import UIModule

from appliance.report.condition import Level
from appliance.report.proof import EXPLANATION, MARK
from appliance.report.supply_level import SupplyView

TEMPLATES = Path(__file__).parent / "templates"


class State(UIModule):
    """A badge of a dot and a word."""

    def render(self, level: Level, text: str) -> str:
        """Return the badge."""
        return _part(self, "state.html", level=level, text=text)


class SupplyBar(UIModule):
    """The level of a supply as a bar; hatched when the device does not tell it."""

    def render(self, supply: SupplyView) -> str:
        """Return the SVG."""
        return _part(self, "supply_bar.html", supply=supply)


class Unproven(UIModule):
    """The mark of a value that is read by what no recording has proven; it leads to the note that says what that means."""

    def render(self) -> str:
        """Return the link to `#unproven`."""
        return _part(self, "unproven.html", mark=MARK, explanation=EXPLANATION)


def _part(module: UIModule, template: str, **values: object) -> str:
    return module.render_string(str(TEMPLATES / template), **values).decode().strip()
