// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface IERC20 {
    function decimals() external view returns (uint8);
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// ERC-20 (EIP-20) transfers that either move exactly the amount or revert. Tokens that return nothing will do.
library Token {
    error TransferFailed();
    error AmountNotExact(uint256 gotE6, uint256 expectedE6); // the token takes a fee, or mints on the way

    /// Takes `amount` from `from`; reverts unless the balance here rose by just that.
    function pull(IERC20 token, address from, uint256 amount) internal {
        uint256 before = token.balanceOf(address(this));
        _call(token, abi.encodeCall(IERC20.transferFrom, (from, address(this), amount)));
        uint256 got = token.balanceOf(address(this)) - before;
        if (got != amount) revert AmountNotExact(got, amount);
    }

    /// Sends `amount` to `to`.
    function push(IERC20 token, address to, uint256 amount) internal {
        _call(token, abi.encodeCall(IERC20.transfer, (to, amount)));
    }

    function _call(IERC20 token, bytes memory data) private {
        (bool ok, bytes memory answer) = address(token).call(data);
        // an address without code succeeds and answers nothing; `pull` asks for its balance first, which then reverts
        if (!ok || (answer.length != 0 && !abi.decode(answer, (bool)))) revert TransferFailed();
    }
}
