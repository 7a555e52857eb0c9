// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// An ERC-20 of 6 decimals for tests that misbehaves on demand. Anyone mints and burns. Never deploy it for value.
contract TestToken {
    string public constant name = "Test USD";
    string public constant symbol = "tUSD";
    uint8 public decimals = 6;

    error Blocked(address account);

    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 public totalSupply;
    mapping(address => bool) public isBlocked; // receives nothing
    // one slot, so that behaving well costs a transfer one read
    uint32 public feePpm; // kept back from every transfer
    bool public isSilent; // returns nothing, as some old tokens do
    bool public isFalse; // returns false, as others do instead of reverting
    address public hookTarget; // called before every transfer
    bytes public hookData;
    bytes public hookAnswer; // what the last call of the hook answered

    event Transfer(address indexed from, address indexed to, uint256 amount);
    event Approval(address indexed owner, address indexed spender, uint256 amount);

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
        totalSupply += amount;
        emit Transfer(address(0), to, amount);
    }

    function burn(address from, uint256 amount) external {
        balanceOf[from] -= amount;
        totalSupply -= amount;
        emit Transfer(from, address(0), amount);
    }

    function setBlocked(address account, bool isBlocked_) external {
        isBlocked[account] = isBlocked_;
    }

    function setDecimals(uint8 decimals_) external {
        decimals = decimals_;
    }

    function misbehave(uint32 feePpm_, bool isSilent_, bool isFalse_) external {
        (feePpm, isSilent, isFalse) = (feePpm_, isSilent_, isFalse_);
    }

    function setHook(address target, bytes calldata data) external {
        (hookTarget, hookData) = (target, data);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        if (hookTarget != address(0)) (, hookAnswer) = hookTarget.call(hookData);
        if (isFalse) return false;
        if (isBlocked[to]) revert Blocked(to);
        uint256 fee = amount * feePpm / 1_000_000;
        balanceOf[from] -= amount;
        balanceOf[to] += amount - fee;
        if (fee != 0) totalSupply -= fee;
        emit Transfer(from, to, amount - fee);
        if (isSilent) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return true;
    }
}
