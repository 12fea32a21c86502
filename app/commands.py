"""The one registry of what a person can do: key bindings, the palette, the help and the docs are made from it.

Idea: a command is a line of data. ``scope`` says where it works: ``everywhere`` (the application), ``run`` (any screen
around the run), or the name of a view or page (``network``, ``wallet``, ``node`` …) whose widget takes
``get_bindings(scope)``. Widgets may bind further keys of their own, such as arrows; the help shows those too.
Invariant: nothing here is a priority binding, so whoever types into a field gets every letter.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from textual.binding import Binding, BindingType

EVERYWHERE: Final = "everywhere"
RUN: Final = "run"
"""Any screen around the run."""


class CommandSpec(NamedTuple):
    """One thing a person can do."""

    id: str
    """Unique, such as ``run.pause``; also the id of its binding."""
    key: str
    """Keys as Textual names them, with commas between; empty for what only the palette offers."""
    title: str
    """Two or three words, for the palette and the key hints."""
    help: str
    """One sentence."""
    action: str
    """Textual's action."""
    scope: str = EVERYWHERE
    """Where it works."""


# fmt: off
COMMANDS: Final[tuple[CommandSpec, ...]] = (
    # The clock
    CommandSpec("run.pause", "space", "Pause / play", "Stop the clock, or let it run.", "pause", RUN),
    CommandSpec("run.back", "comma", "Step back", "Pause, and go back to what happened before.", "step(-1)", RUN),
    CommandSpec("run.step", "full_stop", "Step", "Pause, and go on to the next thing that happens.", "step(1)", RUN),
    CommandSpec("run.slower", "less_than_sign", "Slower", "Let less time pass in a second.", "speed(-1)", RUN),
    CommandSpec("run.faster", "greater_than_sign", "Faster", "Let more time pass in a second.", "speed(1)", RUN),
    CommandSpec("run.live", "end", "Go to now", "Leave the past: follow the right end of the timeline.", "live", RUN),
    CommandSpec("run.start", "home", "Go to the start", "Show the first moment of the run.", "seek_start", RUN),
    CommandSpec("run.bookmark", "b", "Bookmark", "Mark this moment on the timeline.", "bookmark", RUN),
    CommandSpec("run.branch", "B", "Branch here", "Go on from here as if the rest had not been.", "branch", RUN),
    CommandSpec("run.save", "ctrl+s", "Save the run", "Write a file that replays the run exactly.", "save_run", RUN),
    CommandSpec("run.open", "o", "Open a run", "Open a scenario or a saved run.", "open_run", RUN),
    CommandSpec("run.new", "N", "New run", "Choose scenario, protocol and parameters.", "new_run", RUN),
    # Where to
    CommandSpec("go.network", "1", "Network", "The nodes, and what travels between them.", "go('network')"),
    CommandSpec("go.chain", "2", "Chain", "The block tree, and every field of a block.", "go('chain')"),
    CommandSpec("go.wallet", "3", "Wallet", "Your accounts: receive, send, history.", "go('wallet')"),
    CommandSpec("go.mempool", "4", "Mempool", "What waits for a block, and at which fee.", "go('mempool')"),
    CommandSpec("go.contracts", "5", "Contracts", "Smart contracts: read, deploy, use, debug.", "go('contracts')"),
    CommandSpec("go.lab", "6", "Lab", "One scenario under several protocols, side by side.", "go('lab')"),
    CommandSpec("go.consensus", "c", "Consensus", "Who proposes and votes, and what is final.", "consensus", RUN),
    CommandSpec("go.back", "escape", "Back", "Close this page.", "back", RUN),
    CommandSpec("go.find", "slash", "Find", "Find a block, transaction, address or node.", "find", RUN),
    CommandSpec("go.access", "A", "Who may do what", "Lists, refusals, members only, anchors.", "access", RUN),
    CommandSpec("go.rich", "", "Rich list", "Every account by what it owns.", "list('rich')", RUN),
    CommandSpec("go.stale", "", "Stale blocks", "The blocks that lost a fork.", "list('stale')", RUN),
    CommandSpec("go.doubles", "", "Double spends", "Two transactions with one nonce.", "list('doubles')", RUN),
    CommandSpec("go.events", "", "Events", "Everything that happened, newest first.", "list('events')", RUN),
    CommandSpec("go.contract-list", "", "List of contracts", "The code on the chain.", "list('contracts')", RUN),
    CommandSpec("go.light", "", "Light client", "The chain as headers only, each one checked.", "list('light')", RUN),
    CommandSpec("go.public", "", "Public chain", "The chain a hybrid network is anchored in.", "list('public')", RUN),
    CommandSpec("go.attack", "a", "Show the attack", "Open the debugger where a contract is attacked.", "attack", RUN),
    CommandSpec("go.playground", "p", "Playgrounds", "Hash, mine, sign, prove: by hand.", "playground", RUN),
    # Do
    CommandSpec("do.send", "s", "Send coins", "Pay somebody from your wallet.", "send", RUN),
    CommandSpec("do.mine", "m", "Mine now", "Let the chosen node propose a block now.", "mine", RUN),
    CommandSpec("do.heal", "", "Heal the network", "Open every link that was cut.", "heal", RUN),
    # The chosen thing
    CommandSpec("thing.open", "enter", "Open", "Open the page of the chosen thing.", "open", RUN),
    CommandSpec("thing.why", "question_mark", "Why?", "Explain why the chosen thing is as it is.", "why", RUN),
    CommandSpec("thing.copy", "y", "Copy", "Copy the chosen thing's name or hash.", "copy", RUN),
    # The program
    CommandSpec("app.palette", "ctrl+p", "Commands", "Find and run any command.", "command_palette"),
    CommandSpec("app.help", "h,f1", "Help", "Explain what is focused, and list every key that works.", "help"),
    CommandSpec("app.theme", "t", "Theme", "Choose the colours.", "choose_theme"),
    CommandSpec("app.presenter", "P", "Presenter mode", "For a projector: captions, masked secrets.", "presenter"),
    CommandSpec("app.quit", "q,ctrl+q", "Quit", "Leave chainroom.", "quit"),
    # The network screen
    CommandSpec("network.layout", "g", "Map, graph, ring", "Nodes on a map, as graph or ring.", "layout", "network"),
    CommandSpec("network.panel", "v", "Map / panel", "Swap map and panel where both do not fit.", "panel", "network"),
    # The chain screen
    CommandSpec("chain.panel", "v", "Next panel", "Fields, transactions or Merkle tree.", "panel", "chain"),
    CommandSpec("chain.tamper", "t", "Tamper", "Edit a stored block, and see the others refuse it.", "tamper", "chain"),
    # Tampering
    CommandSpec("tamper.edit", "e", "Edit the field", "Change what this node has stored.", "edit", "tamper"),
    CommandSpec("tamper.drop", "x", "Drop", "Take the chosen transaction out of the block.", "drop", "tamper"),
    CommandSpec("tamper.mine", "r", "Mine again", "Find a new nonce for a block.", "mine_again", "tamper"),
    CommandSpec("tamper.all", "R", "Mine all", "Mine every refused block again.", "mine_all", "tamper"),
    CommandSpec("tamper.resync", "u", "Re-sync", "Take the blocks of the others again.", "resync", "tamper"),
    CommandSpec("tamper.panel", "v", "Next panel", "Fields, chain or cost.", "panel", "tamper"),
    CommandSpec("tamper.next", "right_square_bracket", "Next node", "Its copy.", "turn(1)", "tamper"),
    CommandSpec("tamper.previous", "left_square_bracket", "Previous node", "Its copy.", "turn(-1)", "tamper"),
    # The mempool screen
    CommandSpec("mempool.panel", "v", "Next panel", "The next panel, where not all fit.", "panel", "mempool"),
    CommandSpec("mempool.next", "right_square_bracket", "Next node", "That of the next node.", "turn(1)", "mempool"),
    CommandSpec("mempool.previous", "left_square_bracket", "Previous node", "The node before.", "turn(-1)", "mempool"),
    # The page of a block, transaction or address
    CommandSpec("page.panel", "v", "Next panel", "The next panel of the page.", "panel", "page"),
    CommandSpec("page.next", "right_square_bracket", "Next block", "The block after it.", "turn(1)", "page"),
    CommandSpec("page.previous", "left_square_bracket", "Previous block", "Its parent.", "turn(-1)", "page"),
    CommandSpec("page.proof", "p", "Proof", "Prove a transaction or a balance, step by step.", "proof", "page"),
    CommandSpec("page.odyssey", "o", "Odyssey", "The life of a transaction, from key to final.", "odyssey", "page"),
    CommandSpec("page.debug", "d", "Debug", "Walk through the code of the transaction.", "debug", "page"),
    # A proof
    CommandSpec("proof.export", "x", "Write the proof", "Write it to a file anybody can check.", "export", "proof"),
    CommandSpec("proof.change", "k", "Change a digit", "See at which step a lie is noticed.", "change", "proof"),
    CommandSpec("proof.panel", "v", "Next panel", "Steps, tree or fields.", "panel", "proof"),
    # The wallet screen
    CommandSpec("wallet.make", "w", "Make a wallet", "New words, a password, first coins.", "make_wallet", "wallet"),
    CommandSpec("wallet.add", "a", "New account", "Add an account, or an address to watch.", "add_account", "wallet"),
    CommandSpec("wallet.restore", "r", "Restore", "Make the wallet again from its words.", "restore_wallet", "wallet"),
    CommandSpec("wallet.lock", "l", "Lock / unlock", "Forget the keys, or ask for the password.", "lock", "wallet"),
    CommandSpec("wallet.faucet", "f", "Get coins", "Ask the faucet for 100 simulated coins.", "faucet", "wallet"),
    CommandSpec("wallet.qr", "Q", "Show QR", "The address in full, and as a QR code.", "show_qr", "wallet"),
    CommandSpec("wallet.contact", "k", "Address book", "Note a name and an address.", "note_contact", "wallet"),
    CommandSpec("wallet.speed-up", "u", "Speed up", "Offer higher fees for a pending payment.", "speed_up", "wallet"),
    CommandSpec("wallet.cancel", "x", "Cancel", "Put an empty payment in its place.", "cancel_payment", "wallet"),
    CommandSpec("wallet.many", "plus", "Pay several", "One transaction for several people.", "pay_many", "wallet"),
    CommandSpec("wallet.label", "n", "Label", "Note something about the chosen payment.", "label", "wallet"),
    CommandSpec("wallet.filter", "F", "Search history", "Show only payments with certain words.", "filter", "wallet"),
    CommandSpec("wallet.menu", "e", "Everything else", "Wallets, backups, labels and messages.", "menu", "wallet"),
    CommandSpec("wallet.next", "right_square_bracket", "Next account", "Show the next account.", "turn(1)", "wallet"),
    CommandSpec("wallet.previous", "left_square_bracket", "Last account", "The one before.", "turn(-1)", "wallet"),
    CommandSpec("wallet.panel", "v", "Accounts / form", "Swap them where both do not fit.", "panel", "wallet"),
    # The contracts screen
    CommandSpec("contracts.debug", "d", "Debug", "Walk through the chosen call, step by step.", "debug", "contracts"),
    CommandSpec("contracts.edit", "e", "Edit a copy", "Change the source, and compile it.", "edit", "contracts"),
    CommandSpec("contracts.load", "L", "Open an artifact", "ABI and bytecode of any compiler.", "load", "contracts"),
    CommandSpec("contracts.panel", "v", "Next panel", "Source, use, calls, events, storage.", "panel", "contracts"),
    # The debugger
    CommandSpec("debugger.line", "right", "Next line", "Run to the next line of source.", "line(1)", "debugger"),
    CommandSpec("debugger.line-back", "left", "Last line", "Go back to the line before.", "line(-1)", "debugger"),
    CommandSpec("debugger.opcode", "full_stop", "Next opcode", "One opcode on.", "opcode(1)", "debugger"),
    CommandSpec("debugger.opcode-back", "comma", "Last opcode", "One opcode back.", "opcode(-1)", "debugger"),
    CommandSpec("debugger.over", "o", "Step over", "The next line, not into calls.", "over", "debugger"),
    CommandSpec("debugger.out", "u", "Step out", "To where the caller goes on.", "out", "debugger"),
    CommandSpec("debugger.write", "w", "Next write", "To the next write to storage.", "write(1)", "debugger"),
    CommandSpec("debugger.write-back", "W", "Last write", "To the write before.", "write(-1)", "debugger"),
    CommandSpec("debugger.first", "home", "First step", "Where it began.", "first", "debugger"),
    CommandSpec("debugger.last", "end", "Last step", "Where it ended, or failed.", "last", "debugger"),
    CommandSpec("debugger.panel", "v", "Next panel", "Storage, stack, calls, memory.", "panel", "debugger"),
    # The lab
    CommandSpec("lab.compare", "c", "Compare", "Run the scenario under the chosen protocols.", "compare", "lab"),
    CommandSpec("lab.stop", "x", "Stop", "Stop comparing; what is through stays.", "stop", "lab"),
    CommandSpec("lab.next", "right_square_bracket", "Next protocol", "Where not all fit.", "turn(1)", "lab"),
    CommandSpec("lab.previous", "left_square_bracket", "Protocol before", "Where not all fit.", "turn(-1)", "lab"),
    CommandSpec("lab.panel", "v", "Choice / board", "Swap them where both do not fit.", "panel", "lab"),
    # The page of the protocol
    CommandSpec("consensus.panel", "v", "Next panel", "Grid or members, where not all fit.", "panel", "consensus"),
    CommandSpec("consensus.change", "e", "Change", "Change the chosen member, as allowed.", "change", "consensus"),
    CommandSpec("consensus.next", "right_square_bracket", "Next view", "That of a node.", "turn(1)", "consensus"),
    CommandSpec("consensus.last", "left_square_bracket", "Last view", "The one before.", "turn(-1)", "consensus"),
    # The page that says who may do what
    CommandSpec("access.grant", "g", "Grant", "Let the chosen node have the chosen right.", "change(True)", "access"),
    CommandSpec("access.revoke", "r", "Revoke", "Take the chosen right away.", "change(False)", "access"),
    CommandSpec("access.share", "x", "Share", "Share a text with some members only.", "share", "access"),
    CommandSpec("access.own", "w", "Allow me", "Put your own accounts on the list of senders.", "own", "access"),
    CommandSpec("access.export", "e", "Export", "Write the chosen anchor's proof to a file.", "export", "access"),
    CommandSpec("access.public", "u", "Public", "The public chain, and the anchors in it.", "list('public')", "access"),
    CommandSpec("access.panel", "v", "Next panel", "The next panel, where not all fit.", "panel", "access"),
    # The page of a node
    CommandSpec("node.stop", "x", "Stop", "Switch the node off: it hears and says nothing.", "do('stop')", "node"),
    CommandSpec("node.start", "a", "Start", "Switch the node on again; it catches up.", "do('start')", "node"),
    CommandSpec("node.cut", "c", "Cut", "Close all links of the node; it goes on alone.", "do('cut')", "node"),
    CommandSpec("node.reconnect", "r", "Reconnect", "Open the node's links again.", "do('reconnect')", "node"),
    CommandSpec("node.lag", "l", "Lag", "Slow the node down; again to take it away.", "do('lag')", "node"),
    CommandSpec("node.mine", "m", "Mine now", "Let the node propose a block now.", "do('mine')", "node"),
    CommandSpec("node.next", "right_square_bracket", "Next node", "The page of the next node.", "turn(1)", "node"),
    CommandSpec("node.previous", "left_square_bracket", "Previous node", "The node before.", "turn(-1)", "node"),
)
# fmt: on

