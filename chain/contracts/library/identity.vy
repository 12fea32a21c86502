# pragma version ^0.4.0
"""
Identity: every address is an identity, and this is where the world looks up who speaks for it.

An identity keeps its name, the address, for ever, while what it is controlled with may change: its controller may be
replaced, and it lists the keys that sign for it, each for a purpose and a time. Who loses the controller's key can be
helped by a guardian, named beforehand; a guardian who cheats is seen, and has to wait long enough to be stopped.

The idea and the events are those of ERC-1056, "Ethereum Lightweight Identity" (did:ethr), in fewer words.
"""

struct Recovery:
    controller: address    # who is to control it
    ready_s: uint256       # from when on

event ControllerChanged:
    identity: indexed(address)
    controller: indexed(address)

event KeyAdded:
    identity: indexed(address)
    key: indexed(bytes32)
    purpose: uint256
    until_s: uint256

event KeyRevoked:
    identity: indexed(address)
    key: indexed(bytes32)
    purpose: uint256

event GuardianChanged:
    identity: indexed(address)
    guardian: indexed(address)

event RecoveryAsked:
    identity: indexed(address)
    controller: indexed(address)
    ready_s: uint256

event RecoveryRefused:
    identity: indexed(address)

AUTHENTICATION: public(constant(uint256)) = 1  # a key's purpose: to prove that the identity itself is speaking
ASSERTION: public(constant(uint256)) = 2       # to sign what the identity says of others, such as credentials
RECOVERY_S: public(constant(uint256)) = 3 * 24 * 3600

controllers: HashMap[address, address]
key_until_s: public(HashMap[address, HashMap[bytes32, HashMap[uint256, uint256]]])
guardians: public(HashMap[address, address])
recoveries: public(HashMap[address, Recovery])


@external
@view
def get_controller(identity: address) -> address:
    """Return who speaks for an identity: itself, until it says otherwise."""
    return self._get_controller(identity)


@external
@view
def is_valid_key(identity: address, key: bytes32, purpose: uint256) -> bool:
    """Tell whether a key signs for the identity now."""
    return block.timestamp < self.key_until_s[identity][key][purpose]


@external
def change_controller(identity: address, controller: address):
    """As the controller: let another address speak for the identity from now on."""
    self._check_controller(identity)
    assert controller != empty(address), "no controller"
    self._set_controller(identity, controller)


@external
def add_key(identity: address, key: bytes32, purpose: uint256, for_s: uint256):
    """As the controller: let a public key sign for the identity, for a while."""
    self._check_controller(identity)
    assert purpose in [AUTHENTICATION, ASSERTION], "no such purpose"
    assert for_s > 0, "no time"
    until_s: uint256 = block.timestamp + for_s
    self.key_until_s[identity][key][purpose] = until_s
    log KeyAdded(identity=identity, key=key, purpose=purpose, until_s=until_s)


@external
def revoke_key(identity: address, key: bytes32, purpose: uint256):
    """As the controller: let a key sign no longer."""
    self._check_controller(identity)
    assert block.timestamp < self.key_until_s[identity][key][purpose], "not a valid key"
    self.key_until_s[identity][key][purpose] = block.timestamp
    log KeyRevoked(identity=identity, key=key, purpose=purpose)


@external
def set_guardian(identity: address, guardian: address):
    """As the controller: name who may help when the controller's key is lost; nobody takes it back."""
    self._check_controller(identity)
    self.guardians[identity] = guardian
    self.recoveries[identity] = empty(Recovery)
    log GuardianChanged(identity=identity, guardian=guardian)


@external
def ask_recovery(identity: address, controller: address):
    """As the guardian: ask for a new controller. Until RECOVERY_S have passed the present one can refuse."""
    assert msg.sender == self.guardians[identity], "not the guardian"
    assert controller != empty(address), "no controller"
    ready_s: uint256 = block.timestamp + RECOVERY_S
    self.recoveries[identity] = Recovery(controller=controller, ready_s=ready_s)
    log RecoveryAsked(identity=identity, controller=controller, ready_s=ready_s)


@external
def refuse_recovery(identity: address):
    """As the controller: be still there, and say so."""
    self._check_controller(identity)
    assert self.recoveries[identity].ready_s != 0, "nothing was asked"
    self.recoveries[identity] = empty(Recovery)
    log RecoveryRefused(identity=identity)


@external
def finish_recovery(identity: address):
    """As anybody: put the new controller in place once the time has passed and nobody refused."""
    recovery: Recovery = self.recoveries[identity]
    assert recovery.ready_s != 0, "nothing was asked"
    assert block.timestamp >= recovery.ready_s, "too early"
    self._set_controller(identity, recovery.controller)


@internal
@view
def _get_controller(identity: address) -> address:
    controller: address = self.controllers[identity]
    return identity if controller == empty(address) else controller


@internal
@view
def _check_controller(identity: address):
    assert msg.sender == self._get_controller(identity), "not the controller"


@internal
def _set_controller(identity: address, controller: address):
    self.controllers[identity] = controller
    self.recoveries[identity] = empty(Recovery)  # what was asked of the old one does not bind the new one
    log ControllerChanged(identity=identity, controller=controller)
