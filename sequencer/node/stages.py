"""What is durable of a batch on its way to the base layer: names of artefacts, bodies of records, and their readers.

| artefact | name | what |
|---|---|---|
| `batch` | of the batch | `rollup.codec`'s batch file |
| `group`, `blob`, `queue` | of the group | the group's JSON and blob; the entries that it consumes |
| `proof`, `public` | of the batch | iden3's JSON |
| `claim` | of the batch | proof and value of its segment, as the contract takes them |
| `settled` | of the group | which batches, which transaction |
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from struct import Struct
from struct import error as StructError
from typing import Any, Final

from rollup.codec import encode_trace
from rollup.public_inputs import PublicInputs
from rollup.trace import BatchTrace
from sequencer.node.commands import Kind
from sequencer.node.links import Record
from sequencer.node.proof_worker import ProofAnswer, SealAnswer
from sequencer.node.proving_errors import PipelineCorrupt
from sequencer.node.refusals import RecordMalformed
from sequencer.node.store import Artifact
from sequencer.sealing import SealedGroup
from verifier.group import join_limbs
from verifier.iden3 import spell_proof, spell_public_inputs
from verifier.json_files import encode_json
from verifier.keys import PROOF_BYTES, decode_proof

__all__ = [
    "BATCH",
    "BLOB",
    "CLAIM",
    "GROUP",
    "PROOF",
    "PUBLIC",
    "QUEUE",
    "SETTLED",
    "Claim",
    "GroupSealed",
    "Settlement",
    "decode_claim",
    "decode_group_record",
    "decode_proved_record",
    "decode_settled_record",
    "decode_settlement",
    "make_batch_artifact",
    "name_batch",
    "name_group",
    "record_group",
    "record_proof",
    "record_settlement",
]

BATCH: Final = "batch"
GROUP: Final = "group"
BLOB: Final = "blob"
QUEUE: Final = "queue"
PROOF: Final = "proof"
PUBLIC: Final = "public"
CLAIM: Final = "claim"
SETTLED: Final = "settled"

_GROUP_RECORD: Final = Struct(">QIB32s")  # group, first batch, batches, z
_PROVED_RECORD: Final = Struct(">IQI")  # batch, group, milliseconds
_SETTLED_RECORD: Final = Struct(">Q32sQQ")  # group, transaction, block, time
_VALUE_BYTES: Final = 32


@dataclass(frozen=True)
class Claim:
    """A proof as the contract takes it, and how long it took."""

    proof_be: bytes
    value: int  # of the batch's segment of the blob, at z
    prove_ms: int


@dataclass(frozen=True)
class GroupSealed:
    """What the log says of a group."""

    group: int
    first_batch: int
    n_batches: int
    z: int


@dataclass(frozen=True)
class Settlement:
    """A group that is settled for good, and the transaction in which it was."""

    group: int
    first_batch: int
    n_batches: int
    transaction: str  # hash, hexadecimal
    block: int
    timestamp_s: int
    gas_used: int | None = None  # of all the group's transactions, where it is known


def name_batch(number: int) -> str:
    """Return the name of a batch in the store, by its number in the state: 1 is the first."""
    return f"batch-{number:010}"


def name_group(number: int) -> str:
    """Return the name of a group in the store: 0 is the first."""
    return f"group-{number:010}"


def make_batch_artifact(trace: BatchTrace) -> Artifact:
    """Return a batch as the store keeps it. 2 to 8 ms."""
    return Artifact(BATCH, name_batch(trace.header_after.batch_number), encode_trace(trace))


def record_group(sealed: SealedGroup, first_batch: int, answer: SealAnswer) -> tuple[Record, list[Artifact]]:
    """Return what is kept of a group when it is sealed."""
    number = sealed.group.number
    body = _GROUP_RECORD.pack(number, first_batch, len(sealed.names), sealed.z.to_bytes(32, "big"))
    parts = ((GROUP, answer.group), (BLOB, answer.blob), (QUEUE, answer.queue))
    return Record(Kind.GROUP, body), [Artifact(kind, name_group(number), data) for kind, data in parts]


def record_proof(batch: int, group: int, answer: ProofAnswer) -> tuple[Record, list[Artifact], Claim]:
    """Return what is kept of a proof, and the claim it makes."""
    inputs: PublicInputs = answer.public_inputs
    value = join_limbs(answer.name, inputs.blob_value_low, inputs.blob_value_high)
    claim = Claim(answer.proof_be, value, round((answer.witness_s + answer.prove_s) * 1000))
    raw = claim.proof_be + value.to_bytes(_VALUE_BYTES, "big") + claim.prove_ms.to_bytes(4, "big")
    parts = (
        (PROOF, encode_json(spell_proof(decode_proof(answer.proof_be)))),
        (PUBLIC, encode_json(spell_public_inputs(inputs))),
        (CLAIM, raw),
    )
    record = Record(Kind.PROVED, _PROVED_RECORD.pack(batch, group, claim.prove_ms))
    return record, [Artifact(kind, name_batch(batch), data) for kind, data in parts], claim


def record_settlement(settlement: Settlement) -> tuple[Record, list[Artifact]]:
    """Return what is kept of a settlement."""
    transaction = bytes.fromhex(settlement.transaction)
    body = _SETTLED_RECORD.pack(settlement.group, transaction, settlement.block, settlement.timestamp_s)
    data = json.dumps(asdict(settlement)).encode()
    return Record(Kind.SETTLED, body), [Artifact(SETTLED, name_group(settlement.group), data)]


def decode_claim(name: str, raw: bytes) -> Claim:
    """Return the claim that was kept. Raises PipelineCorrupt."""
    end = PROOF_BYTES + _VALUE_BYTES
    if len(raw) != end + 4:
        raise PipelineCorrupt(CLAIM, name, f"{len(raw)} bytes", f"{end + 4}")
    return Claim(raw[:PROOF_BYTES], int.from_bytes(raw[PROOF_BYTES:end], "big"), int.from_bytes(raw[end:], "big"))


def decode_settlement(name: str, raw: bytes) -> Settlement:
    """Return the settlement that was kept. Raises PipelineCorrupt."""
    try:
        return Settlement(**json.loads(raw))
    except (ValueError, TypeError) as error:
        raise PipelineCorrupt(SETTLED, name, f"{error}"[:80], "a settlement") from error


def decode_group_record(body: bytes) -> GroupSealed:
    """Return what a record of Kind.GROUP says. Raises RecordMalformed."""
    group, first_batch, n_batches, z = _unpack(Kind.GROUP, _GROUP_RECORD, body)
    return GroupSealed(group, first_batch, n_batches, int.from_bytes(z, "big"))


def decode_proved_record(body: bytes) -> tuple[int, int, float]:
    """Return batch, group and seconds of a record of Kind.PROVED. Raises RecordMalformed."""
    batch, group, prove_ms = _unpack(Kind.PROVED, _PROVED_RECORD, body)
    return batch, group, prove_ms / 1000


def decode_settled_record(body: bytes) -> tuple[int, bytes, int, int]:
    """Return group, transaction hash, block number and time of a record of Kind.SETTLED. Raises RecordMalformed."""
    group, transaction, block, timestamp_s = _unpack(Kind.SETTLED, _SETTLED_RECORD, body)
    return group, transaction, block, timestamp_s


def _unpack(kind: Kind, layout: Struct, body: bytes) -> tuple[Any, ...]:
    try:
        return layout.unpack(body)
    except StructError:
        raise RecordMalformed(kind, "length", f"{len(body)} bytes", f"{layout.size}") from None
