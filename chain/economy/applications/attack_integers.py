"""A token that counts past its largest number and begins at zero again, and one that refuses to.

Contracts: integer_mistake.vy (``round_token``) and integer_fix.vy (``safe_token``). Holders pay each other in both.
After ten minutes a stranger who owns nothing gives two people 2²⁵⁵ each, as in April 2018; after fifteen the stranger
tries it with the safe token.
"""

from typing import Final

from chain.economy.look import Ask, Look
from chain.economy.staged import StagedApplication, Wish
from chain.units import MINUTE

ISSUER: Final = 0
STRANGER: Final = 1
ACCOMPLICE: Final = 2
TOKENS: Final = ("round_token", "safe_token")
SUPPLY: Final = 1_000_000
FORGED: Final = 2**255
"""Twice that is one more than the largest number: 0."""
FORGED_US: Final = 10 * MINUTE
TRIED_US: Final = 15 * MINUTE


class IntegerMistake(StagedApplication):
    """Two tokens, their holders, and two strangers."""

    name = "integers"
    title = "Integer mistake"
    least_people = 5

    def plan(self) -> None:
        """Issue both tokens, and give every holder some."""
        self.deploy("integer_mistake", SUPPLY, label="round_token")
        self.deploy("integer_fix", SUPPLY, label="safe_token")
        holders = [it.address for it in self.signers[ACCOMPLICE + 1 :][:20]]  # the contracts take twenty at most
        for token in TOKENS:
            self.ask(ISSUER, token, "transfer_all", holders, SUPPLY // (2 * len(holders)))
        self.at(FORGED_US, STRANGER, "forge", "round_token")
        self.at(TRIED_US, STRANGER, "forge", "safe_token")

    def get_person_name(self, person: int) -> str:
        """Return the role."""
        roles = {ISSUER: "issuer", STRANGER: "stranger", ACCOMPLICE: "accomplice"}
        return roles.get(person, f"holder {person - ACCOMPLICE}")

    def act(self, look: Look) -> Ask | None:
        """Holders give two others a little of what they have."""
        token = TOKENS[look.draw(2, "token")]
        owned = look.read(token, "balances", look.me)
        if not owned or look.person in (STRANGER, ACCOMPLICE):
            return None
        first = look.draw(len(self.signers) - ACCOMPLICE - 1, "receiver")
        others = [ACCOMPLICE + 1 + (first + step) % (len(self.signers) - ACCOMPLICE - 1) for step in (0, 1)]
        return look.ask(token, "transfer_all", [look.get_address(it) for it in others], owned // 50)

    def forge(self, look: Look, token: str) -> Wish:
        """Make tokens out of nothing, or insist on trying."""
        receivers = [look.me, look.get_address(ACCOMPLICE)]
        return (look.ask(token, "transfer_all", receivers, FORGED)._replace(is_forced=True),)
