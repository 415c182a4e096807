"""Seeded damage to files: trees of JSON and TOML, lines of text, bytes, and the file itself."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.toml import as_toml

#: What takes the place of a value.
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 7, 2**31, 2**63, 10**30, -(10**30), 0.5, -0.0, 1e308),
    *(float("nan"), float("inf"), float("-inf")),
    *("", " ", "x", "1", "NaN", "true", "../../..", "/", "\x00", "\x07\x1b[31m", "a\nb", "a\tb"),
    *("größe", "\u202egnirts", "\U0001d54f" * 3, "\ufeff", "{}", "[", "%s %d {x}", "long " * 800),
    *([], {}, [[]], [{}], {"": ""}, [None], [0, "x"], {"a": {"b": {"c": 1}}}, [1e400]),
)
#: How deep the deepest nesting goes: beyond what Python's own stack bears.
DEEP = 3000
_TREE_CHANGES = ("drop", "odd", "odd", "odd", "rename", "wrap", "swap", "twice", "add")


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a tree."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree)
    found = []
    for key, value in list(items):
        found.append((tree, key))
        if isinstance(value, dict | list):
            found += _places(value)
    return found


def mutated_tree(rng: random.Random, tree: dict[str, Any], *, most: int = 3) -> dict[str, Any]:
    """A copy of a tree of JSON with one to `most` changes of its structure or values."""
    changed = copy.deepcopy(tree)
    for _ in range(rng.randint(1, most)):
        places = _places(changed)
        if not places:
            break
        _change(rng, *rng.choice(places))
    return changed


def _change(rng: random.Random, container: Any, key: Any) -> None:
    what = rng.choice(_TREE_CHANGES)
    odd = copy.deepcopy(rng.choice(ODD))
    if what == "drop":
        del container[key]
    elif what == "odd":
        container[key] = odd
    elif what == "wrap":
        container[key] = rng.choice(([container[key]], {"x": container[key]}, str(container[key])))
    elif isinstance(container, dict):
        if what == "rename":
            container[rng.choice(("", "x", f"{key} ", "ä\x00", str(key).upper()))] = container.pop(
                key
            )
        elif what == "swap":
            other = rng.choice(list(container))
            container[key], container[other] = container[other], container[key]
        else:
            container[f"{key}_2" if what == "twice" else "unknown"] = odd
    elif what in ("swap", "rename"):
        rng.shuffle(container)
    else:
        container.append(copy.deepcopy(container[key]) if what == "twice" else odd)


def as_json_bytes(tree: Any) -> bytes:
    """JSON as Python writes it, NaN and infinity included."""
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")


def as_toml_bytes(tree: dict[str, Any]) -> bytes:
    """One line a key; a value that TOML lacks, such as None, makes the file malformed."""
    lines = (f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in tree.items())
    return "".join(lines).encode("utf-8", "surrogatepass")


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _noise(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.randbytes(rng.randint(1, 40)) + data[place:]


def _flipped(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _hole(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data) + 1)
    return data[:start] + data[start + rng.randint(1, max(1, len(data) // 4)) :]


#: Changes of any file's bytes.
BYTES: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "cut": _cut,
    "noise": _noise,
    "flipped": _flipped,
    "hole": _hole,
    "empty": lambda *_: b"",
    "blank": lambda *_: b" \r\n\t\n",
    "zeros": lambda _, data: bytes(len(data)),
    "garbage": lambda rng, _: rng.randbytes(200),
    "doubled": lambda _, data: data + data,
    "page": lambda *_: b"<!DOCTYPE html><html>404</html>",
    "elf": lambda *_: b"\x7fELF\x02\x01\x01" + bytes(60),
}


def _lines(change: Callable[[random.Random, list[bytes]], object]) -> Any:
    def changed(rng: random.Random, data: bytes) -> bytes:
        lines = data.splitlines(keepends=True) or [b""]
        change(rng, lines)
        return b"".join(lines)

    return changed


def _cell(rng: random.Random, data: bytes) -> bytes:
    """One word between commas, spaces or brackets exchanged for an odd one."""
    words = data.split(b",")
    odd = rng.choice([one for one in ODD if not isinstance(one, list | dict)])
    words[rng.randrange(len(words))] = str(odd).encode("utf-8", "surrogatepass")
    return b",".join(words)


#: Changes of a file of text.
TEXT: dict[str, Callable[[random.Random, bytes], bytes]] = {
    **BYTES,
    "mark": lambda _, data: b"\xef\xbb\xbf" + data,
    "two marks": lambda _, data: b"\xef\xbb\xbf" * 2 + data,
    "crlf": lambda _, data: data.replace(b"\n", b"\r\n"),
    "cr": lambda _, data: data.replace(b"\n", b"\r"),
    "utf-16": lambda _, data: data.decode().encode("utf-16"),
    "latin": lambda _, data: data + "ä,ö".encode("latin-1"),
    "null": lambda rng, data: _noise(rng, data).replace(b"\n", b"\n\0", 1),
    "line lost": _lines(lambda rng, lines: lines.pop(rng.randrange(len(lines)))),
    "line twice": _lines(lambda rng, lines: lines.append(rng.choice(lines))),
    "lines mixed": _lines(lambda rng, lines: rng.shuffle(lines)),
    "cell": _cell,
    "cells": lambda rng, data: _cell(rng, _cell(rng, data)),
    "quote": lambda rng, data: data.replace(b",", b',"', rng.randint(1, 2)),
    "deep": lambda *_: b"[" * DEEP,
    "deep value": lambda *_: b"x = " + b"[" * DEEP + b"]" * DEEP,
    "deep table": lambda *_: b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "huge number": lambda rng, data: _lines(
        lambda r, lines: lines.insert(r.randrange(len(lines)), b"9" * 6000 + b"\n")
    )(rng, data),
}


def _as_folder(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_text("mine")


#: What stands in the place of a file.
FILES: dict[str, Callable[[Path], object]] = {
    "folder": _as_folder,
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "gone": lambda path: None,
    "locked": lambda path: (path.write_bytes(b"x"), path.chmod(0)),
}


def replace_file(path: Path, how: str) -> None:
    """Put something else in a file's place."""
    remove(path)
    FILES[how](path)


def write(path: Path, data: bytes) -> None:
    """Write a file, whatever stands in its place."""
    remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def remove(path: Path) -> None:
    """Remove a file, link or folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()
