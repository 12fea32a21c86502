"""How many votes decide: quorums of Byzantine and of crash-fault protocols, in integers.

Of a total power ``n`` at most ``f = ⌊(n − 1) / 3⌋`` may be Byzantine. Two quorums of more than two thirds share more
than ``f``, so at least one honest validator stands in both: that is why two values are never decided.

Sources: Buchman, Kwon & Milosevic, arXiv:1807.04938, section 3 (n > 3f, quorums of 2f + 1 of 3f + 1); Moniz, "The
Istanbul BFT Consensus Algorithm", arXiv:2002.03613, and EEA QBFT, quorum ``⌊(2n − 1) / 3⌋ + 1 = ⌈2n / 3⌉``; Ongaro &
Ousterhout 2014, section 5.1 (majority).
"""


def compute_quorum(total: int) -> int:
    """Return the least power that is more than two thirds of the total: ⌊2n / 3⌋ + 1."""
    return 2 * total // 3 + 1


def compute_qbft_quorum(validators: int) -> int:
    """Return QBFT's quorum, which two thirds exactly suffice for: ⌊(2n − 1) / 3⌋ + 1."""
    return (2 * validators - 1) // 3 + 1


def compute_max_faulty(total: int) -> int:
    """Return f, the most power that may be Byzantine: less than a third."""
    return (total - 1) // 3


def compute_majority(members: int) -> int:
    """Return the least number that is more than half."""
    return members // 2 + 1
