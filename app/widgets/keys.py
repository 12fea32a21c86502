"""Key bindings of widgets: each has an id (so a person can change its key) and a tooltip that says what it does."""

from textual.binding import Binding


def bind(key: str, action: str, name: str, tooltip: str, *, show: bool = False) -> Binding:
    """A binding whose description is its tooltip; ``name`` is its id, such as ``map.left``."""
    return Binding(key, action, tooltip, show=show, id=name, tooltip=tooltip)
