"""The words on a frame that name a key: a click on them does what the key does.

Who uses the mouse finds the way back, and the next panel, where everybody reads them, and no frame needs a button.
"""

from textual.content import Content
from textual.style import Style


def build_way_back(text: str, action: str = "screen.close") -> Content:
    """Return plain ``text`` that runs ``action`` when it is clicked."""
    return Content(text).stylize(Style.from_meta({"@click": action}))


def build_key_link(text: str, key: str) -> Content:
    """Return plain ``text`` that presses ``key`` when it is clicked."""
    return build_way_back(text, f"app.simulate_key({key!r})")
