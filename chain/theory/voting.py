"""What voting costs and how far behind its finality is, where nothing goes wrong: counted from the protocols.

Sources: Buchman, Kwon & Milosevic, arXiv:1807.04938, Algorithm 1; Ongaro & Ousterhout 2014, figure 2; EOSIO
``block_header_state.cpp`` and ``producer_schedule``; ethereum/consensus-specs ``weigh_justification_and_finalization``.
"""


def compute_tendermint_messages(validators: int) -> int:
    """Return the messages a height takes on a full mesh: a proposal, n prevotes and n precommits, each to n − 1."""
    return (2 * validators + 1) * (validators - 1)


def compute_raft_messages(members: int) -> int:
    """Return the messages of one AppendEntries to all, and its answers."""
    return 2 * (members - 1)


def compute_irreversible_lag(producers: int, repetitions: int) -> tuple[int, int]:
    """Return the least and the most blocks between EOS' head and its last irreversible block.

    A block must be built upon by two thirds and one of the producers, and then they must all have built on that: two
    passes through ``q − 1`` further producers, with all the blocks of each. A producer's own first block begins the
    count, so the lag is least at the first of its repetitions.
    """
    passes = 2 * (2 * producers // 3)
    most = passes * repetitions + (1 if repetitions == 1 else 0)
    return most - (repetitions - 1), most


def compute_happy_path(epoch: int) -> tuple[int, int]:
    """Return (justified, finalized) of Gasper at the end of an epoch, 2 or later, in which everybody votes in time.

    The epoch is justified by its own votes; the one before it becomes final with it. Epochs 0 and 1 are not voted on as
    in the specification's ``process_justification_and_finalization``, so the first to become final is 2.
    """
    return epoch, epoch - 1 if epoch > 2 else 0
