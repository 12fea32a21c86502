"""The panel that tells an application's story: a sentence, numbers, and charts or a drawing.

A drawing has the whole width below the numbers, and as much of the height as it needs while some numbers stay in view.
As many charts are drawn as then have room.
"""

from typing import Any, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from app.present.stories.reader import Chart, Story
from app.widgets.charts import LineChart
from app.widgets.drawing import Drawing
from app.widgets.field_list import FieldList
from app.widgets.text import clean

MOST_CHARTS: Final = 2
LEAST_NUMBERS: Final = 2
"""Rows of numbers that a drawing leaves, however little room there is."""
ROWS_A_CHART: Final = 6
"""Below so many rows a chart is left out, and the numbers have its place."""


class StoryPanel(Vertical):
    """``show(story)``."""

    DEFAULT_CSS = """
    StoryPanel #story-headline { height: auto; max-height: 3; padding: 0 1; text-style: bold; color: $accent; }
    StoryPanel Horizontal { height: 1fr; }
    StoryPanel FieldList { width: 1fr; min-width: 45; height: 1fr; }
    StoryPanel #story-right { width: 1fr; height: 1fr; }
    StoryPanel LineChart { height: 1fr; border-top: solid $line; border-title-color: $muted; }
    StoryPanel Drawing { height: 1; border-top: solid $line; }
    StoryPanel Drawing:focus { border-top: solid $primary; }
    StoryPanel.-plain #story-right { display: none; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._story: Story | None = None

    def compose(self) -> ComposeResult:
        """Headline above, numbers left, charts right, a drawing below."""
        yield Static(id="story-headline", markup=False)
        with Horizontal():
            yield FieldList(empty="Nothing to tell yet")
            with Vertical(id="story-right"):
                for place in range(MOST_CHARTS):
                    yield LineChart(id=f"story-chart-{place}")
        yield Drawing(id="story-drawing")

    def show(self, story: Story) -> None:
        """Show another story, or the same one further on."""
        if story == self._story:
            return
        self._story = story
        self.query_one("#story-headline", Static).update(clean(story.headline[:1].upper() + story.headline[1:], 300))
        self.query_one(FieldList).show(story.fields)
        for place in range(MOST_CHARTS):
            chart = self.query_one(f"#story-chart-{place}", LineChart)
            if place < len(story.charts):
                _show_chart(chart, story.charts[place])
        self.query_one(Drawing).show(story.drawing)
        self._divide()

    def on_resize(self, event: events.Resize) -> None:
        """Divide another height."""
        self._divide()

    def _divide(self) -> None:
        """Give the drawing what it needs of the height, while numbers and charts keep some; leave out flat charts."""
        story, drawing = self._story, self.query_one(Drawing)
        drawing.display = story is not None and bool(story.drawing)
        if story is None:
            return
        rows = self.size.height - 1 - len(story.headline) // max(1, self.size.width - 2)
        if drawing.display:
            third = self.size.height // 3
            others = third if story.charts else min(len(story.fields), third)
            height = max(2, min(len(story.drawing) + 1, rows - max(others, LEAST_NUMBERS)))
            drawing.styles.height = height
            rows -= height
        charts = min(len(story.charts), rows // ROWS_A_CHART)
        self.set_class(charts == 0, "-plain")
        for place, chart in enumerate(self.query(LineChart)):
            chart.display = place < charts


def _show_chart(chart: LineChart, model: Chart) -> None:
    chart.border_title = clean(model.title, 60)
    chart.x_label, chart.y_label, chart.y_range = model.x_label, model.unit, model.y_range
    chart.is_area = model.is_area
    chart.show(model.series, model.markers)
