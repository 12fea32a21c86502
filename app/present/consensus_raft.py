"""Raft at a moment: who leads, in which term, how far each log has got, and how long ago the leader was heard.

Everything is read from the messages that had been sent by then, as they stand in their table: an AppendEntries names
its leader and what is committed, an answer how far a log agrees. What was said long ago is forgotten.
"""

from bisect import bisect_right
from typing import Final, NamedTuple

from app.present.consensus_model import Look, Member, Model, Writer, count_by_node, get_branch, list_nodes
from app.present.words import format_span, name_node, plural
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.raft_rules import AppendEntries, AppendReply, RaftRules, RequestVote, VoteReply
from chain.node.messages import MessageRecord
from chain.units import NEVER

COLUMNS = (
    Column("node", 4), Column("role", 11), Column("term", 4, "right"), Column("log", 5, "right"),
    Column("match", 5, "right"), Column("final", 5, "right"), Column("heard leader", 14, is_flexible=True),
)  # fmt: skip
MOST_ENTRIES: Final = 24
RECENT_A_NODE: Final = 40
"""Messages looked at for each node there is."""
NOBODY: Final = -1


class _Server(NamedTuple):
    """What the messages tell of one node."""

    node: int
    term: int
    """The highest it has spoken in."""
    role: str
    match: int
    """How far the leader knows its log to agree; -1 where nothing has been said."""
    heard_us: int
    """When the leader's last message reached it; NEVER if none has."""


class _Cluster(NamedTuple):
    look: Look
    rules: RaftRules
    leader: int
    """NOBODY while none is known."""
    term: int
    records: list[MessageRecord]
    """All that has been said and not been forgotten, by time."""
    servers: tuple[_Server, ...]


def _read_cluster(look: Look) -> _Cluster:
    rules = look.world.consensus.rules
    assert isinstance(rules, RaftRules)
    records = _get_recent(look)
    term = max((record.message.term for record in records), default=0)
    beat = next((it.message for it in reversed(records) if isinstance(it.message, AppendEntries)), None)
    leader = beat.sender if beat is not None and beat.term == term else NOBODY
    return _Cluster(look, rules, leader, term, records, _read_servers(look, records, leader, term))


def _get_recent(look: Look) -> list[MessageRecord]:
    """Return the latest of what has been said by then, in order of publication: enough for everybody's last words."""
    records: list[MessageRecord] = []
    for topic in sorted((it for it in look.world.messages.tallies if it[0] == "raft"), reverse=True):
        said = look.world.messages.tallies[topic].records
        stop = bisect_right(said, look.at_us, key=lambda record: record.published_us)
        room = RECENT_A_NODE * look.world.node_count - len(records)
        records = [*said[max(0, stop - room) : stop], *records]
        if len(records) >= RECENT_A_NODE * look.world.node_count:
            break
    return records


def _read_servers(look: Look, records: list[MessageRecord], leader: int, term: int) -> tuple[_Server, ...]:
    """Return what the messages tell of each node; the latest word of each kind counts."""
    terms, matches, heard_us = dict[int, int](), dict[int, int](), dict[int, int]()
    candidates: dict[int, None] = {}
    for record in reversed(records):
        message, sender = record.message, record.message.sender
        terms.setdefault(sender, message.term)
        if isinstance(message, RequestVote) and message.term == term and leader == NOBODY:
            candidates[sender] = None
        elif isinstance(message, AppendReply) and message.is_success and message.term == term and sender not in matches:
            if leader != NOBODY and record.spread.arrival_us(leader) <= look.at_us:
                matches[sender] = message.last_index
        elif isinstance(message, AppendEntries) and sender == leader:
            for node in range(look.world.node_count) if record.target is None else (int(record.target),):
                if node not in heard_us and record.spread.arrival_us(node) <= look.at_us:
                    heard_us[node] = record.spread.arrival_us(node)
                    terms[node] = max(terms.get(node, 0), message.term)
    return tuple(
        _Server(
            node,
            terms.get(node, 0),
            "leader" if node == leader else "candidate" if node in candidates else "follower",
            matches.get(node, NOBODY),
            heard_us.get(node, NEVER),
        )
        for node in range(look.world.node_count)
    )


