"""The style of both web interfaces under the dark that the system chooses, with no script at work."""

import re

import pytest

from tests.browser.conftest import OpenPage
from tests.conftest import ROOT

VENDOR = ROOT / "webui" / "static" / "vendor"
SHOWN = """<select class="form-select"><option>One</option></select>
<svg class="supply-bar"><rect class="supply-track"/><rect class="supply-fill ink-black"/></svg>"""

pytestmark = pytest.mark.browser


def brightness(color: str) -> float:
    """Return the relative brightness of `rgb(r, g, b)`, 0 to 1."""
    red, green, blue = (int(value) / 255 for value in re.findall(r"\d+", color)[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_dark_without_a_script_keeps_black_supplies_black_and_the_arrow_of_selects_visible(open_page: OpenPage) -> None:
    page = open_page(dark=True)
    page.set_content(SHOWN)
    for name in ("bootstrap.min.css", "theme.css"):
        page.add_style_tag(content=(VENDOR / name).read_text())

    def style(selector: str, name: str) -> str:
        return str(page.eval_on_selector(selector, "(element, name) => getComputedStyle(element)[name]", name))

    fill, edge, track = style(".ink-black", "fill"), style(".ink-black", "stroke"), style(".supply-track", "fill")
    assert brightness(fill) < 0.1 < brightness(track) < 0.6 < brightness(edge)
    arrow, ground = style("select", "backgroundImage"), style("select", "backgroundColor")
    assert brightness(ground) < 0.2
    assert [brightness(color) > 0.7 for color in re.findall(r"rgb\([^)]*\)", arrow)] == [True, True]
