"""People with credentials: issued by three offices, shown claim by claim to three readers, revoked now and then.

Contracts: identity.vy, credentials.vy. An office writes one hash a credential; what it says stays with the holder
(`selective_disclosure`). A reader asks for one claim, gets a presentation made for his challenge, and asks his own
node: no transaction, so only the application remembers it (``memory["shown"]``). Some show what is revoked, some
changed a claim: neither verifies. One guardian asks for control over somebody who is still there and refuses; one
person has really lost the key, and has it back three days later.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from chain.contracts.selective_disclosure import (
    Presentation,
    build_credential,
    build_presentation,
    get_call_arguments,
    is_presentation_valid,
)
from chain.draws import draw_below, draw_bytes
from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import Hash
from chain.wallet.secret import Secret

OFFICES: Final = ("university", "town hall", "bank")
KINDS: Final = ("diploma", "identity card", "account letter")
"""What each office issues."""
READERS: Final = {3: "bar", 4: "landlord", 5: "employer"}
QUESTIONS: Final = {3: (1, "over 18"), 4: (2, "income"), 5: (0, "degree")}
"""Reader → the office he trusts, the claim he asks for."""
FIRST_PERSON: Final = 6
NAMES: Final = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal", "Ida", "Jon", "Kim", "Leo")
VALID_S: Final = 2 * 3600
REVOKE_INTERVAL_S: Final = 420
REASONS: Final = ("lost", "moved away", "closed", "issued in error")
GUARDIAN_S: Final = 300
"""When a guardian asks for what is not his."""
LOSS_S: Final = 600
"""When somebody's key is lost."""
KEY_S: Final = 30 * 24 * 3600
LOOK_BACK: Final = 60
"""Credentials of the contract that are looked at."""
MOST_SHOWN: Final = 300
"""Presentations that are remembered."""
CHEATS: Final = {"over 18": "yes", "income": "over 99 000 CR", "degree": "medicine"}
"""What those write who change a claim."""


class Paper(NamedTuple):
    """A credential as its holder keeps it."""

    office: int
    person: int
    serial: int
    """Counts all papers of the run."""


class Issued(NamedTuple):
    """A credential as the contract has it, with its number and the paper it stands for."""

    number: int
    paper: Paper
    root: Hash
    is_valid: bool


class Shown(NamedTuple):
    """A presentation, and what the reader found."""

    time_s: int
    reader: int
    paper: Paper
    presentation: Presentation
    is_signed: bool
    """The holder signed this reader's challenge, and the claims are in the tree."""
    is_verified: bool
    """The contract agrees that the claims are in a credential that is neither revoked nor expired."""


