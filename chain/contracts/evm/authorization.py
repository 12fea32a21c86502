"""Accounts that lend themselves a code: the signed consents a set-code transaction carries (EIP-7702).

Each consent names a chain (0 for any), the account whose code shall run, and the signer's nonce. One that does not
hold is passed over, and paid for all the same. The change stays even if the call after it fails.

Source: EIP-7702; ``set_delegation`` and ``recover_authority`` of the executable specification, fork Prague.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from chain.contracts.addresses import encode_rlp_bytes, encode_rlp_list, encode_rlp_number
from chain.contracts.evm.gas import AUTHORIZATION_REFUND, MAX_NONCE
from chain.contracts.evm.host import ZERO_ADDRESS
from chain.contracts.evm.journal import DELEGATION_PREFIX, EMPTY, Journal, get_delegate
from chain.contracts.evm.message import Authorization
from chain.contracts.keccak import compute_keccak

CURVE_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Number of points of secp256k1."""
_MAGIC: Final = b"\x05"


@cache
def _load_recover() -> Callable[[bytes, bytes], bytes]:
    from coincurve import PublicKey

    def recover(signature: bytes, digest: bytes) -> bytes:
        return PublicKey.from_signature_and_message(signature, digest, hasher=None).format(compressed=False)

    return recover


def recover_address(digest: bytes, y_parity: int, r: int, s: int) -> bytes | None:
    """Return the address that signed a digest with secp256k1; None where there is none. The parity is 0 or 1."""
    if not 0 < r < CURVE_ORDER or not 0 < s < CURVE_ORDER:
        return None
    try:
        key = _load_recover()(r.to_bytes(32) + s.to_bytes(32) + bytes([y_parity]), digest)
    except Exception:  # the library says "no such key" with a bare Exception
        return None
    return compute_keccak(key[1:])[12:]


def recover_authority(consent: Authorization) -> int | None:
    """Return who signed a consent; None when the signature is not valid. Only its low half of ``s`` is."""
    if consent.y_parity not in (0, 1) or consent.s > CURVE_ORDER // 2:
        return None
    fields = (
        encode_rlp_number(consent.chain_id),
        encode_rlp_bytes(consent.target),
        encode_rlp_number(consent.nonce),
    )
    digest = compute_keccak(_MAGIC + encode_rlp_list(*fields))
    address = recover_address(digest, consent.y_parity, consent.r, consent.s)
    return None if address is None else int.from_bytes(address)


def apply_authorization(journal: Journal, chain_id: int, consent: Authorization) -> None:
    """Point the signer's account to the code it asks for, count its nonce, and refund what no new account costs."""
    if consent.chain_id not in (0, chain_id) or consent.nonce >= MAX_NONCE:
        return
    authority = recover_authority(consent)
    if authority is None:
        return
    journal.warm[authority] = True
    account = journal.get(authority)
    if (account.code and get_delegate(account.code) is None) or account.nonce != consent.nonce:
        return
    if account != EMPTY:
        journal.refund += AUTHORIZATION_REFUND
    code = b"" if consent.target == ZERO_ADDRESS else DELEGATION_PREFIX + consent.target
    journal.put_account(authority, account.nonce + 1, account.balance, code)
