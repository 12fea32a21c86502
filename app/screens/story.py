"""The panel that tells an application's story: a sentence, numbers, and charts or a drawing."""

from typing import Any, Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from app.present.stories.reader import Chart, Story
from app.widgets.charts import LineChart
from app.widgets.field_list import FieldList
from app.widgets.text import clean

MOST_CHARTS: Final = 2
LEAST_ROWS: Final = 14
"""Below so many rows there are numbers only."""


class StoryPanel(Vertical):
    """``show(story)``."""

    DEFAULT_CSS = """
    StoryPanel #story-headline { height: auto; max-height: 3; padding: 0 1; text-style: bold; color: $accent; }
    StoryPanel Horizontal { height: 1fr; }
    StoryPanel FieldList { width: 1fr; min-width: 45; height: 1fr; }
    StoryPanel #story-right { width: 1fr; height: 1fr; }
    StoryPanel LineChart { height: 1fr; border-top: solid $line; border-title-color: $muted; }
    StoryPanel #story-drawing { height: 1fr; overflow-y: auto; }
    StoryPanel.-plain #story-right { display: none; }
    StoryPanel.-flat #story-right { display: none; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._story: Story | None = None

    def compose(self) -> ComposeResult:
        """Headline above, numbers left, pictures right."""
        yield Static(id="story-headline", markup=False)
        with Horizontal():
            yield FieldList(empty="Nothing to tell yet")
            with Vertical(id="story-right"):
                for place in range(MOST_CHARTS):
                    yield LineChart(id=f"story-chart-{place}")
                yield Static(id="story-drawing", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Leave pictures out where they would be too flat to read."""
        self.set_class(event.size.height < LEAST_ROWS, "-flat")

    def show(self, story: Story) -> None:
        """Show another story, or the same one further on."""
        if story == self._story:
            return
        self._story = story
        self.query_one("#story-headline", Static).update(clean(story.headline, 300))
        self.query_one(FieldList).show(story.fields)
        for place in range(MOST_CHARTS):
            chart = self.query_one(f"#story-chart-{place}", LineChart)
            chart.display = place < len(story.charts)
            if chart.display:
                _show_chart(chart, story.charts[place])
        drawing = self.query_one("#story-drawing", Static)
        drawing.display = bool(story.drawing)
        drawing.update("\n".join(clean(line, 160) for line in story.drawing))
        self.set_class(not story.charts and not story.drawing, "-plain")


def _show_chart(chart: LineChart, model: Chart) -> None:
    chart.border_title = clean(model.title, 60)
    chart.x_label, chart.y_label, chart.y_range = model.x_label, model.unit, model.y_range
    chart.is_area = model.is_area
    chart.show(model.series, model.markers)
