"""How much the API takes: of one request, of one address, of one account. Every number can be set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final

from throttled import RateLimiterType, Throttled
from throttled.rate_limiter import per_sec
from throttled.store import MemoryStore

from rollup.errors import RollupError
from sequencer.node.api.errors import RateExceeded

__all__ = ["ApiLimits", "RateLimits", "name_address"]

_IPV6_NETWORK_BITS: Final = 64  # what one subscriber is given: it may use every address in it


@dataclass(frozen=True)
class ApiLimits:
    """Limits of the API. Rates are a second, with a burst of twice as much."""

    max_body_bytes: int = 1 << 20
    max_header_bytes: int = 16 << 10
    max_message_bytes: int = 1 << 20  # of the WebSocket
    max_in_flight: int = 16  # submissions of one WebSocket that are not answered yet
    max_bad_messages: int = 10  # of one WebSocket, then it is closed
    max_connections: int = 1024
    max_connections_per_address: int = 256
    max_subscribed: int = 256  # accounts, and markets, of one subscription
    max_event_streams: int = 256  # pages that watch
    max_event_streams_per_address: int = 32
    receive_s: float = 10.0  # from the first byte of a request to its last
    keep_alive_s: float = 30.0
    send_s: float = 10.0  # for each part of an answer to be taken by the client's side
    requests_per_s_per_address: int = 5_000
    commands_per_s_per_address: int = 10_000
    commands_per_s_per_account: int = 10_000
    prices_per_s_per_signer: int = 10
    checks_per_s: int = 10  # proofs that the node checks for pages
    checks_per_s_per_address: int = 3
    max_buckets: int = 100_000  # addresses and accounts remembered; the least recently seen is forgotten


class RateLimits:
    """Token buckets (GCRA, the same in closed form: one time a bucket) by address, account, signer; of this process."""

    def __init__(self, limits: ApiLimits) -> None:
        """Start with every bucket full."""
        self._store = MemoryStore(options={"MAX_SIZE": limits.max_buckets})

        def make(what: str, per_s: int) -> _Bucket:
            return _Bucket(what, per_s, self._store, limits.max_buckets)

        self._requests = make("requests of this address", limits.requests_per_s_per_address)
        self._commands = make("commands of this address", limits.commands_per_s_per_address)
        self._accounts = make("commands of account", limits.commands_per_s_per_account)
        self._signers = make("prices of signer", limits.prices_per_s_per_signer)
        self._checks = make("checks of this node", limits.checks_per_s)
        self._checks_of_address = make("checks of this address", limits.checks_per_s_per_address)

    def take_request(self, address: str) -> None:
        """Count one request. Raises RateExceeded."""
        self._requests.take(address, 1)

    def take_commands(self, address: str, count: int) -> None:
        """Count commands, whatever becomes of them. Raises RateExceeded."""
        self._commands.take(address, count)

    def take_check(self, address: str) -> None:
        """Count a proof that is to be checked. Raises RateExceeded."""
        self._checks_of_address.take(address, 1)
        self._checks.take("all", 1)

    def check_account(self, account: int, count: int) -> RollupError | None:
        """Return why this many commands of an account are too many now, None where they are not.

        Counts nothing: whoever signs nothing must not use up what another account may send.
        """
        return self._accounts.check(str(account), count)

    def charge_account(self, account: int, count: int) -> None:
        """Count commands that the node has taken. Those in flight together may pass the limit once, then must wait."""
        self._accounts.drain(str(account), count)

    def check_signer(self, signer: int) -> RollupError | None:
        """Return why one more message of an oracle signer is too many now, None where it is not. Counts nothing."""
        return self._signers.check(str(signer), 1)

    def charge_signer(self, signer: int) -> None:
        """Count a message that the node has taken."""
        self._signers.drain(str(signer), 1)


class _Bucket:
    """Buckets of one rate, by key.

    What a bucket held after its last charge is remembered: it can only have more since, so most checks ask no further.
    """

    def __init__(self, what: str, per_s: int, store: MemoryStore, max_buckets: int) -> None:
        self._what, self._per_s = what, per_s
        self._quota = per_sec(per_s, burst=2 * per_s)
        self._throttled = Throttled(using=RateLimiterType.GCRA.value, quota=self._quota, store=store)
        self._left: dict[str, int] = {}  # at least, by key
        self._max_buckets = max_buckets

    def take(self, key: str, count: int) -> None:
        result = self._throttled.limit(self._spell(key), count)
        if result.limited:
            raise self._refuse(self._what, result.state.retry_after)

    def check(self, key: str, count: int) -> RollupError | None:
        if self._left.get(key, 0) >= count:
            return None
        remaining = self._throttled.peek(self._spell(key)).remaining
        if remaining >= count:
            return None
        return self._refuse(f"{self._what} {key}", (count - remaining) / self._per_s)

    def drain(self, key: str, count: int) -> None:
        spelled = self._spell(key)
        result = self._throttled.limit(spelled, count)
        if result.limited and (left := min(count, self._throttled.peek(spelled).remaining)) > 0:
            result = self._throttled.limit(spelled, left)
        if len(self._left) >= self._max_buckets:
            self._left.clear()
        self._left[key] = 0 if result.limited else result.state.remaining

    def _spell(self, key: str) -> str:
        return f"{self._what} {key}"

    def _refuse(self, what: str, wait_s: float) -> RateExceeded:
        return RateExceeded(what, self._per_s, max(1, -int(-wait_s // 1)))


@lru_cache(maxsize=4096)
def name_address(host: str | None) -> str:
    """Return what stands for a client: its IPv4 address, its IPv6 network of 64 bits, or what is not an address."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> _IPV6_NETWORK_BITS << _IPV6_NETWORK_BITS)}/{_IPV6_NETWORK_BITS}"
