// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

error Poor(address who, uint256 has, uint256 needs);

struct Entry {
    address owner;
    uint96 weight;
    uint256 amount;
}

library Adding {
    function add(uint256 a, uint256 b) internal pure returns (uint256) { return a + b; }
}

contract Ledger {
    event Put(address indexed owner, uint256 amount);

    address public immutable maker;
    uint128 public small;
    bool public open;
    string public title;
    mapping(address => uint256) public balances;
    mapping(address => mapping(uint256 => Entry)) public entries;
    uint256[] public list;
    address[3] public three;
    mapping(string => uint256) public byName;

    constructor(string memory title_, uint128 small_) {
        maker = msg.sender;
        title = title_;
        small = small_;
        open = true;
    }

    function put(uint256 id) external payable {
        require(open, "closed");
        balances[msg.sender] += msg.value;
        entries[msg.sender][id] = Entry(msg.sender, 7, msg.value);
        list.push(msg.value);
        three[1] = msg.sender;
        byName["gold"] += 1;
        emit Put(msg.sender, msg.value);
    }

    function take(uint256 amount) external {
        uint256 has = balances[msg.sender];
        if (has < amount) revert Poor(msg.sender, has, amount);
        balances[msg.sender] = has - amount;
        (bool done,) = msg.sender.call{value: amount}("");
        require(done);
    }

    function half(uint256 a) external pure returns (uint256) { assert(a % 2 == 0); return a / 2; }
    function less(uint256 a, uint256 b) external returns (uint256) { small = uint128(a - b); return a - b; }
    function less(uint256 a) external returns (uint256) { small = uint128(a - 1); return a - 1; }
}
