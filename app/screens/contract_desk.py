"""The form of the chosen contract at work: it answers, tries what would be sent, and sends it through the wallet.

Questions are answered at the cursor and cost nothing. What changes something is tried first, on the state of the
wallet's node: what would fail says why, where in the source, and what to do about it, and is not sent. Contract code
may run long, so it runs in turns with the interface.
"""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import on, work

from app.contract_calls import Trial, build_call, build_create, open_state, read_function, try_action
from app.contract_values import Resolve, format_value, parse_value
from app.payments import Draft
from app.present.contracts import Deployed, Shelf, describe_log
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.wallet_advice import get_advice
from app.present.words import format_coins, format_count
from app.screens.contract_form import ContractForm, Request
from app.screens.holders import get_holders
from app.session import Session
from app.turns import run_in_turns
from chain.contracts.abi import Function, Parameter
from chain.contracts.artifact import Artifact
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.actions import Call, Create
from chain.units import Address, NodeId, parse_amount

if TYPE_CHECKING:
    from app.app import ChainroomApp
    from app.screens.wallet import WalletView

MOST_EVENTS: int = 8
"""Events of a trial that are told."""


class Subject(NamedTuple):
    """What the form is about."""

    artifact: Artifact
    contract: Address | None
    """None for one of the shelf, which can be deployed."""


