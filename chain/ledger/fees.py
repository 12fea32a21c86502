"""What gas costs: EIP-1559's base fee, intrinsic gas, and the tip that is left for the proposer.

A block may use twice its target of gas; after a full block the base fee rises by an eighth, after an empty one it falls
by an eighth, so demand settles around the target. The base fee is burned, which leaves a proposer nothing to gain from
filling its own blocks. Sources: EIP-1559, section Specification; EIP-2028 for the price of a byte.

Simplification: the gas limit is a parameter of the run, where Ethereum lets proposers move it by 1/1024 a block; the
floor price for data (EIP-7623) holds for contracts only.
"""

from typing import Final

from chain.contracts.evm import gas as evm_gas
from chain.ledger.actions import Action, Batch, Call, Create
from chain.ledger.parameters import TRANSFER_GAS
from chain.ledger.policy import Policy

ELASTICITY_MULTIPLIER: Final = 2
"""Gas limit over gas target. Source: EIP-1559."""
BASE_FEE_MAX_CHANGE_DENOMINATOR: Final = 8
"""The base fee changes by at most one part in this many. Source: EIP-1559."""
PAYLOAD_BYTE_GAS: Final = 16
"""Gas of a byte that an action brings along, such as of a memo. Source: EIP-2028, a non-zero byte of calldata."""
MORE_TRANSFER_GAS: Final = 9_000
"""Gas of each transfer of a batch after the first. Source: Yellow Paper, appendix G, G_callvalue."""
SIGNATURE_GAS: Final = 3_000
"""Gas of each signature of a policy after the first. Source: Yellow Paper, appendix E.1, the price of ecrecover."""


def compute_base_fee(parent_gas_limit: int, parent_gas_used: int, parent_base_fee_per_gas: int) -> int:
    """Return the base fee, in units per gas, of a block from the numbers of its parent. Exactly EIP-1559."""
    target = parent_gas_limit // ELASTICITY_MULTIPLIER
    difference = abs(parent_gas_used - target)
    change = parent_base_fee_per_gas * difference // target // BASE_FEE_MAX_CHANGE_DENOMINATOR
    if parent_gas_used > target:
        return parent_base_fee_per_gas + max(change, 1)
    return parent_base_fee_per_gas - change


def compute_intrinsic_gas(action: Action, authority: bytes | Policy = b"") -> int:
    """Return the gas an action uses before any code runs, which for all but contracts is all it uses.

    With the authority of its sender: what the signatures beyond the first cost is added.
    """
    more = SIGNATURE_GAS * (authority.threshold - 1) if isinstance(authority, Policy) else 0
    match action:
        case Create(_, data) | Call(_, _, data):
            return more + max(evm_gas.compute_intrinsic_gas(data, isinstance(action, Create), 0, 0))
        case Batch(transfers):
            more += MORE_TRANSFER_GAS * (len(transfers) - 1)
    return more + TRANSFER_GAS + PAYLOAD_BYTE_GAS * action.payload_size


def compute_effective_tip(max_fee_per_gas: int, max_tip_per_gas: int, base_fee_per_gas: int) -> int:
    """Return the units per gas a proposer would get; negative when the fee cap does not reach the base fee."""
    return min(max_tip_per_gas, max_fee_per_gas - base_fee_per_gas)
