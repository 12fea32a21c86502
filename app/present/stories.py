"""What a contract is for, in numbers people understand: one story an application, read at a moment."""

from app.present.holders import Holders
from app.present.words import format_count
from app.widgets.models import Field
from app.widgets.text import clean
from chain.economy.application import Application
from chain.simulation.simulation import Simulation
from chain.units import Address, TimeUs


def find_application(simulation: Simulation, contract: Address) -> Application | None:
    """Return the application a contract belongs to."""
    applications = (actor for actor in simulation.world.actors if isinstance(actor, Application))
    return next((it for it in applications if contract in it.addresses.values()), None)


def build_story(simulation: Simulation, contract: Address, _at_us: TimeUs, _holders: Holders) -> tuple[Field, ...]:
    """Return what matters of the application a contract belongs to; nothing for a contract of the person's own."""
    application = find_application(simulation, contract)
    if application is None:
        return ()
    state = "open" if application.is_open else f"being set up, {application.done} of {len(application.steps)} steps"
    return (
        Field("application", "application", application.title, "strong", note=state),
        Field("people", "people", format_count(len(application.signers))),
        Field("let-be", "let be", format_count(application.let_be), note=clean(application.last_reason, 60)),
    )