class ContractDesk(ContractForm):
    """``show_contract(deployed, artifact)``; everything else it does by itself."""

    app: "ChainroomApp"

    def __init__(self, shelf: Shelf, **options: Any) -> None:
        super().__init__(**options)
        self._shelf = shelf
        self._subject: Subject | None = None

    def show_contract(self, chosen: Deployed | None, artifact: Artifact | None) -> None:
        """Show what can be asked of a contract of the run, or what deploys one of the shelf."""
        address = chosen.address if chosen is not None else None
        self._subject = None if artifact is None else Subject(artifact, address)
        functions = () if artifact is None else artifact.abi.functions if chosen else (artifact.abi.constructor,)
        self.show(functions, address)

    @property
    def session(self) -> Session:
        """The run on screen."""
        assert self.app.session is not None
        return self.app.session

    @property
    def wallet(self) -> "WalletView":
        """The wallet screen, which signs."""
        from app.screens.wallet import WalletView

        view = self.app.home.get_view("wallet")
        assert isinstance(view, WalletView)
        return view

    def _get_holders(self) -> Holders:
        return get_holders(self.app, self.session.simulation.world)

    def _parse(self, request: Request) -> tuple[tuple[Any, ...], int]:
        """Return arguments and value. Raises ChainroomError naming what does not fit."""
        holders = self._get_holders()

        def resolve(name: str) -> Address | None:
            found = [address for address, it in holders.search(name, 5) if it.name.lower() == name.lower()]
            return found[0] if name and found else None

        pairs = zip(request.function.inputs, request.texts, strict=True)
        arguments = tuple(_parse_argument(parameter, text, resolve) for parameter, text in pairs)
        return arguments, parse_amount(request.value) if request.value.strip() else 0

    # Asking ----------------------------------------------------------------------------------------------------------

    @on(ContractForm.Asked)
    @work(exclusive=True, group="contracts-try")
    async def on_asked(self, event: ContractForm.Asked) -> None:
        """Answer what a function says, from the state at the cursor."""
        subject, session, function = self._subject, self.session, event.request.function
        if subject is None or subject.contract is None:
            return
        account = self.wallet.wallets.account
        sender = account.address if account is not None else None
        try:
            arguments, _ = self._parse(event.request)
            host, context = open_state(session.simulation, NodeId(0), session.cursor_us)
            abi = subject.artifact.abi
            ask = partial(read_function, host, context, subject.contract, function, arguments, abi, sender)
            values = await run_in_turns(ask)
        except ChainroomError as error:
            self.answer(str(error), "bad")
            return
        height = get_canonical(session.simulation.world, session.cursor_us).height
        texts = self._describe_values(function, values) or ["nothing"]
        self.answer("\n".join([*texts, "", f"after block #{height}"]), "good")

    def _describe_values(self, function: Function, values: tuple[Any, ...]) -> list[str]:
        """Return the values a function answers, each with its name where it has one."""
        describe, is_alone = self._get_holders().describe, len(values) == 1
        texts = [format_value(it.type, value, describe) for it, value in zip(function.outputs, values, strict=True)]
        names = ["" if is_alone or not it.name else f"{it.name}  " for it in function.outputs]
        return [name + text for name, text in zip(names, texts, strict=True)]

    # Trying and sending ----------------------------------------------------------------------------------------------

    @on(ContractForm.Tried)
    @work(exclusive=True, group="contracts-try")
    async def on_tried(self, event: ContractForm.Tried) -> None:
        """Say what it would do."""
        await self._try(event.request)

    @on(ContractForm.Sent)
    @work(exclusive=True, group="contracts")
    async def on_sent(self, event: ContractForm.Sent) -> None:
        """Try it, then review, sign and send; what would fail is not sent."""
        tried = await self._try(event.request)
        if tried is None:
            return
        action, trial = tried
        name = "a new contract" if isinstance(action, Create) else self._get_holders().describe(action.contract)
        note = f"gas up to {format_count(trial.gas_limit)}; what it does not use comes back"
        if action.amount:
            note += f"; {format_coins(action.amount)} go along"
        if await self.wallet.send_action(action, trial.gas_limit, name, note):
            self.answer("sent: it shows under Calls once a block has it", "good")

    async def _try(self, request: Request) -> tuple[Create | Call, Trial] | None:
        """Say what it would do; return it when it would succeed."""
        subject, wallet, session = self._subject, self.wallet, self.session
        account = wallet.wallets.account
        if subject is None:
            return None
        if account is None:
            self.answer("make a wallet first (3, then w): whoever calls must sign", "bad")
            return None
        try:
            arguments, value = self._parse(request)
            action = (
                build_create(subject.artifact, arguments, value)
                if subject.contract is None
                else build_call(subject.contract, request.function, arguments, value)
            )
            simulation, node, at_us = session.simulation, wallet.node, session.cursor_us
            work = partial(try_action, simulation, node, at_us, account, action, subject.artifact.abi, self._shelf)
            trial = await run_in_turns(work)
        except ChainroomError as error:
            self.answer(str(error), "bad")
            return None
        if trial.problem:
            self.answer("\n".join(filter(None, (f"it would fail: {trial.problem}", trial.place, trial.advice))), "bad")
            return None
        self._tell_success(trial, request, action)
        return action, trial

    def _tell_success(self, trial: Trial, request: Request, action: Create | Call) -> None:
        """Say what it would do, and whether the account can pay for it."""
        result, subject = trial.result, self._subject
        assert result is not None
        abis = [subject.artifact.abi] if subject is not None else []
        lines = [f"it would succeed, with {format_count(result.gas_used)} gas (limit {format_count(trial.gas_limit)})"]
        for log in result.logs[:MOST_EVENTS]:
            lines += [" ".join(describe_log(log, abi, self._get_holders())) for abi in abis]
        if isinstance(action, Call) and request.function.outputs and result.output:
            values = request.function.decode_output(result.output)
            lines.append(f"answers {', '.join(self._describe_values(request.function, values))}")
        draft = self.wallet.draft_action(action, trial.gas_limit)
        problem = self._find_hindrance(draft)
        if draft is not None:
            lines.append(f"fee about {format_coins(draft.fee)}, at most {format_coins(draft.max_fee)}")
        if problem:
            lines.append(f"but it cannot be sent: {problem}")
        self.answer("\n".join(lines), "bad" if problem else "good")

    def _find_hindrance(self, draft: Draft | None) -> str:
        """Return why what would succeed can still not be sent, and what to do; empty when it can."""
        account = self.wallet.wallets.account
        if account is None or draft is None:
            return "this account has no key here: choose another on the wallet screen (3)"
        if draft.problem is None:
            return self.wallet.find_hindrance(self.session, account)
        return f"{draft.problem.message}. {get_advice(draft.problem.rule)}"


def _parse_argument(parameter: Parameter, text: str, resolve: Resolve) -> Any:
    try:
        return parse_value(parameter.type, text, resolve)
    except InvalidInput as error:
        thing = f"{parameter.name}, {error.thing}" if parameter.name else error.thing
        raise InvalidInput(thing, error.value, error.allowed) from None