def build(look: Look) -> Model:
    """Return the panel of Raft."""
    at, writer = _read_cluster(look), Writer(look)
    writer.add_head()
    _add_leader(writer, at)
    _add_log(writer, at)
    _add_members(writer, at)
    _add_election(writer, at)
    grid, things = _build_grid(at)
    return Model(
        "Raft · trusts its members, survives crashes", tuple(writer.items), grid, "raft/term", things,
        _build_members(writer, at), COLUMNS, f"Nodes · {plural(len(at.rules.members), 'member')}",
    )  # fmt: skip


def _add_leader(writer: Writer, at: _Cluster) -> None:
    text = (
        "One leader a term orders the blocks and tells the others with every heartbeat that it is alive. A member that "
        "hears nothing for an election timeout asks for votes in a new term; a majority makes it the leader."
    )
    beat = next((it for it in reversed(at.records) if isinstance(it.message, AppendEntries)), None)
    ago = format_span(at.look.at_us - beat.published_us) if beat is not None else ""
    said = f"{name_node(at.leader)} in term {at.term}" if at.leader >= 0 else "nobody: an election is on"
    writer.add(
        "leader",
        said,
        "raft/leader",
        text,
        ("term", str(at.term)),
        ("last heard speaking", f"{ago} ago" if ago else "never"),
        tone="strong" if at.leader >= 0 else "warning",
        note=f"spoke {ago} ago" if ago else "",
        thing=Thing("node", max(0, at.leader)),
    )


def _add_log(writer: Writer, at: _Cluster) -> None:
    last = _get_last_index(at)
    writer.add(
        "log", f"{last} written · {at.look.head.height} committed", "raft/term",
        "The chain is the log: an entry is a block. It is committed, and final, once a majority has written it down; "
        "what is not may still be replaced by another leader.",
        ("last index", str(last)), ("committed", str(at.look.head.height)), ("majority", str(at.rules.majority)),
        note=f"{last - at.look.head.height} under way" if last > at.look.head.height else "",
    )  # fmt: skip


def _get_last_index(at: _Cluster) -> int:
    stop = at.look.world.tree.count_published(at.look.at_us)
    recent = at.look.world.tree.records[max(0, stop - MOST_ENTRIES) : stop]
    return max((record.height for record in recent if record.state.term == recent[-1].state.term), default=0)


def _add_members(writer: Writer, at: _Cluster) -> None:
    running = [node for node in at.rules.members if at.look.is_online(node)]
    is_alive = len(running) >= at.rules.majority
    writer.add(
        "members",
        f"{len(running)} of {len(at.rules.members)} running",
        "raft/leader",
        "A majority must run and reach each other. Raft stands crashes and partitions, not lies: it trusts what a "
        "member says.",
        ("majority", str(at.rules.majority)),
        ("may crash", str(len(at.rules.members) - at.rules.majority)),
        ("running", list_nodes(running)),
        tone="good" if is_alive else "bad",
        note="" if is_alive else "halted",
    )


def _add_election(writer: Writer, at: _Cluster) -> None:
    agent = next(iter(at.look.world.consensus.agents.values()))
    parameters = agent.parameters  # type: ignore[attr-defined]
    asked = [it for it in at.records if isinstance(it.message, RequestVote) and it.message.term == at.term]
    granted = [
        it
        for it in at.records
        if isinstance(it.message, VoteReply) and it.message.term == at.term and it.message.is_granted
    ]
    candidates = sorted({record.message.sender for record in asked})
    writer.add(
        "election",
        f"term {at.term}: {list_nodes(candidates)} asked · {plural(len(granted), 'vote')} given",
        "raft/term",
        "A follower waits once to twice the election timeout, drawn anew each time, so that rarely two ask at once. A "
        "member votes once a term, and only for a log at least as long as its own.",
        ("voters", list_nodes(sorted({record.message.sender for record in granted}))),
        ("needed", f"{at.rules.majority}, the candidate included"),
        ("timeout", format_span(parameters.election_timeout)),
        ("heartbeat", format_span(parameters.heartbeat)),
        note=f"timeout {format_span(parameters.election_timeout)}",
    )


