"""All records of a store in one parquet file: one row for every record and metric.

A column is a field of the record, named by its place in it (`suite.name`, `score.value`, `seed`);
lists and objects are JSON. So a record can be made from its rows again, equal to the one in its
file, and the table can be read by pandas, DuckDB or Spark as it is. Beside the fields stand the
file's `path`, its `stamp`, which changes whenever the file does, and the `problem` of a file that
is no sound record. The rows are sorted by suite and path, with groups of rows of one suite each.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from harness.errors import HarnessError, UserError
from harness.fingerprint import fingerprint
from harness.record import Cost, MethodRef, Part, Provenance, Record, Score, SuiteRef
from harness.store import Store, one_line

if TYPE_CHECKING:
    import pyarrow as pa

#: The file's name in its store.
INDEX = "index.parquet"
#: Pieces of a record by the field that holds them; `score` stands for each of its scores.
_PIECES: dict[str, type[Part]] = {
    "": Record,
    "suite": SuiteRef,
    "method": MethodRef,
    "cost": Cost,
    "provenance": Provenance,
    "score": Score,
}
#: Fields that are never empty where there is such a piece.
_PRESENT = {"": "id", "suite": "name", "method": "name", "cost": "device"}
_PRESENT |= {"provenance": "harness", "score": "metric"}
_OWN = ("path", "stamp", "problem")
_SUITE = "suite.name"
#: What marks the first row of every record.
_NUMBER = "score.number"
#: Bytes of distinct texts that a column names by number; configurations and protocols fit.
_DICTIONARY_BYTES = 2**24


class DamagedIndex(HarnessError):
    """The index is no parquet file, or was written by another version of the harness."""


class Found(NamedTuple):
    """A file as the index has it: the record, or why it is none."""

    path: str
    stamp: str
    record: Record | None
    problem: str


class _Column(NamedTuple):
    name: str
    field: str
    kind: str  # text, whole, number, ends or json


def _kind(annotation: Any) -> str:
    """How a field is stored."""
    if get_origin(annotation) is Literal:
        return "whole" if isinstance(get_args(annotation)[0], int) else "text"
    if type(None) in get_args(annotation):
        (annotation,) = (one for one in get_args(annotation) if one is not type(None))
    if get_origin(annotation) is tuple:
        return "ends"
    return {str: "text", int: "whole", float: "number"}.get(annotation, "json")


@cache
def _columns() -> dict[str, list[_Column]]:
    """The columns of every piece."""
    return {
        piece: [
            _Column(f"{piece}.{name}" if piece else name, name, _kind(field.annotation))
            for name, field in model.model_fields.items()
            if piece or name not in ("suite", "method", "cost", "provenance", "scores")
        ]
        for piece, model in _PIECES.items()
    }


def parquet() -> Any:
    """The package that reads and writes the index.

    Raises:
        UserError: it is not installed.
    """
    try:
        import pyarrow.parquet as found
    except ImportError:
        raise UserError(
            "An index of records needs pyarrow, which is not installed: pip install "
            "'harness[scale]'."
        ) from None
    return found


@cache
def _schema() -> pa.Schema:
    import pyarrow as pa

    types = {
        "text": pa.dictionary(pa.int32(), pa.string()),
        "json": pa.dictionary(pa.int32(), pa.string()),
        "whole": pa.int64(),
        "number": pa.float64(),
        "ends": pa.list_(pa.float64()),
    }
    fields = [(name, types["text"]) for name in _OWN] + [(_NUMBER, types["whole"])]
    for columns in _columns().values():
        fields += [(column.name, types[column.kind]) for column in columns]
    version = fingerprint({"columns": [f"{name} {kind}" for name, kind in fields]})
    return pa.schema(fields, metadata={"harness": version})


@dataclass
class RecordIndex:
    """An open index; its methods raise `DamagedIndex` where a part of it cannot be read.

    Attributes:
        name: for messages.
        file: the parquet file.
        source: what it is read from.
    """

    name: str
    file: Any
    source: IO[bytes]

    def others(self, suites: Sequence[str]) -> set[str]:
        """The files of all records of other suites; none where no suite is named."""
        found: set[str] = set()
        for group, suite in enumerate(self.suites()):
            if suites and suite is not None and suite not in suites:
                column = self.table(group, ["path"])["path"].unify_dictionaries()
                found.update(column.chunk(0).dictionary.to_pylist())
        return found

    def stamps(self) -> dict[str, str]:
        """The stamp of every file, by path."""
        found: dict[str, str] = {}
        for group in range(self.file.num_row_groups):
            table = self.table(group, ["path", "stamp"])
            found.update(zip(_values(table["path"]), _values(table["stamp"]), strict=True))
        return found

    def suites(self) -> list[str | None]:
        """The suite of every group of rows; `None` for files that are no records."""
        column = self.file.schema_arrow.get_field_index(_SUITE)
        groups = (self.file.metadata.row_group(i) for i in range(self.file.num_row_groups))
        known = (group.column(column).statistics for group in groups)
        return [stats.min if stats.has_min_max else None for stats in known]

    def table(self, group: int, names: list[str] | None = None) -> pa.Table:
        """The rows of a group, with all columns or some."""
        with _reading(self.name):
            return self.file.read_row_group(group, columns=names)

    def found(self, suites: Sequence[str] = ()) -> Iterator[Found]:
        """Files as the index has them: of these suites and those that are no records, or all."""
        for group, suite in enumerate(self.suites()):
            if not suites or suite is None or suite in suites:
                yield from _found(self.table(group))

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        self.source.close()


def open_index(store: Store) -> RecordIndex:
    """The index of a store, which must be there.

    Raises:
        DamagedIndex: it cannot be read, or was written by another version of the harness.
        UserError: pyarrow is not installed.
    """
    pq = parquet()
    name = store.path(INDEX)
    try:
        source = store.open(INDEX)
    except OSError as error:
        raise DamagedIndex(f"{name} cannot be read: {one_line(error)}") from None
    try:
        with _reading(name):
            index = RecordIndex(name, pq.ParquetFile(source), source)
            version = (index.file.schema_arrow.metadata or {}).get(b"harness")
            if version != _schema().metadata[b"harness"]:
                raise DamagedIndex(f"{name} is of another version of the harness")
    except DamagedIndex:
        source.close()
        raise
    return index


@contextmanager
def _reading(name: str) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise DamagedIndex(f"{name} is damaged: {one_line(error)}") from None


def index_bytes(tables: Iterable[pa.Table]) -> bytes:
    """The parquet file of tables, one a suite."""
    pq = parquet()
    content = io.BytesIO()
    options = {"compression": "zstd", "dictionary_pagesize_limit": _DICTIONARY_BYTES}
    with pq.ParquetWriter(content, _schema(), **options) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, len(table)))
    return content.getvalue()


def merged(index: RecordIndex | None, kept: Set[str], new: Sequence[Found]) -> Iterator[pa.Table]:
    """The rows of an index with some files exchanged, a table a suite.

    Args:
        index: the one that was there.
        kept: paths of the files whose rows stay.
        new: files that were read.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    groups = {suite: i for i, suite in enumerate(index.suites())} if index else {}
    fresh: dict[str | None, list[Found]] = {}
    for one in new:
        fresh.setdefault(one.record.suite.name if one.record else None, []).append(one)
    for suite in sorted({*groups, *fresh}, key=lambda suite: suite or ""):
        tables = [table_of(fresh.get(suite, []))]
        if index and suite in groups:
            old = index.table(groups[suite])
            stays = [path in kept for path in _values(old["path"])]
            tables.append(old if all(stays) else old.filter(pa.array(stays)))
        table = pa.concat_tables(tables).unify_dictionaries()
        if len(table):
            order = pc.sort_indices(table["path"].cast(pa.string()))
            yield table.take(order) if len(tables[0]) else table


