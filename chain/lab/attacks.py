"""Attacks on proof of work as what they are, races between two branches: block by block, by luck.

What closed forms say of them (chain/theory/double_spend.py, chain/theory/selfish_mining.py) is compared with the share
of races that are won and of rewards that are earned here. A block belongs to the attacker with the chance of his share
of the hash rate, whatever happened before; nothing else is drawn, and no formula is used.

Sources: S. Nakamoto, section 11; M. Rosenfeld, arXiv:1402.2009; I. Eyal, E. G. Sirer, FC 2014, Algorithm 1.
Simplification: a branch that is ``GIVEN_UP`` blocks behind is given up; with a third of the hash rate one of 10^12
such races would still have been won.
"""

from typing import Final

import numpy as np

from chain.draws import draw_array

GIVEN_UP: Final = 40
_LUCK: Final = 1 << 16


def run_double_spends(seed: int, races: int, share: float, confirmations: int, lead: int) -> float:
    """Return the part of so many races that an attacker with a share of the hash rate wins.

    The merchant waits for his confirmations while the attacker mines in secret; then the attacker shows his branch as
    soon as it is ``lead`` blocks longer (0: as long). All races go on side by side, a block each at a time.
    """
    honest = np.zeros(races, dtype=np.int64)
    attacker, won, number, bound = honest.copy(), 0, 0, round(share * _LUCK)
    while len(honest):
        is_his = (draw_array(seed, "double-spend", number, size=len(honest)) & (_LUCK - 1)) < bound
        attacker, honest, number = attacker + is_his, honest + ~is_his, number + 1
        is_paid = honest >= confirmations
        is_won = is_paid & (attacker >= honest + lead)
        won += int(np.count_nonzero(is_won))
        goes_on = ~is_won & (~is_paid | (honest - attacker <= GIVEN_UP))
        attacker, honest = attacker[goes_on], honest[goes_on]
    return won / races


def run_selfish_pool(seed: int, blocks: int, share: float, gamma: float) -> float:
    """Return the selfish pool's share of all rewards after so many blocks, by Algorithm 1 of Eyal and Sirer.

    Two competing public branches of equal length are settled by the next block: the pool's, with chance ``share``, or
    one of the others', of whom a part ``gamma`` builds on the pool's branch.
    """
    bound, follow = round(share * _LUCK), round(gamma * _LUCK)
    luck = (draw_array(seed, "selfish", size=blocks) & (_LUCK - 1)).tolist()
    follows = (draw_array(seed, "selfish/gamma", size=blocks) & (_LUCK - 1)).tolist()
    pool = others = private = 0
    is_tied = False  # two public branches of one block each
    for mine, side in zip(luck, follows, strict=True):
        if is_tied:
            is_tied = False
            if mine < bound:
                pool += 2
            elif side < follow:
                pool, others = pool + 1, others + 1
            else:
                others += 2
        elif mine < bound:
            private += 1
        elif private == 0:
            others += 1
        elif private == 1:
            private, is_tied = 0, True
        elif private == 2:
            pool, private = pool + 2, 0
        else:
            pool, private = pool + 1, private - 1
    return pool / (pool + others)
