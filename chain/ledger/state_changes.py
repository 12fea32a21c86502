"""What a block has changed so far, beside the state it began with; and the same as the Ethereum machine wants it.

Changes are gathered in plain dictionaries and written into the Merkle map once a block. What is refused never gets in.
"""

from collections.abc import Callable, Iterable

from chain.contracts.evm.host import Account as MachineAccount
from chain.ledger.state import EMPTY_ACCOUNT, Account, State
from chain.units import Address, Hash


class StateChanges:
    """A state on its way to the next one."""

    __slots__ = ("accounts", "codes", "parent", "storage")

    def __init__(self, parent: State) -> None:
        self.parent = parent
        self.accounts: dict[Address, Account] = {}
        self.codes: dict[Address, bytes] = {}
        self.storage: dict[tuple[Address, int], int] = {}

    def get_account(self, address: Address) -> Account:
        """Return an account as it is now."""
        return self.accounts.get(address) or self.parent.get_account(address)

    def credit(self, address: Address, amount: int) -> None:
        """Add units to an account."""
        if amount:
            account = self.get_account(address)
            self.accounts[address] = Account(account.nonce, account.balance + amount)

    def get_code(self, address: Address) -> bytes:
        """Return a contract's code as it is now."""
        code = self.codes.get(address)
        return self.parent.get_code(address) if code is None else code

    def get_storage(self, address: Address, place: int) -> int:
        """Return the word at a place of a contract's storage as it is now."""
        word = self.storage.get((address, place))
        return self.parent.get_storage(address, place) if word is None else word

    def build_state(self) -> State:
        """Return the state with all changes written."""
        state = self.parent.put_accounts(self.accounts)
        return state.put_contracts(self.codes, self.storage) if self.codes or self.storage else state


class MachineHost:
    """A state on its way, as the machine's ``Host``."""

    __slots__ = ("_changes", "_get_ancestor_hash")

    def __init__(self, changes: StateChanges, get_ancestor_hash: Callable[[int], Hash]) -> None:
        self._changes, self._get_ancestor_hash = changes, get_ancestor_hash

    def get_account(self, address: Address) -> MachineAccount | None:
        """Return the account, or None for an empty one."""
        account = self._changes.get_account(address)
        return None if account == EMPTY_ACCOUNT else MachineAccount(account.nonce, account.balance)

    def get_code(self, address: Address) -> bytes:
        """Return the account's code."""
        return self._changes.get_code(address)

    def get_storage(self, address: Address, key: int) -> int:
        """Return the word at a place of the account's storage."""
        return self._changes.get_storage(address, key)

    def has_storage(self, address: Address) -> bool:
        """Tell whether any word of the account's storage is not 0."""
        changes = self._changes
        if any(word for (owner, _), word in changes.storage.items() if owner == address):
            return True
        return any((address, place) not in changes.storage for place, _ in changes.parent.iterate_storage(address))

    def get_block_hash(self, number: int) -> Hash:
        """Return the hash of an ancestor."""
        return self._get_ancestor_hash(number)

    def set_account(self, address: Address, account: MachineAccount | None) -> None:
        """Write an account. None removes it with its code and storage, all of which came into being in this block."""
        changes = self._changes
        if account is not None:
            changes.accounts[address] = Account(account.nonce, account.balance)
            return
        changes.accounts[address] = EMPTY_ACCOUNT
        changes.codes[address] = b""
        self._clear([place for owner, place in changes.storage if owner == address], address)

    def _clear(self, places: Iterable[int], address: Address) -> None:
        for place in places:
            self._changes.storage[address, place] = 0

    def set_code(self, address: Address, code: bytes) -> None:
        """Write the account's code."""
        self._changes.codes[address] = code

    def set_storage(self, address: Address, key: int, value: int) -> None:
        """Write the word at a place; 0 removes it."""
        self._changes.storage[address, key] = value
