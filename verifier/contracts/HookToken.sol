// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// A token of 6 decimals for tests: anybody may mint. It calls back whom it is told to, as a hostile token might.
contract HookToken {
    uint8 public constant decimals = 6;
    mapping(address holder => uint256) public balanceOf;
    mapping(address holder => mapping(address spender => uint256)) public allowance;
    address private hookTarget;
    bytes private hookData;
    bool private isFalse;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        return true;
    }

    /// From now on each transfer calls `target`, and reverts as it does.
    function setHook(address target, bytes calldata data) external {
        (hookTarget, hookData) = (target, data);
    }

    /// From now on transfers move nothing and return false.
    function fail() external {
        isFalse = true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (isFalse) return false;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        if (hookTarget != address(0)) {
            (bool ok, bytes memory reason) = hookTarget.call(hookData);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(reason, 32), mload(reason))
                }
            }
        }
        return true;
    }
}
