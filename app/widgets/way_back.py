"""The words on a frame that say how to leave it: a click on them does what the key does.

Who uses the mouse finds the way back where everybody reads it, and no dialog needs a button for it.
"""

from textual.content import Content
from textual.style import Style


def build_way_back(text: str, action: str = "screen.close") -> Content:
    """Return plain ``text`` that runs ``action`` when it is clicked."""
    return Content(text).stylize(Style.from_meta({"@click": action}))
