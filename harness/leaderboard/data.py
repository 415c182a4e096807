"""Leaderboards as JSON and CSV, for further work with the numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from harness.leaderboard.board import Board, Table
from harness.leaderboard.rows import Row

#: Columns of the CSV: one line for every row and metric.
CSV_FIELDS = (
    *("suite", "fingerprint", "comparable", "superseded", "rank", "worst_rank"),
    *("method", "preset", "kind", "sees", "seeds"),
    *("metric", "unit", "direction", "value", "std", "low", "high", "place"),
    *("parameters", "fit_seconds", "predict_seconds", "peak_memory_bytes", "fronts"),
    *("device", "package", "source", "marks"),
)


def as_json(boards: Sequence[Board]) -> str:
    """All boards, numbers unrounded."""
    return json.dumps([board_data(board) for board in boards], indent=1, ensure_ascii=False) + "\n"


def board_data(board: Board) -> dict[str, Any]:
    """One board as plain JSON values; the first table is the main one."""
    return {
        "suite": board.suite.name,
        "summary": board.suite.summary,
        "tables": [_table_data(table) for table in board.tables],
        "published": [row.model_dump(mode="json") for row in board.suite.published],
        "failed": list(board.failed),
        "records": board.records,
        "unsigned": board.unsigned,
        "notes": list(board.suite.notes),
    }


def as_csv(boards: Sequence[Board]) -> str:
    """One line for every row and metric; published rows and other protocols are marked."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CSV_FIELDS, restval="", lineterminator="\n")
    writer.writeheader()
    for board in boards:
        for table in board.tables:
            comparable = table is board.tables[0]
            for row in table.rows:
                writer.writerows(_csv_lines(board.suite.name, table, row, comparable))
        for published in board.suite.published:
            line = {"suite": board.suite.name, "kind": "published", "comparable": False}
            values = published.model_dump(include={"method", "metric", "value", "source"})
            writer.writerow({**line, **values, "marks": "; ".join(published.marks)})
    return text.getvalue()


def _table_data(table: Table) -> dict[str, Any]:
    return {
        "fingerprint": table.fingerprint,
        "version": table.version,
        "differing": list(table.differing),
        "superseded": list(table.superseded),
        "metrics": [asdict(column) for column in table.columns],
        "rows": [asdict(row) for row in table.rows],
        "protocol": table.protocol,
    }


def _csv_lines(suite: str, table: Table, row: Row, comparable: bool) -> Iterator[dict[str, Any]]:
    common = {
        "suite": suite,
        "fingerprint": table.fingerprint,
        "comparable": comparable,
        "superseded": bool(table.superseded),
        "rank": row.rank,
        "worst_rank": row.worst_rank,
        "method": row.method,
        "preset": row.preset,
        "kind": row.kind,
        "sees": " ".join(row.sees),
        "seeds": len(row.seeds),
        "parameters": row.parameters,
        "fit_seconds": row.fit_seconds,
        "predict_seconds": row.predict_seconds,
        "peak_memory_bytes": row.peak_memory_bytes,
        "fronts": " ".join(row.fronts),
        "device": row.device,
        "package": row.package,
    }
    for column in table.columns:
        cell = row.cells[column.metric]
        yield common | {
            "metric": column.metric,
            "unit": column.unit,
            "direction": column.direction,
            "value": cell.value,
            "std": cell.std,
            "low": cell.low,
            "high": cell.high,
            "place": row.places.get(column.metric),
        }