HINTED: Final = (
    ("pause", "run.pause"), ("step", "run.back", "run.step"), ("speed", "run.slower", "run.faster"),
    ("why", "thing.why"), ("help", "app.help"), ("find", "go.find"), ("commands", "app.palette"),
    ("send", "do.send"), ("mine", "do.mine"), ("bookmark", "run.bookmark"), ("branch", "run.branch"),
)  # fmt: skip
"""What the line of key hints names, most important first: a word, and the commands whose keys stand before it."""

_READABLE: Final = {
    "comma": ",", "full_stop": ".", "less_than_sign": "<", "greater_than_sign": ">", "slash": "/", "escape": "esc",
    "question_mark": "?", "ctrl+p": "^p", "ctrl+s": "^s", "right_square_bracket": "]", "left_square_bracket": "[",
    "plus": "+",
}  # fmt: skip


def iter_commands(scope: str) -> Iterator[CommandSpec]:
    """Yield the commands of a scope, in the order of the registry."""
    return (spec for spec in COMMANDS if spec.scope == scope)


def get_command(command_id: str) -> CommandSpec:
    """Return the command of this id."""
    return next(spec for spec in COMMANDS if spec.id == command_id)


def get_key(spec: CommandSpec) -> str:
    """Return the first key of a command as people read it; empty when it has none."""
    key = spec.key.partition(",")[0]
    return _READABLE.get(key, key)


def get_bindings(scope: str) -> list[BindingType]:
    """Return Textual's bindings of a scope."""
    return [
        Binding(spec.key, spec.action, spec.title, show=False, key_display=get_key(spec), id=spec.id, tooltip=spec.help)
        for spec in iter_commands(scope)
        if spec.key
    ]
