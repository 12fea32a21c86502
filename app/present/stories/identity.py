"""Identity: a credential as a card on which all but the chosen claims are hidden, and what its reader learned.

Presentations leave no trace on the chain; the application remembers them, and those up to the moment are read here.
"""

from typing import Final

from app.present.stories.picture import Picture
from app.present.stories.reader import Happened, Reader, Story
from app.present.words import format_clock, format_count, format_span, plural, shorten_hash
from app.widgets.models import Field, Line, Tone
from app.widgets.text import cut, fit
from chain.economy.applications.identity import KINDS, OFFICES, QUESTIONS, READERS, Identity, Shown
from chain.units import SECOND

CARD: Final = 38
MOST_ROWS: Final = 8
MOST_HASHES: Final = 4
NOBODY: Final = bytes(20)


def build_identity_story(reader: Reader) -> Story:
    """Return the story of credentials at the reader's moment."""
    application = reader.application
    assert isinstance(application, Identity)
    if not reader.is_deployed():
        return Story("The university is putting the registers of identities and credentials on the chain.")
    shown = [it for it in application.memory["shown"] if it.time_s * SECOND <= reader.at_us]
    issued, revoked = (reader.list_events("credentials", name) for name in ("Issued", "Revoked"))
    valid = sum(reader.time_s < event.values["expires_s"] for event in issued) - len(revoked)
    keys = len(reader.list_events("identity", "KeyAdded")) - len(reader.list_events("identity", "KeyRevoked"))
    accepted = [it for it in shown if _is_accepted(it)]
    fields = (
        Field("valid", "valid", plural(max(0, valid), "credential"), "good", note=f"{len(issued)} issued"),
        Field("revoked", "revoked", plural(len(revoked), "credential"), "bad" if revoked else "muted",
              note=revoked[-1].values["reason"] if revoked else ""),
        Field("shown", "shown", plural(len(shown), "time"), note="without a transaction"),
        Field("accepted", "accepted", format_count(len(accepted)), "good",
              note=f"{len(shown) - len(accepted)} refused"),
        Field("keys", "keys listed", format_count(keys)),
        *_build_control_fields(reader),
    )  # fmt: skip
    return Story(_tell(reader, application, shown), fields, drawing=_draw(reader, application, shown))


def _is_accepted(it: Shown) -> bool:
    return it.is_signed and it.is_verified


def _judge(it: Shown) -> tuple[str, Tone]:
    """Return what the reader found, in words."""
    if not it.is_signed:
        return "✗ claim changed", "bad"
    return ("✓ verified", "good") if it.is_verified else ("✗ revoked", "bad")


def _build_control_fields(reader: Reader) -> tuple[Field, ...]:
    """Return who asked for control over whom, while that is undecided."""
    asked: dict[bytes, Happened] = {}
    for event in reader.list_events("identity", "RecoveryAsked", "RecoveryRefused", "ControllerChanged"):
        if event.name == "RecoveryAsked":
            asked[event.values["identity"]] = event
        else:
            asked.pop(event.values["identity"], None)
    now_us = reader.head.block.header.time_us
    return tuple(
        Field(f"control-{place}", "control asked", f"{reader.name(event.values['controller'])} for {reader.name(who)}",
              "warning", note=f"in {format_span(max(0, event.values['ready_s'] * SECOND - now_us))}")
        for place, (who, event) in enumerate(asked.items())
    )  # fmt: skip


def _tell(reader: Reader, application: Identity, shown: list[Shown]) -> str:
    events = [event for label in ("credentials", "identity") for event in reader.list_events(label)]
    last = max(events, key=lambda event: (event.doing.block.height, event.doing.place)) if events else None
    if shown and (last is None or shown[-1].time_s * SECOND >= last.time_us):
        return _tell_presentation(application, shown[-1])
    return _tell_event(reader, application, last) if last else "The registers are there; nobody has a credential yet."


def _tell_presentation(application: Identity, it: Shown) -> str:
    who, asked = application.get_person_name(it.paper.person), QUESTIONS[it.reader][1]
    value = next(shown.claim.value for shown in it.presentation.claims if shown.claim.name == asked)
    start = f"The {READERS[it.reader]} asked {who} for “{asked}”"
    if _is_accepted(it):
        return f"{start}: “{value}” is in a valid credential, and the rest of it stayed hidden."
    if not it.is_signed:
        return f"{start}, and got “{value}”, which is not what the {OFFICES[it.paper.office]} wrote: refused."
    return f"{start}, but the {OFFICES[it.paper.office]} has revoked that credential: refused."