# The grid --------------------------------------------------------------------------------------------------------


def _build_grid(at: _Cluster) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    look, rows, things = at.look, [], dict[tuple[int, int], Thing]()
    stop = look.world.tree.count_published(look.at_us)
    entries = look.world.tree.records[max(1, stop - MOST_ENTRIES) : stop]
    for row, server in enumerate(at.servers):
        name, cells = name_node(server.node), []
        final = look.world.view(server.node, look.at_us).get_finalized()
        for column, record in enumerate(entries):
            things[row, column] = Thing("block", record.hash)
            is_own = record.origin == server.node
            what = f"entry #{record.height} of term {record.state.term}"
            if record.height <= final.height and look.world.tree.get_ancestor(final, record.height) is record:
                cells.append(GridCell("▣", "final", f"{name} has committed {what}."))
            elif record.get_known_us(look.world.view(server.node).node) <= look.at_us:
                cells.append(
                    GridCell("■", "good" if is_own else "text", f"{name} has {what}; it does not know it committed.")
                )
            else:
                cells.append(GridCell("◌", "pending", f"{name} has not got {what} yet."))
        is_leader = server.node == at.leader
        rows.append(GridRow(("▸" if is_leader else " ") + name, tuple(cells), is_leader))
    headings = tuple(str(record.height % 10) for record in entries)
    legend = "▣ committed  ■ written  ◌ not yet  ▸ leader  one column an entry, by last digit of its index"
    return Grid(
        "The log of each node",
        headings,
        tuple(rows) if entries else (),
        legend,
        "Nothing has been written yet",
        is_newest_last=True,
    ), things


def _build_members(writer: Writer, at: _Cluster) -> tuple[Member, ...]:
    look, found = at.look, count_by_node(get_branch(at.look.head))
    last, members = _get_last_index(at), []
    for server in at.servers:
        final = look.world.view(server.node, look.at_us).get_finalized().height
        role, tone = _describe_role(at, server)
        match = last if server.node == at.leader else server.match
        ago = look.at_us - server.heard_us
        heard = "leads" if server.node == at.leader else f"{format_span(ago)} ago" if ago >= 0 else "not yet"
        why = writer.explain(
            f"{name_node(server.node)} is {role}", "raft/leader",
            "The leader keeps how far each log agrees with its own (match index); what a majority has is committed.",
            ("term", str(server.term)), ("match index", str(match) if match >= 0 else "not heard"),
            ("knows committed", str(final)), ("blocks made of late", str(found.get(server.node, 0))),
        )  # fmt: skip
        cells = (
            Cell(name_node(server.node), "strong"), Cell(role, tone), Cell(str(server.term)), Cell(str(last)),
            Cell(str(match) if match >= 0 else "–"), Cell(str(final), "final"), Cell(heard, "muted"),
        )  # fmt: skip
        members.append(Member(server.node, cells, why))
    return tuple(members)


def _describe_role(at: _Cluster, server: _Server) -> tuple[str, Tone]:
    if not at.look.is_online(server.node):
        return "○ off", "warning"
    if server.node not in at.rules.members:
        return "○ learner", "muted"
    glyphs: dict[str, tuple[str, Tone]] = {
        "leader": ("★ leader", "good"), "candidate": ("◆ candidate", "pending"), "follower": ("● follower", "text"),
    }  # fmt: skip
    return glyphs[server.role]
