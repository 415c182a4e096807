"""Where a site shows the rows of its tables and their records."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import lru_cache

from harness.leaderboard.board import Table
from harness.leaderboard.rows import Row
from harness.record import Record

#: What `_hashed` calls pages, within the folder `records`.
_PAGE = re.compile(r"[0-9a-f]{16}\.html")


@dataclass(frozen=True)
class Addresses:
    """Files of the site, relative to its folder.

    All records of a row share its page, but for those whose run's folder is at hand: their page is
    the report of that run.

    Attributes:
        reported: ids of the records with a report.
    """

    reported: Set[str] = frozenset()

    def of_row(self, table: Table, row: Row) -> str:
        """The page of a row's first seed."""
        return self.of_seed(table, row, row.seeds[0]).partition("#")[0]

    def of_seed(self, table: Table, row: Row, seed: int) -> str:
        """The page of one of a row's records, and the place within it."""
        if table.records[row.fingerprint, seed].id in self.reported:
            return report_name(table.fingerprint, row.fingerprint, seed)
        return f"{row_name(table.fingerprint, row.fingerprint, row.preset)}#{seed_id(seed)}"


def row_records(table: Table, row: Row) -> list[Record]:
    """The records that a row is made of, in the order of its seeds."""
    return [table.records[row.fingerprint, seed] for seed in row.seeds]


def report_name(suite_fingerprint: str, method_fingerprint: str, seed: int) -> str:
    """File name of a run's report; no text of the record gets into it.

    >>> report_name("a", "b", 0)
    'records/9ec8b13b4e47182b.html'
    """
    return _hashed(f"{suite_fingerprint}/{method_fingerprint}/{seed}")


@lru_cache(maxsize=2**17)
def row_name(suite_fingerprint: str, method_fingerprint: str, preset: str) -> str:
    """File name of a row's page; two presets may be one configuration, and have two rows."""
    return _hashed(f"{suite_fingerprint}/{method_fingerprint}//{preset}")


def is_page(name: str) -> bool:
    """Whether a file of the site's folder `records` is named as `row_name` and `report_name` do.

    >>> is_page("9ec8b13b4e47182b.html"), is_page("theirs.html")
    (True, False)
    """
    return _PAGE.fullmatch(name) is not None


def seed_id(seed: int) -> str:
    """What a seed is known by within the page of its row."""
    return f"seed-{seed}"


def _hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"records/{digest[:16]}.html"
