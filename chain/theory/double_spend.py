"""How likely a merchant loses a payment that has so many confirmations to an attacker with a share ``q`` of the work.

Three numbers go by the same name; they differ in what is approximated and in what counts as success. Sources:
S. Nakamoto, Bitcoin: A Peer-to-Peer Electronic Cash System, section 11; M. Rosenfeld, arXiv:1402.2009;
C. Grunspan, R. Pérez-Marco, arXiv:1702.02867.
"""

from math import comb, exp, factorial


def compute_nakamoto(q: float, confirmations: int) -> float:
    """Return section 11's probability of ever catching up from ``confirmations`` behind.

    It takes the attacker's progress to be Poisson, which is an approximation, and lets him begin one block ahead.
    """
    p = 1 - q
    if q >= p:
        return 1.0
    expected = confirmations * q / p
    lost = sum(
        exp(-expected) * expected**k / factorial(k) * (1 - (q / p) ** (confirmations - k))
        for k in range(confirmations + 1)
    )
    return 1 - lost


def compute_double_spend(q: float, confirmations: int, lead: int = 0) -> float:
    """Return the exact probability that the attacker's secret branch ever gets ``lead`` blocks ahead of the public one.

    Both begin at the block before the payment, and the attacker looks once the payment has its confirmations. ``lead``
    0 counts a tie as success (Rosenfeld with the block he pre-mines; Grunspan and Pérez-Marco), 1 asks for a strictly
    longer branch. The attacker's blocks until then are negative binomial; from ``d`` behind he gets level with
    probability ``(q / p)^d``.
    """
    p = 1 - q
    if q >= p:
        return 1.0
    total = 0.0
    for found in range(confirmations + lead):
        chance = comb(found + confirmations - 1, found) * p**confirmations * q**found
        total += chance * (1 - (q / p) ** (confirmations + lead - found))
    return 1 - total
