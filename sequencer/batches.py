"""Batch files as the command line meets them: one file, or a replay's folder with its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rollup.codec import MAX_FILE_BYTES, decode_trace
from rollup.shapes import Shape, ShapeUnknown, get_shape
from rollup.trace import BatchTrace
from sequencer.errors import FileMalformed
from sequencer.files import read_limited
from sequencer.manifest import read_batch_bytes, read_manifest

__all__ = ["SUFFIX", "BatchFile", "Selection", "read_batches", "read_shape", "select_batches"]

SUFFIX = ".zkm"


@dataclass(frozen=True)
class BatchFile:
    """A batch read from its file."""

    path: Path
    size_bytes: int
    trace: BatchTrace

    @property
    def name(self) -> str:
        """The file's name without its suffix: what its proof is named after."""
        return self.path.name.removesuffix(SUFFIX)


@dataclass(frozen=True)
class Selection:
    """Batches of one shape, in order: a file alone, or each `every`-th of the `n_batches` of a replay's folder."""

    batches: tuple[BatchFile, ...]
    n_batches: int
    every: int
    folder: Path  # where the batch files are
    is_file: bool


def read_batches(path: Path) -> tuple[BatchFile, ...]:
    """Return the batch of a file, or all batches of a replay's folder. Raises as `select_batches`."""
    return select_batches(path).batches


def select_batches(path: Path, every: int = 1) -> Selection:
    """Return the batch of a file, or a replay's batches, a sample of them if `every` is above 1.

    Raises FileMissing, FileTooLarge, FileMalformed, BatchFileInvalid.
    """
    is_file = not path.is_dir()
    if not is_file:
        entries = read_manifest(path).batches
        batches = [_decode(path / entry.file, read_batch_bytes(path, entry)) for entry in entries[::every]]
        n_batches = len(entries)
    else:
        batches, n_batches, every = [_decode(path, read_limited(path, MAX_FILE_BYTES))], 1, 1
    shapes = sorted({batch.trace.shape_name for batch in batches})
    if len(shapes) != 1:
        raise FileMalformed(str(path), "batches", f"shapes {', '.join(shapes) or 'of no batch'}", "one shape")
    return Selection(tuple(batches), n_batches, every, path.parent if is_file else path, is_file)


def read_shape(batch: BatchFile) -> Shape:
    """Return the shape a batch names. Raises FileMalformed where there is none, or the lanes are not the shape's."""
    try:
        shape = get_shape(batch.trace.shape_name)
    except ShapeUnknown as error:
        raise FileMalformed(str(batch.path), "shape", repr(error.name), " or ".join(error.known)) from error
    trace = batch.trace
    trade, quote = (tuple(lane.capacity for lane in lanes) for lanes in (trace.trade_lanes, trace.quote_lanes))
    got = Shape(shape.name, trade, len(trace.cash_lanes), quote, len(trace.rescue_lanes))
    if got != shape:
        raise FileMalformed(str(batch.path), "lanes", _describe(got), f"{_describe(shape)}, shape {shape.name}")
    for position, lane in enumerate(trace.order_lanes):
        places = [fill.place for fill in lane.fills]
        if places != sorted(set(places)) or max(places, default=0) >= lane.capacity:
            where = f"places of the fills in order lane {position}"
            raise FileMalformed(str(batch.path), where, str(places), f"rising, below {lane.capacity}")
    return shape


def _decode(path: Path, data: bytes) -> BatchFile:
    return BatchFile(path, len(data), decode_trace(data, str(path)))


def _describe(shape: Shape) -> str:
    trade = f"{len(shape.trade_capacities)} TradeLanes of {sum(shape.trade_capacities)} orders"
    quote = f"{len(shape.quote_capacities)} QuoteLanes of {sum(shape.quote_capacities)}"
    return f"{shape.cash_lanes} CashLanes, {shape.rescue_lanes} RescueLanes, {trade} and {quote}"
