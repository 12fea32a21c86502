"""Crowdfunding: how near each project is to its goal, and whose the money is afterwards."""

from app.present.stories.picture import draw_bar_with_mark
from app.present.stories.reader import Chart, Reader, Story, build_series
from app.present.words import format_clock, format_coins, format_span, plural
from app.widgets.models import Field, Line, Tone
from app.widgets.text import fit
from chain.economy.applications.crowdfunding import PROJECTS, Project
from chain.units import COIN, SECOND

BAR = 30
FULL = 1.5
"""What a bar shows at most, in goals."""


def build_crowdfunding_story(reader: Reader) -> Story:
    """Return the story of all projects at the reader's moment."""
    shown = [it for it in PROJECTS if reader.is_deployed(it.label)]
    if not shown:
        return Story("Three founders are putting their projects on the chain.")
    goal_line = [(0, 100.0), (max(reader.at_us, 1), 100.0)]
    lines = tuple(build_series(it.label, _list_parts(reader, it)) for it in shown)
    chart = Chart("Pledged, in parts of the goal", (*lines, build_series("goal", goal_line)), "%", is_area=False)
    backers = {event.values["who"] for it in shown for event in reader.list_events(it.label, "Pledged")}
    fields = (
        *(field for it in shown for field in _build_fields(reader, it)),
        Field("backers", "backers", plural(len(backers), "person", "people")),
        Field("held", "in contracts", format_coins(sum(reader.get_coins(it.label) for it in shown))),
    )
    return Story(_tell(reader, shown), fields, (chart,), tuple(_build_bar(reader, it) for it in shown))


def _get_total(reader: Reader, project: Project) -> int:
    pledged = reader.list_events(project.label, "Pledged")
    return int(pledged[-1].values["total"]) if pledged else 0


def _judge(reader: Reader, project: Project) -> tuple[str, Tone]:
    is_reached = _get_total(reader, project) >= project.goal_coins * COIN
    if reader.time_s < project.deadline_s:
        return ("reached", "good") if is_reached else ("open", "pending")
    return ("funded", "good") if is_reached else ("failed", "bad")


def _build_fields(reader: Reader, project: Project) -> tuple[Field, Field]:
    word, tone = _judge(reader, project)
    left_us = project.deadline_s * SECOND - reader.head.block.header.time_us
    ends = "over" if left_us <= 0 else f"{format_span(left_us)} left"
    claimed, refunded = (reader.list_events(project.label, name) for name in ("Claimed", "Refunded"))
    back = sum(event.values["amount"] for event in refunded)
    then = "claimed by the founder" if claimed else f"{format_coins(back)} taken back" if back else "waits"
    then = then if left_us <= 0 else f"until {format_clock(project.deadline_s * SECOND)}"
    return (
        Field(project.label, project.label, f"{format_coins(_get_total(reader, project))} of {project.goal_coins} CR",
              tone, note=word),
        Field(f"{project.label}-ends", "", then, "muted", note=ends),
    )  # fmt: skip


def _list_parts(reader: Reader, project: Project) -> list[tuple[int, float]]:
    points = [(0, 0.0)]
    for event in reader.list_events(project.label, "Pledged"):
        points += [
            (event.time_us, points[-1][1]),
            (event.time_us, event.values["total"] / project.goal_coins / COIN * 100),
        ]
    end_us = min(reader.head.block.header.time_us, project.deadline_s * SECOND)
    return [*points, (max(end_us, points[-1][0]), points[-1][1])]


def _build_bar(reader: Reader, project: Project) -> Line:
    """Return a bar that reaches to one and a half goals, with a mark at the goal."""
    word, tone = _judge(reader, project)
    part = _get_total(reader, project) / (project.goal_coins * COIN)
    bar = draw_bar_with_mark(part / FULL, 1 / FULL, BAR)
    return (f"{fit(project.title, 25)} ", "text"), (bar, tone), (f" {100 * part:4.0f} %  {word}", tone)


def _tell(reader: Reader, shown: list[Project]) -> str:
    told = [(event, it) for it in shown for event in reader.list_events(it.label)]
    if not told:
        return "Pledging is open; whoever pledges gets the money back unless all together reach the goal."
    event, project = max(told, key=lambda pair: (pair[0].doing.block.height, pair[0].doing.place))
    amount = format_coins(event.values["amount"])
    if event.name == "Claimed":
        return f"{project.title} is funded: its founder has claimed {amount}."
    if event.name == "Refunded":
        return f"{project.title} missed its goal: {reader.name(event.values['who'])} took {amount} back, to the unit."
    missing = project.goal_coins * COIN - event.values["total"]
    what = f"{format_coins(missing)} are missing" if missing > 0 else "its goal is reached"
    return f"{reader.name(event.values['who'])} pledged {amount} for {project.title.lower()}; {what}."