def _tell_event(reader: Reader, application: Identity, last: Happened) -> str:
    told, name = last.values, reader.name
    if last.name == "Issued":
        return (
            f"{name(told['issuer'])} issued a credential to {name(told['subject'])}; the chain holds a hash of it only."
        )
    if last.name == "Revoked":
        papers = dict(application.memory["papers"])
        _, subject, root, *_ = reader.read("credentials", "credentials", told["credential"])
        kind = KINDS[papers[root].office] if root in papers else "credential"
        return f"The {kind} of {name(subject)} was revoked ({told['reason']}): it never verifies again."
    who = name(told["identity"])
    return {
        "KeyAdded": f"{who} listed a key that signs for the own identity.",
        "KeyRevoked": f"{who} let a key sign no longer.",
        "GuardianChanged": f"{who} named {name(told.get('guardian', NOBODY))} as guardian, should the key get lost.",
        "RecoveryAsked": f"{name(told.get('controller', NOBODY))} asks for control over {who}'s identity; {who} has "
        "three days to refuse.",
        "RecoveryRefused": f"{who} is still there, and refused to be taken over.",
        "ControllerChanged": f"{name(told.get('controller', NOBODY))} speaks for {who}'s identity now.",
    }[last.name]  # fmt: skip


# The card -----------------------------------------------------------------------------------------------------------


def _draw(reader: Reader, application: Identity, shown: list[Shown]) -> tuple[Line, ...]:
    """Return the card that was shown last beside what its reader learned, and the presentations before."""
    if not shown:
        return ()
    card = Picture()
    _draw_card(card, application, shown[-1])
    _draw_learned(reader, card, application, shown[-1])
    rows = [_build_row(application, it) for it in shown[-2 : -MOST_ROWS - 2 : -1]]
    before: Line = ((" before:", "muted"),)
    return (*card.get_lines(), *((before,) if rows else ()), *rows)


def _draw_card(card: Picture, application: Identity, it: Shown) -> None:
    claims = application.get_claims(it.paper)
    told = {shown.claim.name: shown.claim.value for shown in it.presentation.claims}
    title = f" {KINDS[it.paper.office]} of {application.get_person_name(it.paper.person)} "
    card.draw_box(0, 0, CARD, title.strip(), [""] * len(claims))
    for y, (name, value) in enumerate(sorted(claims.items()), 1):
        card.put(2, y, fit(name, 9), "muted")
        if name not in told:
            card.put(12, y, "░" * min(len(value), 12), "muted")
            card.put(CARD - 8, y, "hidden", "muted")
        else:
            is_true = told[name] == value
            card.put(12, y, cut(told[name], 15), "good" if is_true else "bad")
            card.put(CARD - 9, y, "  shown" if is_true else "changed", "good" if is_true else "bad")
    card.put(2, len(claims) + 1, f" #{it.presentation.credential} from the {OFFICES[it.paper.office]} ", "muted")


def _draw_learned(reader: Reader, card: Picture, application: Identity, it: Shown) -> None:
    """Write beside the card what the reader has now: claims, hashes of what is hidden, and three checks."""
    x = CARD + 3
    card.put(x, 0, f"What the {READERS[it.reader]} has", "strong")
    hashes = dict.fromkeys(partner for shown in it.presentation.claims for partner in shown.path)
    rows: list[tuple[str, Tone]] = [
        *((f"{shown.claim.name} = {shown.claim.value}", "text") for shown in it.presentation.claims),
        *((f"{shorten_hash(partner)}  a hash", "muted") for partner in list(hashes)[:MOST_HASHES]),
    ]
    word, tone = _judge(it)
    root = application.get_root(it.paper)
    checks: list[tuple[str, Tone]] = [
        (f"{'✓' if it.is_signed else '✗'} root {shorten_hash(root)}, signed", "good" if it.is_signed else "bad"),
        (f"{word} at {format_clock(it.time_s * SECOND).removesuffix('.000')}", tone),
    ]
    if _is_accepted(it) and not reader.read("credentials", "is_valid", it.presentation.credential):
        checks.append(("no longer valid since", "warning"))
    for y, (text, row_tone) in enumerate([*rows, *checks], 1):
        card.put(x, y, text, row_tone)


def _build_row(application: Identity, it: Shown) -> Line:
    told = ", ".join(f"{shown.claim.name} = {shown.claim.value}" for shown in it.presentation.claims)
    at = format_clock(it.time_s * SECOND).removesuffix(".000")
    who = f"{application.get_person_name(it.paper.person)} → {READERS[it.reader]}"
    return (f" {at}  {fit(who, 17)}{fit(told, 27)} ", "muted"), _judge(it)
