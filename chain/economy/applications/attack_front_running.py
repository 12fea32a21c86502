"""A prize for the first answer goes to whoever reads the mempool and pays more; sealed answers put an end to it.

Contracts: puzzle.vy, once for each round, and sealed_puzzle.vy. In each round the solver sends the answer; the watcher,
at a node of their own, sees it waiting, tries it, and sends the very same call with twice the tip. In the last round
the solver commits first and reveals five blocks later: what the watcher copies then is refused, though they insist.

Who watches looks once a second, so a block that comes at once is faster: that is the solver's only chance.
"""

from typing import Final

from chain.contracts.keccak import compute_keccak
from chain.draws import draw_bytes
from chain.economy.look import Ask, Look
from chain.economy.staged import NOTHING, StagedApplication, Wish
from chain.units import COIN, MINUTE, SECOND

FOUNDER: Final = 0
SOLVER: Final = 1
WATCHER: Final = 2
ANSWERS: Final = ("an echo", "a shadow", "the letter e")
SEALED_ANSWER: Final = "tomorrow"
GUESSES: Final = ("the wind", "a mirror", "silence", "time", "a river", "a candle")
PRIZE_COINS: Final = 100
ROUND_US: Final = 3 * MINUTE
SEALED_US: Final = ROUND_US * (len(ANSWERS) + 1)
TIP_FACTOR: Final = 2
"""How many times the tip of what they copy the watcher pays."""


class FrontRunning(StagedApplication):
    """Puzzles, who solves them, who guesses, and who watches."""

    name = "front-running"
    title = "Front-running"
    least_people = 4

    def plan(self) -> None:
        """Put up the prizes."""
        for place, answer in enumerate(ANSWERS, 1):
            self._put_up("puzzle", f"puzzle_{place}", answer)
            self.at(ROUND_US * place, SOLVER, "solve", place)
        self._put_up("sealed_puzzle", "sealed_puzzle", SEALED_ANSWER)
        self.at(SEALED_US, SOLVER, "commit")
        self.at(SEALED_US, SOLVER, "reveal")
        self.watch(SECOND, WATCHER, "look_out")

    def _put_up(self, artifact: str, label: str, answer: str) -> None:
        self.deploy(artifact, compute_keccak(answer.encode()), label=label, value=PRIZE_COINS * COIN)

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        return {FOUNDER: "founder", SOLVER: "solver", WATCHER: "watcher"}.get(person, f"guesser {person - WATCHER}")

    def act(self, look: Look) -> Ask | None:
        """Guess, wrongly; most ask their node first and then let it be."""
        if look.person <= WATCHER:
            return None
        guess, place = GUESSES[look.draw(len(GUESSES), "guess")], 1 + look.draw(len(ANSWERS), "puzzle")
        is_rash = look.draw(4, "rash") == 0
        return look.ask(f"puzzle_{place}", "solve", guess)._replace(is_forced=is_rash)

    def solve(self, look: Look, place: int) -> Wish:
        """Answer one of the open puzzles."""
        return (look.ask(f"puzzle_{place}", "solve", ANSWERS[place - 1]),)

    @property
    def salt(self) -> bytes:
        """What the solver seals the answer with."""
        return draw_bytes(self.seed, 32, "puzzle-salt")

    def commit(self, look: Look) -> Wish:
        """Put down a hash of the answer."""
        sealed = look.read("sealed_puzzle", "compute_commitment", look.me, SEALED_ANSWER, self.salt)
        return (look.ask("sealed_puzzle", "commit", sealed),)

    def reveal(self, look: Look) -> Wish:
        """Tell the answer once the commitment is old enough."""
        committed = look.read("sealed_puzzle", "commit_blocks", look.me)
        wait = look.read("sealed_puzzle", "WAIT_BLOCKS")
        if not committed or look.context.number < committed + wait:
            return None
        return (look.ask("sealed_puzzle", "reveal", SEALED_ANSWER, self.salt),)

    def look_out(self, look: Look) -> Wish:
        """Copy every answer that would be right in the watcher's own name; a reveal in any case."""
        for pending in look.iter_pending():
            if pending.function not in ("solve", "reveal") or pending.signed.sender == look.me:
                continue
            copied = look.ask(pending.label, pending.function, *pending.arguments)
            copied = copied._replace(tip_per_gas=TIP_FACTOR * pending.tip_per_gas)
            is_sealed = pending.function == "reveal"
            if pending.signed.id.hex() not in self.memory and (is_sealed or look.would_succeed(copied)):
                self.memory[pending.signed.id.hex()] = True
                return (copied._replace(is_forced=is_sealed),)
        return NOTHING
