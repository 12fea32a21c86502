"""What an application gets ready before it opens, step by step, so that there is something to follow from the start."""

from typing import Final

from app.present.stories.reader import Reader
from app.widgets.models import Field
from chain.economy.look import Ask, Deploy

MOST_SHOWN: Final = 12
"""Steps still to come that are listed."""


def build_plan_fields(reader: Reader) -> tuple[Field, ...]:
    """Return how far the plan is at the moment and what comes next; nothing once the application is open."""
    application = reader.application
    done, steps = application.count_done(reader.state), application.steps
    if done == len(steps):
        return ()
    coming = enumerate(steps[done : done + MOST_SHOWN])
    return (
        Field("plan", "getting ready", f"{done} of {len(steps)} steps", "pending", note="then people act"),
        *(
            Field(f"step-{place}", application.get_person_name(step.person), describe_step(step),
                  "accent" if place == 0 else "muted", note="next" if place == 0 else "")
            for place, step in coming
        ),
    )  # fmt: skip


def describe_step(step: Deploy | Ask) -> str:
    """Return what somebody does, in a few words."""
    contract = step.label.replace("_", " ")
    if isinstance(step, Deploy):
        return f"puts {contract} on the chain"
    return f"calls {step.function} of {contract}" if step.function else f"sends coins to {contract}"
