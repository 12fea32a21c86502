"""A simulated account holder: knows its own key and which of its payments are still under way."""

from chain.crypto.signatures import get_public_key
from chain.ledger.actions import Action
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.units import Address, TimeUs
from chain.wallet.address import compute_address
from chain.wallet.secret import Secret


class Signer:
    """Signs what one account sends, with consecutive nonces, from what its node knows."""

    __slots__ = ("_seed", "_sent", "address", "public_key")

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self.public_key = get_public_key(seed)
        self.address: Address = compute_address(self.public_key)
        self._sent: list[tuple[int, int, int]] = []  # (nonce, time, cost) of what is not yet in a block

    def __repr__(self) -> str:
        return f"Signer({self.address.hex()})"

    def get_key(self) -> Secret[bytes]:
        """Return the private key, to sign with it what is no transaction."""
        return Secret(self._seed)

    def update(self, account_nonce: int, now_us: TimeUs, expiry_us: int) -> tuple[int, int, int]:
        """Forget what has been included or has expired; return next nonce, number under way, and what they cost."""
        sent = [entry for entry in self._sent if entry[0] >= account_nonce]
        if sent and (sent[0][0] > account_nonce or now_us - sent[0][1] >= expiry_us):
            sent = []  # the first one is lost, and with it all that wait for it
        self._sent = sent
        return (sent[-1][0] + 1 if sent else account_nonce), len(sent), sum(cost for _, _, cost in sent)

    def sign(
        self, chain_id: int, nonce: int, action: Action, base_fee: int, tip: int, gas_limit: int | None = None
    ) -> SignedTransaction:
        """Return a signed transaction that stays valid while the base fee at most doubles."""
        gas_limit = compute_intrinsic_gas(action) if gas_limit is None else gas_limit
        unsigned = Transaction(chain_id, self.public_key, nonce, gas_limit, 2 * base_fee + tip, tip, action)
        return sign_transaction(unsigned, self._seed)

    def note_sent(self, nonce: int, now_us: TimeUs, cost: int) -> None:
        """Remember a transaction handed to the network, and what it costs at most."""
        self._sent.append((nonce, now_us, cost))

    def forget_last(self) -> None:
        """Forget the transfer handed over last: it was refused for good."""
        self._sent = self._sent[:-1]

    def copy(self) -> "Signer":
        """Return an independent signer in the same state."""
        other = Signer.__new__(Signer)
        other._seed, other.public_key, other.address = self._seed, self.public_key, self.address
        other._sent = self._sent.copy()
        return other
