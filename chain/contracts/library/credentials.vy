# pragma version ^0.4.0
"""
Credentials: what an issuer says of somebody, so that parts of it can be shown and the rest stays unknown.

A university, a town hall, a bank write down claims such as "name: Ada" or "born: 1815-12-10". Only one hash comes
here: the root of a tree whose leaves are the hashes of one claim each, mixed with a secret salt. The holder keeps
claims and salts. To show one claim, the holder gives name, value, salt and the hashes beside the way up to the root;
of the other claims that tells nothing, since nobody can guess a salt. The issuer can revoke a credential at any time.

Ask verify() as a call to your own node, not as a transaction: then nobody else learns what was shown.
The tree is built off-chain by chain/contracts/selective_disclosure.py.
"""

struct Credential:
    issuer: address
    subject: address
    root: bytes32
    expires_s: uint256
    is_revoked: bool

struct Claim:
    name: String[32]
    value: String[96]
    salt: bytes32
    place: uint256                      # of the leaf, from 0
    path: DynArray[bytes32, MAX_LEVELS]  # the hashes beside the way up, from the leaf

event Issued:
    credential: indexed(uint256)
    issuer: indexed(address)
    subject: indexed(address)
    root: bytes32
    expires_s: uint256

event Revoked:
    credential: indexed(uint256)
    reason: String[64]

MAX_LEVELS: constant(uint256) = 8  # up to 256 claims
MAX_CLAIMS: constant(uint256) = 16

credentials: public(HashMap[uint256, Credential])
credential_count: public(uint256)


@external
def issue(subject: address, root: bytes32, expires_s: uint256) -> uint256:
    """As any issuer: put down a credential's root, and return its number. Whom to believe is the reader's choice."""
    assert subject != empty(address), "no subject"
    assert root != empty(bytes32), "no root"
    assert expires_s > block.timestamp, "expired already"
    credential: uint256 = self.credential_count
    self.credential_count = credential + 1
    self.credentials[credential] = Credential(
        issuer=msg.sender, subject=subject, root=root, expires_s=expires_s, is_revoked=False
    )
    log Issued(credential=credential, issuer=msg.sender, subject=subject, root=root, expires_s=expires_s)
    return credential


@external
def revoke(credential: uint256, reason: String[64]):
    """As its issuer: take a credential back for ever."""
    assert msg.sender == self.credentials[credential].issuer, "not the issuer"
    assert not self.credentials[credential].is_revoked, "revoked already"
    self.credentials[credential].is_revoked = True
    log Revoked(credential=credential, reason=reason)


@external
@view
def is_valid(credential: uint256) -> bool:
    """Tell whether there is such a credential, neither revoked nor expired."""
    return self._is_valid(credential)


@external
@view
def verify(credential: uint256, claims: DynArray[Claim, MAX_CLAIMS]) -> bool:
    """Tell whether the credential is valid and all shown claims are in it."""
    if not self._is_valid(credential) or len(claims) == 0:
        return False
    for claim: Claim in claims:
        if self._compute_root(claim) != self.credentials[credential].root:
            return False
    return True


@internal
@view
def _is_valid(credential: uint256) -> bool:
    found: Credential = self.credentials[credential]
    return found.issuer != empty(address) and not found.is_revoked and block.timestamp < found.expires_s


@internal
@pure
def _compute_root(claim: Claim) -> bytes32:
    """Return the root of the tree in which the claim would be; no root at all when the place is beyond the tree."""
    # The first byte tells leaves from nodes, so that nobody can pass off one for the other.
    node: bytes32 = keccak256(concat(b"\x00", abi_encode(claim.name, claim.value, claim.salt)))
    place: uint256 = claim.place
    for partner: bytes32 in claim.path:
        if place % 2 == 0:
            node = keccak256(concat(b"\x01", node, partner))
        else:
            node = keccak256(concat(b"\x01", partner, node))
        place //= 2
    return node if place == 0 else empty(bytes32)
