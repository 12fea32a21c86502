"""First names for the people of the simulation, by rank, so that a payment reads "from Omar".

A name is only a label of the interface: nothing in the engine knows it.
"""

from typing import Final

FIRST_NAMES: Final = (
    "Omar", "Ines", "Kenji", "Amara", "Lars", "Priya", "Mateo", "Yara", "Noah", "Zuri", "Elif", "Hugo",
    "Mei", "Tariq", "Sofia", "Kofi", "Ana", "Ravi", "Freya", "Diego", "Aiko", "Malik", "Clara", "Tomas",
    "Nadia", "Finn", "Leila", "Pavel", "Rosa", "Idris", "Greta", "Samir", "Luz", "Anton", "Hana", "Bruno",
    "Asha", "Emil", "Farah", "Joao", "Kaya", "Otto", "Salma", "Viktor", "Wanda", "Yusuf", "Zoe", "Milan",
)  # fmt: skip


def get_person_name(rank: int) -> str:
    """Return the name of the person of a rank, from 0: ``Omar``, and in the next round ``Omar 2``."""
    turn, place = divmod(rank, len(FIRST_NAMES))
    return FIRST_NAMES[place] + (f" {turn + 1}" if turn else "")
