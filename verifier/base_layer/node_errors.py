"""What may befall a base layer that is a node somewhere else."""

from __future__ import annotations

from dataclasses import dataclass

from verifier.base_layer.errors import BaseLayerError


@dataclass(eq=False)
class NodeUrlInvalid(BaseLayerError):
    """The address of a node is not one that this client would talk to."""

    code = "node_url_invalid"
    reason: str  # never the address itself: it may hold an access key

    def __str__(self) -> str:
        return f"node address: {self.reason}; expected http(s)://host[:port][/path], 2048 characters at most"


@dataclass(eq=False)
class KeyFileInvalid(BaseLayerError):
    """A file of private keys cannot be used."""

    code = "key_file_invalid"
    path: str
    reason: str  # never what the file holds

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; expected a private key in hexadecimal on each line, and mode 0600"


@dataclass(eq=False)
class NodeUnreachable(BaseLayerError):
    """The node did not answer. A transaction may have reached it all the same."""

    code = "node_unreachable"
    node: str  # scheme, host and port
    reason: str

    def __str__(self) -> str:
        return f"{self.node} does not answer: {self.reason}"


@dataclass(eq=False)
class NodeAnswerInvalid(BaseLayerError):
    """The node's answer is not what JSON-RPC or the Beacon API prescribes for this method, or is too long."""

    code = "node_answer_invalid"
    method: str
    field: str
    got: str  # shortened
    expected: str

    def __str__(self) -> str:
        return f"{self.method}: {self.field}: got {self.got}, expected {self.expected}"


@dataclass(eq=False)
class NodeRefused(BaseLayerError):
    """The node answered with an error that is none of the EVM's."""

    code = "node_refused"
    method: str
    error_code: int
    message: str

    def __str__(self) -> str:
        return f"{self.method}: the node refuses, {self.error_code}: {self.message}"


@dataclass(eq=False)
class ChainIdWrong(BaseLayerError):
    """The node follows another chain than the caller meant."""

    code = "node_chain_id_wrong"
    got: int
    expected: int

    def __str__(self) -> str:
        return f"the node is on chain {self.got}, expected {self.expected}"


@dataclass(eq=False)
class TransactionTooLarge(BaseLayerError):
    """A transaction is beyond what the network takes: its gas (EIP-7825) or its bytes."""

    code = "transaction_too_large"
    what: str
    got: int
    limit: int

    def __str__(self) -> str:
        return f"transaction: {self.got} {self.what}, at most {self.limit}"


@dataclass(eq=False)
class TransactionStuck(BaseLayerError):
    """No receipt came in time, though fees were raised. The transaction may still be mined."""

    code = "transaction_stuck"
    transaction_hash: bytes  # the last one sent
    nonce: int
    waited_s: float

    def __str__(self) -> str:
        return f"transaction 0x{self.transaction_hash.hex()}, nonce {self.nonce}: no receipt in {self.waited_s:.0f} s"


@dataclass(eq=False)
class BeaconBlobMissing(BaseLayerError):
    """A beacon node has no such blob in this block: it keeps them for some weeks, and an archive what it was given."""

    code = "beacon_blob_missing"
    node: str  # scheme, host and port
    block_id: str  # a slot, or a block's hash where the node knows no slots
    versioned_hash: bytes

    def __str__(self) -> str:
        return f"{self.node}: block {self.block_id} has no blob 0x{self.versioned_hash.hex()} there; pruned, perhaps"


@dataclass(eq=False)
class BeaconBlobWrong(BaseLayerError):
    """A beacon node gave a blob that is not the one of the versioned hash."""

    code = "beacon_blob_wrong"
    node: str  # scheme, host and port
    block_id: str
    got: bytes  # the versioned hash of what it gave
    expected: bytes

    def __str__(self) -> str:
        return f"{self.node}: block {self.block_id}: a blob of 0x{self.got.hex()}, expected 0x{self.expected.hex()}"
