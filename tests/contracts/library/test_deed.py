"""Deeds keep ERC-721: one owner each, approvals for one owner, contracts asked first; see docs/contracts/deed.md."""

import pytest
from stage import ALICE, BOB, CAROL, DAVE, NOBODY, Contract, Reverted, Stage, make_address

from chain.contracts.evm import Account


def build_registry() -> Contract:
    """Alice is the registrar; Bob owns deed 1."""
    deeds = Stage().deploy("deed", ALICE, "Land registry", "LAND")
    assert deeds.send(ALICE, "mint", BOB, "Mill Lane 4").value == 1
    return deeds


def test_the_registrar_writes_deeds_with_a_text() -> None:
    deeds = build_registry()
    assert (deeds.get("ownerOf", 1), deeds.get("balanceOf", BOB), deeds.get("tokenURI", 1)) == (BOB, 1, "Mill Lane 4")
    done = deeds.send(ALICE, "mint", CAROL, "Mill Lane 5")
    assert done.events == [(deeds, "Transfer", {"sender": NOBODY, "receiver": CAROL, "token_id": 2})]
    assert deeds.get("totalSupply") == 2
    assert (deeds.get("name"), deeds.get("symbol"), deeds.get("registrar")) == ("Land registry", "LAND", ALICE)
    with pytest.raises(Reverted, match="no receiver"):
        deeds.send(ALICE, "mint", NOBODY, "nobody's")
    with pytest.raises(Reverted, match="only the registrar"):
        deeds.send(BOB, "mint", BOB, "all of it")


def test_a_deed_has_one_owner() -> None:
    deeds = build_registry()
    deeds.send(BOB, "transferFrom", BOB, CAROL, 1)
    assert (deeds.get("ownerOf", 1), deeds.get("balanceOf", BOB), deeds.get("balanceOf", CAROL)) == (CAROL, 0, 1)
    with pytest.raises(Reverted, match="not the owner"):
        deeds.send(BOB, "transferFrom", BOB, CAROL, 1)


@pytest.mark.parametrize(
    ("sender", "owner", "receiver", "deed", "reason"),
    [
        (CAROL, BOB, CAROL, 1, "not allowed"),
        (ALICE, BOB, ALICE, 1, "not allowed"),
        (BOB, CAROL, BOB, 1, "not the owner"),
        (BOB, BOB, NOBODY, 1, "no receiver"),
        (BOB, BOB, CAROL, 2, "no such deed"),
        (BOB, NOBODY, CAROL, 2, "no such deed"),
    ],
)
def test_what_the_standard_makes_throw(sender: bytes, owner: bytes, receiver: bytes, deed: int, reason: str) -> None:
    deeds = build_registry()
    for name in ("transferFrom", "safeTransferFrom(address,address,uint256)"):
        with pytest.raises(Reverted, match=reason):
            deeds.send(sender, name, owner, receiver, deed)  # type: ignore[arg-type]
    assert deeds.get("ownerOf", 1) == BOB


def test_an_approval_holds_for_one_deed_and_one_owner() -> None:
    deeds = build_registry()
    done = deeds.send(BOB, "approve", CAROL, 1)
    assert done.events == [(deeds, "Approval", {"owner": BOB, "approved": CAROL, "token_id": 1})]
    with pytest.raises(Reverted, match="not allowed"):
        deeds.send(CAROL, "approve", DAVE, 1)  # who is approved may hand the deed on, not the approval
    deeds.send(CAROL, "transferFrom", BOB, DAVE, 1)
    assert deeds.get("getApproved", 1) == NOBODY
    with pytest.raises(Reverted, match="not allowed"):
        deeds.send(CAROL, "transferFrom", DAVE, CAROL, 1)


def test_an_operator_acts_for_all_deeds_of_an_owner() -> None:
    deeds = build_registry()
    deeds.send(ALICE, "mint", BOB, "Mill Lane 6")
    deeds.send(BOB, "setApprovalForAll", CAROL, True)
    deeds.send(CAROL, "approve", DAVE, 1)
    deeds.send(CAROL, "transferFrom", BOB, CAROL, 2)
    deeds.send(BOB, "setApprovalForAll", CAROL, False)
    with pytest.raises(Reverted, match="not allowed"):
        deeds.send(CAROL, "transferFrom", BOB, CAROL, 1)
    deeds.send(DAVE, "transferFrom", BOB, DAVE, 1)


def test_a_contract_that_does_not_take_deeds_is_not_sent_one() -> None:
    """A token knows nothing of deeds: sent safely, the deed stays; sent carelessly, it is lost."""
    deeds = build_registry()
    token = deeds.stage.deploy("token", ALICE, "Coin", "CN", 2, 1)
    with pytest.raises(Reverted):
        deeds.send(BOB, "safeTransferFrom(address,address,uint256)", BOB, token, 1)
    assert deeds.get("ownerOf", 1) == BOB
    deeds.send(BOB, "transferFrom", BOB, token, 1)
    assert deeds.get("ownerOf", 1) == token.address


def test_a_contract_is_told_with_the_senders_data_and_may_refuse() -> None:
    """A fraction takes the deed it is for, and no other."""
    deeds = build_registry()
    deeds.send(ALICE, "mint", BOB, "another")
    fraction = deeds.stage.deploy("fraction", BOB, deeds, 1, "Mill Lane 4", "ML4", 100)
    with pytest.raises(Reverted, match="another deed"):
        deeds.send(BOB, "safeTransferFrom(address,address,uint256,bytes)", BOB, fraction, 2, b"take it")
    deeds.send(BOB, "safeTransferFrom(address,address,uint256,bytes)", BOB, fraction, 1, b"take it")
    assert deeds.get("ownerOf", 1) == fraction.address


@pytest.mark.parametrize("answer", ["150b7a02", "f0b9e5ba", "00000000"])
def test_a_contract_takes_a_deed_by_the_answer_of_the_standard(answer: str) -> None:
    """`onERC721Received` answers with its own name; what answers anything else, with success, takes nothing."""
    deeds = build_registry()
    receiver = make_address(99)
    code = b"\x63" + bytes.fromhex(answer) + bytes.fromhex("60e01b5f5260205ff3")  # always answers these four bytes
    deeds.stage.host.accounts[receiver] = Account(1, 0)
    deeds.stage.host.codes[receiver] = code
    if answer == "150b7a02":
        deeds.send(BOB, "safeTransferFrom(address,address,uint256)", BOB, receiver, 1)
        assert deeds.get("ownerOf", 1) == receiver
        return
    with pytest.raises(Reverted, match="not taken"):
        deeds.send(BOB, "safeTransferFrom(address,address,uint256)", BOB, receiver, 1)
    assert deeds.get("ownerOf", 1) == BOB


def test_what_was_never_written_has_no_owner() -> None:
    deeds = build_registry()
    for name in ("ownerOf", "getApproved", "tokenURI"):
        with pytest.raises(Reverted, match="no such deed"):
            deeds.get(name, 2)
    with pytest.raises(Reverted, match="no owner"):
        deeds.get("balanceOf", NOBODY)


@pytest.mark.parametrize(
    ("interface", "spoken"),
    [("01ffc9a7", True), ("80ac58cd", True), ("5b5e139f", True), ("ffffffff", False), ("780e9d63", False)],
)
def test_the_interfaces_spoken_are_told(interface: str, spoken: bool) -> None:
    """ERC-165, ERC-721 and its metadata; not the enumeration."""
    deeds = build_registry()
    assert deeds.get("supportsInterface", bytes.fromhex(interface)) is spoken
