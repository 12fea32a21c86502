"""Accounts of several keys, or locked until a time: making them, collecting signatures, signing."""

from textual import work

from app.moments import ALLOWED, parse_moment
from app.payments import Draft
from app.present.words import format_clock
from app.proposals import Proposal, build_proposal, combine, finish, parse_proposal, sign_proposal
from app.screens.wallet_forms import Field, FormDialog, TextDialog, Values, read_text
from app.screens.wallet_money import Outcome
from app.screens.wallet_proposal import ProposalDialog
from app.screens.wallet_safety import WalletSafety
from app.storage.accounts import Account
from app.widgets.text import clean
from chain.errors import ChainroomError, InvalidInput
from chain.ledger.policy import MAX_POLICY_KEYS, Policy, build_policy
from chain.ledger.transaction import SignedTransaction


class WalletShared(WalletSafety):
    """The flows of shared accounts, and every signature; the other payments build on it."""

    # Accounts of several keys ----------------------------------------------------------------------------------------

    @work(exclusive=True, group="wallet")
    async def action_show_key(self) -> None:
        """Show the public key, to give to others."""
        account = self._need_account()
        if account is None or account.public_key is None:
            self.app.tell("this account has no key of its own")
            return
        lead = f"The public key of {clean(account.label, 40)}: not secret. Others put it into a shared account."
        await self._ask(TextDialog("Public key", lead, account.public_key.hex(), file_name="public-key.txt"))

    @work(exclusive=True, group="wallet")
    async def action_add_shared(self) -> None:
        """Make an account of which several keys decide."""
        if self._need_account() is None:
            return
        lead = (
            "First line: how many must sign. Then a line for each key: a public key, or the name of an account of "
            "yours. The same keys and number give everybody the same account. Lines with # do not count."
        )
        known = [f"# {clean(it.label, 40)}" for it in self.wallets.get_all() if it.public_key is not None]
        text = "\n".join(["2", *known]) + "\n"
        policy = await self._ask(TextDialog("New shared account", lead, text, "Make", self._read_policy))
        if isinstance(policy, Policy):
            await self._add_policy(policy, f"{policy.threshold} of {len(policy.public_keys)}")

    def _read_policy(self, text: str) -> Policy:
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
        if not lines or not (lines[0].isascii() and lines[0].isdecimal()):
            raise InvalidInput("first line", lines[0] if lines else "", "the number of keys that must sign, such as 2")
        if not 2 <= len(lines) <= MAX_POLICY_KEYS + 1:
            raise InvalidInput("number of keys", len(lines) - 1, f"1 to {MAX_POLICY_KEYS}, a line each")
        return build_policy(int(lines[0][:9]), tuple(self._find_key(line) for line in lines[1:]))

    def _find_key(self, text: str) -> bytes:
        for account in self.wallets.get_all():
            if account.public_key is not None and text in (account.label, account.address_text):
                return account.public_key
        try:
            key = bytes.fromhex(text)
        except ValueError:
            key = b""
        if len(key) != 32:
            raise InvalidInput("public key", text, "64 hexadecimal digits, or the name of an account with a key")
        return key

    @work(exclusive=True, group="wallet")
    async def action_add_locked(self) -> None:
        """Make an account from which nobody can pay before a time."""
        account = self._need_account()
        if account is None or account.public_key is None:
            self.app.tell("choose an account with a key of its own first: its key opens the locked one later")
            return
        key = account.public_key

        def read(values: Values) -> Policy:
            at_us, _ = parse_moment(values["until"], self.session.now_us)
            if at_us is None:
                raise InvalidInput("moment", values["until"], "a time, such as in 1h or day 1 08:00; not a block")
            return build_policy(1, (key,), at_us)

        lead = (
            f"What is paid to it can be paid on only with the key of {clean(account.label, 40)}, and in no block "
            "before that time: the chain itself refuses. You too cannot change your mind."
        )
        policy = await self._ask(
            FormDialog(
                "New time-locked account", lead, [Field("until", "locked until", "in 1h", ALLOWED)], "Go on", read
            )
        )
        if isinstance(policy, Policy):
            await self._add_policy(policy, f"until {format_clock(policy.not_before_us)[:16]}")

    async def _add_policy(self, policy: Policy, label: str) -> None:
        lead = "This is its address; whoever pays there pays into the account:"
        field = Field("label", "name", label[:40])
        await self._ask(
            FormDialog(
                "Name the account",
                f"{lead}\n{Account(0, '', policy.address, None, None).address_text}",
                [field],
                "Add",
                lambda values: self.wallets.add_policy(policy, values["label"]),
            )
        )

    @work(exclusive=True, group="wallet")
    async def action_open_proposal(self) -> None:
        """Read a partly signed payment."""
        lead = "Paste the whole text, from { to }. From a file: leave it empty and press f2."
        result = await self._ask(TextDialog("Partly signed payment", lead, "", "Open", _read_proposal))
        if result == "file":
            field = Field("path", "file", "", "~/payment-1-signed.json")
            result = await self._ask(
                FormDialog(
                    "Partly signed payment", "The file that somebody handed on.", [field], "Open",
                    lambda values: parse_proposal(read_text(values["path"])),
                )
            )  # fmt: skip
        if isinstance(result, Proposal):
            await self._collect(result)

    async def _collect(self, proposal: Proposal) -> Outcome:
        """Collect signatures until the payment is sent or the person goes back."""
        problem = ""
        while True:
            signers = self._get_signers(proposal)
            dialog = ProposalDialog(proposal, self._name_signers(proposal.policy), bool(signers), problem)
            choice, problem = await self.app.push_screen_wait(dialog), ""
            try:
                if choice == "sign" and await self._unlock("Signing needs the keys of this wallet."):
                    for account in signers:
                        proposal = sign_proposal(proposal, self.wallets.get_key(account))
                elif choice in ("more", "file"):
                    proposal = await self._ask_more(proposal, is_file=choice == "file")
                elif choice == "send":
                    signed = finish(proposal)
                    return "sent" if self._submit(self._get_draft(proposal), signed) else "refused"
                elif choice is None:
                    return "kept"
            except ChainroomError as error:
                problem = str(error)

    async def _ask_more(self, proposal: Proposal, *, is_file: bool) -> Proposal:
        def join(text: str) -> Proposal:
            return combine([proposal, parse_proposal(text)])

        title = "Take in signatures"
        if is_file:
            field = Field("path", "file", "", "~/payment-2-signed.json")
            dialog: FormDialog | TextDialog = FormDialog(
                title, "The file that somebody signed.", [field], "Read", lambda it: join(read_text(it["path"]))
            )
        else:
            dialog = TextDialog(title, "Paste the text that somebody signed.", "", "Take in", join)
        result = await self._ask(dialog)
        return result if isinstance(result, Proposal) else proposal

    def _get_signers(self, proposal: Proposal) -> list[Account]:
        mine = self.wallets.get_signers(proposal.policy)
        return [it for it in mine if it.public_key not in proposal.signed_keys][: proposal.missing_count]

    def _name_signers(self, policy: Policy) -> list[str]:
        names = {it.public_key: it.label for it in self.wallets.get_all() if it.public_key is not None}
        return [
            f"{key.hex()[:16]}…  {clean(names[key], 30) + ' (this wallet)' if key in names else 'somebody else'}"
            for key in policy.public_keys
        ]

    def _get_draft(self, proposal: Proposal) -> Draft:
        account = self.wallets.get_account(proposal.policy.address)
        account = account or Account(0, "shared", proposal.policy.address, None, None, policy=proposal.policy)
        return Draft(account, self.node, proposal.transaction, 0, None)

    # Signing ---------------------------------------------------------------------------------------------------------

    def _find_key_account(self, account: Account) -> Account | None:
        """Return the account whose key signs alone for this one; None when others must sign too."""
        if account.policy is None:
            return account if account.path is not None else None
        signers = self.wallets.get_signers(account.policy)
        return signers[0] if account.policy.threshold == 1 and signers else None

    def _sign_alone(self, draft: Draft) -> SignedTransaction | None:
        signer = self._find_key_account(draft.account)
        try:
            if signer is None:
                raise InvalidInput("signatures", 0, "more than this wallet can make")
            if draft.account.policy is None:
                return self.wallets.sign(draft)
            return finish(sign_proposal(build_proposal(draft.transaction), self.wallets.get_key(signer)))
        except ChainroomError as error:
            self.app.tell(f"not signed: {error}", "error")
            return None

    async def sign_and_send(self, draft: Draft) -> Outcome:
        """Sign a reviewed draft and hand it in; with several keys, collect their signatures."""
        if draft.account.policy is not None and self._find_key_account(draft.account) is None:
            return await self._collect(build_proposal(draft.transaction))
        signed = self._sign_alone(draft)
        if signed is None:
            return "kept"
        return "sent" if self._submit(draft, signed) else "refused"


def _read_proposal(text: str) -> Proposal | str:
    return parse_proposal(text) if text.strip() else "file"
