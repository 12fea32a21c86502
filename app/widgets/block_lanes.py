"""Lanes for a block tree: which row each block stands in, so that branches never overlap.

Idea: blocks that are not stale go straight along lane 0; every stale branch takes the lowest lane that is free from its
fork to its tip, in order of height, so a picture grows without earlier blocks changing places.
"""

from collections.abc import Iterable

from app.widgets.models import ChainBlock


def compute_lanes(blocks: Iterable[ChainBlock]) -> dict[str, int]:
    """Lane of each block identifier; lane 0 is the canonical chain."""
    ordered = sorted(blocks, key=lambda block: (block.height, block.state == "stale", block.block))
    known = {block.block: block for block in ordered}
    lanes: dict[str, int] = {}
    tips = _get_branch_tips(ordered, known)
    busy: list[int] = []  # height up to which each side lane is taken
    main_taken: dict[int, str] = {}
    for block in ordered:
        if block.state != "stale" and block.height not in main_taken:
            lanes[block.block], main_taken[block.height] = 0, block.block
        elif block.parent in lanes and lanes[block.parent] > 0 and tips[block.parent] == tips[block.block]:
            lanes[block.block] = lanes[block.parent]
        else:
            lane = next((number for number, until in enumerate(busy) if until < block.height), len(busy))
            busy[lane : lane + 1] = [known[tips[block.block]].height]
            lanes[block.block] = lane + 1
    return lanes


def _get_branch_tips(ordered: list[ChainBlock], known: dict[str, ChainBlock]) -> dict[str, str]:
    """For each block the tip of the branch that continues it: the highest, then the first by identifier."""
    tips = {block.block: block.block for block in ordered}
    for block in reversed(ordered):
        if block.parent in tips:
            ours, theirs = known[tips[block.block]], known[tips[block.parent]]
            if theirs.block == block.parent or (-ours.height, ours.block) < (-theirs.height, theirs.block):
                tips[block.parent] = ours.block
    return tips