def table_of(found: Sequence[Found]) -> pa.Table:
    """The rows of some files."""
    import pyarrow as pa

    schema = _schema()
    rows = [row for one in found for row in _rows(one)]
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.array(values, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _rows(one: Found) -> Iterator[dict[str, Any]]:
    """One row a score; one without a score where there is none."""
    own = {"path": one.path, "stamp": one.stamp, "problem": one.problem}
    if one.record is None:
        yield {**own, _NUMBER: 0}
        return
    record = one.record
    shared = own | _fields("", record)
    for piece in ("suite", "method", "cost", "provenance"):
        shared |= _fields(piece, getattr(record, piece))
    for number, score in enumerate(record.scores or [None]):
        yield {**shared, _NUMBER: number, **_fields("score", score)}


def _fields(piece: str, of: Part | None) -> dict[str, Any]:
    """The columns of a piece, none where there is no such piece."""
    if of is None:
        return {}
    return {c.name: _stored(getattr(of, c.field), c.kind) for c in _columns()[piece]}


def _stored(value: Any, kind: str) -> Any:
    return json.dumps(value, ensure_ascii=False) if kind == "json" else value


def _found(table: pa.Table) -> Iterator[Found]:
    """The files of a table, in its order."""
    numbers = table[_NUMBER].to_pylist()
    starts = [row for row, number in enumerate(numbers) if number == 0]
    own = (_values(table[name], "text", starts) for name in _OWN)
    parts = [_parts(piece, table, starts) for piece in ("suite", "method", "cost", "provenance")]
    scores: list[list[Any]] = []
    for number, score in zip(numbers, _parts("score", table), strict=True):
        if number == 0:
            scores.append([])
        if score is not None:
            scores[-1].append(score)
    for path, stamp, problem, values, suite, method, cost, source, mine in zip(
        *own, _rows_of("", table, starts), *parts, scores, strict=True
    ):
        made = None
        if values is not None:
            more = {"suite": suite, "method": method, "cost": cost, "provenance": source}
            made = _restored(Record, {**values, **more, "scores": mine})
        yield Found(path, stamp, made, problem)


def _parts(piece: str, table: pa.Table, at: Sequence[int] | None = None) -> Iterator[Any]:
    """The piece of every row, or of some; `None` where it has none."""
    model = _PIECES[piece]
    for values in _rows_of(piece, table, at):
        yield None if values is None else _restored(model, values)


def _restored(model: type[Part], values: dict[str, Any]) -> Any:
    """A piece as pickle would restore it: what is in an index was validated when it came in."""
    made = model.__new__(model)
    made.__setstate__(
        {
            "__dict__": values,
            "__pydantic_fields_set__": _names(model),
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return made


@cache
def _names(model: type[Part]) -> set[str]:
    return set(model.model_fields)


def _rows_of(
    piece: str, table: pa.Table, at: Sequence[int] | None = None
) -> Iterator[dict[str, Any] | None]:
    """The fields of a piece, by name, of every row or of some."""
    columns = _columns()[piece]
    names = [column.field for column in columns]
    present = names.index(_PRESENT[piece])
    values = (_values(table[column.name], column.kind, at) for column in columns)
    for row in zip(*values, strict=True):
        yield None if row[present] is None else dict(zip(names, row, strict=True))


def _values(column: Any, kind: str = "text", at: Sequence[int] | None = None) -> Sequence[Any]:
    """A column's values, of all rows or of some.

    Equal texts of JSON become one object, which nobody changes.
    """
    column = column.combine_chunks()
    if kind in ("text", "json"):
        distinct = column.dictionary.to_pylist()
        if kind == "json":
            distinct = json.loads(f"[{','.join(distinct)}]")  # all at once, in a third of the time
        places = column.indices.to_pylist()
        if at is not None:
            places = [places[row] for row in at]
        return [None if place is None else distinct[place] for place in places]
    if kind == "ends":
        ends = iter(column.flatten().to_pylist())
        known = column.is_valid().to_pylist()
        values = [(next(ends), next(ends)) if there else None for there in known]
    else:
        values = column.to_pylist()
    return values if at is None else [values[row] for row in at]
