"""CelebA's lists, in the text and in the CSV edition."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import DataError
from harness.vision.photo import looks_like_page
from harness_datasets.celeba.options import HOME

#: Lines a list may have before its first row: the count and the names of the columns.
HEAD_LINES = 2


class Listing:
    """A list with one row an image: its name and whole numbers.

    The text edition has its columns separated by any white space, after a line with the number of
    rows and one with the names of the columns, or neither; the CSV edition has commas and one
    header line.

    Args:
        path: the file.
        home: where people get it, for messages.

    Raises:
        DataError: the file is an HTML page, or empty.
    """

    def __init__(self, path: Path, home: str = HOME) -> None:
        data = path.read_bytes()
        if looks_like_page(data):
            raise DataError(
                f"{path}: this is an HTML page, not the list: the download failed. Get the file "
                f"again from {home}."
            )
        self.path, self._home = path, home
        self.digest = hashlib.sha256(data).hexdigest()
        head, self._body = _split_head(data)
        self._first_line = len(head) + 1
        self._count = next((int(words[0]) for words in head if _is_count(words)), None)
        names = next((words for words in head if not _is_count(words)), [])
        #: Names of the number columns; empty where the list has none.
        self.columns = tuple(names[1:] if names[:1] == ["image_id"] else names)
        if not self._body.strip():
            raise DataError(f"{path}: the list has no row.")

    @cached_property
    def rows(self) -> tuple[dict[str, int], NDArray[np.integer]]:
        """Row of each image, and the numbers of all rows, whole, `[rows, columns]`.

        Raises:
            DataError: a row is malformed (with its line), a name occurs twice, or the number of
                rows is not the one that the file states.
        """
        frame = self._frame()
        places = {str(name): row for row, name in enumerate(frame[0])}
        if len(places) < len(frame):
            row = int(np.argmax(frame[0].duplicated().to_numpy()))
            line = self._first_line + row
            raise DataError(f"{self.path} line {line}: '{frame[0].iloc[row]}' is there twice.")
        if self._count is not None and self._count != len(frame):
            raise DataError(
                f"{self.path}: line 1 states {self._count:,} rows, the file has {len(frame):,}: it "
                f"was cut off. Get it again from {self._home}."
            )
        return places, frame.iloc[:, 1:].to_numpy()

    def numbers(
        self, names: Sequence[str], columns: Sequence[str], *, head: bool = True
    ) -> NDArray[np.int64]:
        """Rows of these images, `int64 [len(names), len(columns)]`.

        Args:
            names: the images.
            columns: the columns the list must have, in this order.
            head: whether the list must also name its columns so.

        Raises:
            DataError: the columns differ, or an image has no row.
        """
        places, values = self.rows
        if values.shape[1] != len(columns) or (head and self.columns != tuple(columns)):
            got = " ".join(self.columns) or f"{values.shape[1]} numbers"
            raise DataError(f"{self.path}: columns {got}, expected {' '.join(columns)}.")
        for name in names:
            if name not in places:
                raise DataError(f"{self.path}: no row for '{name}'.")
        return values[[places[name] for name in names]].astype(np.int64)

    def _frame(self) -> pd.DataFrame:
        """Names in column 0, whole numbers in the others: short ones where they fit."""
        first = self._body.split(b"\n", 1)[0]
        comma = b"," in first
        separator = "," if comma else r"\s+"
        columns = len(first.split(b"," if comma else None))
        short = {0: str, **dict.fromkeys(range(1, columns), np.int32)}
        try:
            # Half the memory of long ones: 32 MB for the 8 million numbers of the attributes.
            return self._parsed(separator, dtype=short)
        except (ValueError, OverflowError):
            pass  # Read again as it stands, to name the line, or for numbers that are long.
        try:
            frame = self._parsed(separator, low_memory=False)
        except (pd.errors.ParserError, UnicodeDecodeError) as error:
            raise DataError(f"{self.path}: {self._located(str(error))}.") from None
        self._check(frame)
        return frame

    def _parsed(self, separator: str, **options: Any) -> pd.DataFrame:
        frame: pd.DataFrame = pd.read_csv(
            io.BytesIO(self._body), sep=separator, header=None, **options
        )
        return frame

    def _check(self, frame: pd.DataFrame) -> None:
        for column in frame.columns[1:]:
            if not pd.api.types.is_integer_dtype(frame[column]):
                numbers = pd.to_numeric(frame[column], errors="coerce")
                bad = int(np.argmax(~(numbers % 1 == 0).to_numpy()))
                raise DataError(
                    f"{self.path} line {self._first_line + bad}: expected a name and "
                    f"{frame.shape[1] - 1} whole numbers."
                )

    def _located(self, message: str) -> str:
        """The parser's message with lines counted from the beginning of the file."""
        message = message.removeprefix("Error tokenizing data. C error: ").strip()
        shift = self._first_line - 1
        return re.sub(r"line (\d+)", lambda found: f"line {int(found[1]) + shift}", message)


def read_names(path: Path) -> list[str]:
    """A list of image names, one a line; the last line may lack its end.

    Raises:
        DataError: the file is an HTML page, is no text, or a name occurs twice.
    """
    data = path.read_bytes()
    if looks_like_page(data):
        raise DataError(f"{path}: this is an HTML page, not the list: the download failed.")
    try:
        names = data.decode("utf-8-sig").split()
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file.") from None
    seen: set[str] = set()
    for line, name in enumerate(names, start=1):
        if name in seen:
            raise DataError(f"{path} line {line}: '{name}' is there twice.")
        seen.add(name)
    return names


def _split_head(data: bytes) -> tuple[list[list[str]], bytes]:
    """The words of the lines before the first image, and the rest."""
    body = data.removeprefix(b"\xef\xbb\xbf")
    head: list[list[str]] = []
    while len(head) < HEAD_LINES:
        line, _, rest = body.partition(b"\n")
        words = line.decode("utf-8", "replace").replace(",", " ").split()
        if not words or words[0].lower().endswith((".jpg", ".png")):
            break
        head.append(words)
        body = rest
    return head, body


def _is_count(words: list[str]) -> bool:
    return len(words) == 1 and words[0].isdigit()