class Identity(Application):
    """Offices, readers and people."""

    name = "identity"
    title = "Identity"
    least_people = 9
    is_patient = True

    def plan(self) -> None:
        """Deploy both contracts."""
        self.deploy("identity")
        self.deploy("credentials")
        self.memory = {"papers": (), "shown": (), "revoked_s": 0}

    def get_person_name(self, person: int) -> str:
        """Return the office, the reader, or a first name."""
        if person < FIRST_PERSON:
            return READERS[person] if person in READERS else OFFICES[person]
        turn, place = divmod(person - FIRST_PERSON, len(NAMES))
        return NAMES[place] + (f" {turn + 1}" if turn else "")

    def get_claims(self, paper: Paper) -> Mapping[str, str]:
        """Return what a paper says of its holder."""
        luck = draw_below(self.seed, 10**6, "identity-claims", paper.person)
        name, year = self.get_person_name(paper.person), 1985 + luck % 30
        adult = {"over 18": "yes" if year < 2008 else "no"}
        if paper.office == 0:
            return {"name": name, "degree": ("law", "physics", "music")[luck % 3], "mark": f"1.{luck % 10}"}
        if paper.office == 1:
            return {"name": name, "born": f"{year}-0{1 + luck % 9}-1{luck % 10}", "street": f"Lane {luck % 90}"} | adult
        return {"name": name, "account": f"CR{luck:06d}", "income": f"over {1 + luck % 5} 000 CR", "debts": "none"}

    def get_root(self, paper: Paper) -> Hash:
        """Return what the office writes to the contract."""
        return build_credential(self.get_claims(paper), self._get_salts(paper)).root

    def act(self, look: Look) -> Ask | None:
        """Revoke now and then, look after control and keys, issue what somebody lacks, show claims to readers."""
        issued = self._list_issued(look)
        valid = [it for it in issued if it.is_valid]
        if look.time_s >= self.memory["revoked_s"] + REVOKE_INTERVAL_S and valid:
            self.memory["revoked_s"], it = look.time_s, valid[look.draw(len(valid), "revoke")]
            reason = REASONS[look.draw(len(REASONS), "reason")]
            return look.seen_by(it.paper.office).ask("credentials", "revoke", it.number, reason)
        if ask := self._look_after_control(look):
            return ask
        person = FIRST_PERSON + look.draw(len(self.signers) - FIRST_PERSON, "person")
        choice = look.draw(10, "choice")
        if choice < 4:
            return self._issue(look, person, valid)
        if choice < 6:
            return self._look_after_keys(look.seen_by(person), person)
        self._show(look, person, issued)
        return None

    def _list_issued(self, look: Look) -> list[Issued]:
        """Return the latest credentials that the offices issued."""
        papers, found = dict(self.memory["papers"]), list[Issued]()
        count = look.read("credentials", "credential_count")
        for number in range(max(0, count - LOOK_BACK), count):
            _, _, root, expires_s, is_revoked = look.read("credentials", "credentials", number)
            if root in papers:
                found.append(Issued(number, papers[root], root, not is_revoked and look.time_s < expires_s))
        return found

    def _issue(self, look: Look, person: int, valid: list[Issued]) -> Ask | None:
        """Issue the first paper that a person lacks, unless it is on its way."""
        held = {it.paper.office for it in valid if it.paper.person == person}
        for office in range(len(OFFICES)):
            if office in held:
                continue
            if any(it.arguments[:1] == (look.get_address(person),) for it in look.iter_pending()):
                return None
            paper = Paper(office, person, len(self.memory["papers"]))
            root = self.get_root(paper)
            self.memory["papers"] = (*self.memory["papers"], (root, paper))
            until_s = look.time_s + VALID_S
            return look.seen_by(office).ask("credentials", "issue", look.get_address(person), root, until_s)
        return None

    def _look_after_keys(self, look: Look, person: int) -> Ask | None:
        """List the own key for authentication, and name the next person as guardian."""
        if look.read("identity", "get_controller", look.me) != look.me:
            return None
        key = self.signers[person].public_key
        if not look.read("identity", "is_valid_key", look.me, key, 1):
            return look.ask("identity", "add_key", look.me, key, 1, KEY_S)
        guardian = look.get_address(self._get_guardian(person))
        if look.read("identity", "guardians", look.me) != guardian:
            return look.ask("identity", "set_guardian", look.me, guardian)
        return None

    def _get_guardian(self, person: int) -> int:
        return FIRST_PERSON + (person - FIRST_PERSON + 1) % (len(self.signers) - FIRST_PERSON)

    def _look_after_control(self, look: Look) -> Ask | None:
        """Once a guardian cheats and is refused; once one helps, and the new controller is there three days later."""
        for person, start_s in ((FIRST_PERSON, GUARDIAN_S), (FIRST_PERSON + 1, LOSS_S)):
            identity, guardian = look.get_address(person), look.seen_by(self._get_guardian(person))
            is_named = look.read("identity", "guardians", identity) == guardian.me
            _, ready_s = look.read("identity", "recoveries", identity)
            key = f"asked-{person}"
            if look.time_s >= start_s and is_named and key not in self.memory:
                self.memory[key] = look.time_s
                return guardian.ask("identity", "ask_recovery", identity, guardian.me)
            if ready_s and person == FIRST_PERSON and look.time_s > self.memory[key] + 60:
                return look.seen_by(person).ask("identity", "refuse_recovery", identity)
            if ready_s and look.time_s >= ready_s:
                return guardian.ask("identity", "finish_recovery", identity)
        return None

    def _show(self, look: Look, person: int, issued: list[Issued]) -> None:
        """Let a person answer a reader's question with a fitting paper, revoked or not; one in six lies."""
        reader = list(READERS)[look.draw(len(READERS), "reader")]
        office, name = QUESTIONS[reader]
        fitting = [it for it in issued if it.paper[:2] == (office, person)]
        if not fitting:
            return
        it, challenge = fitting[look.draw(len(fitting), "paper")], f"{READERS[reader]} {look.time_s}"
        credential = build_credential(self.get_claims(it.paper), self._get_salts(it.paper))
        key = self.signers[person].get_key()
        names = [name] if look.draw(3, "names") else [name, "name"]
        shown = build_presentation(credential, it.number, names, challenge, key)
        if look.draw(6, "cheat") == 0:
            shown = _change_claim(shown, name)
        is_signed = is_presentation_valid(shown, it.root, look.get_address(person), challenge)
        is_verified = look.read("credentials", "verify", *get_call_arguments(shown))
        found = Shown(look.time_s, reader, it.paper, shown, is_signed, is_verified)
        self.memory["shown"] = (*self.memory["shown"][1 - MOST_SHOWN :], found)

    def _get_salts(self, paper: Paper) -> Secret[bytes]:
        return Secret(draw_bytes(self.seed, 32, "identity-salts", *paper))


def _change_claim(presentation: Presentation, name: str) -> Presentation:
    """Return the presentation with another value for a claim."""
    replace = msgspec.structs.replace
    claims = tuple(
        replace(it, claim=replace(it.claim, value=CHEATS[name])) if it.claim.name == name else it
        for it in presentation.claims
    )
    return replace(presentation, claims=claims)
