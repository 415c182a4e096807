"""Decoded, resized splits, built once as memory-mapped arrays and opened by everyone after.

A split lies in a folder of its own, named by the fingerprint of all its bytes depend on, written
under a temporary name behind a file lock and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock

from harness.contract.arrays import Samples
from harness.contract.dataset import Dataset
from harness.environment import cache_root, data_folder, default_data_root
from harness.errors import ContractError, DataError, RunError
from harness.files import unwritten, write_text
from harness.fingerprint import fingerprint
from harness.registry import Registry
from harness.suite import Role, Suite, dataset_options

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Samples read at once; small enough to show progress, large enough for vectorised datasets.
CHUNK = 128
#: What a suite uses splits for.
ROLES = ("fit", "regress", "test")
#: Raised when the layout of the cache changes.
LAYOUT = 1

#: Told (description, done, total) while a split is built.
Progress = Callable[[str, int, int], None]
#: What reading a file of the cache raises when it is not as it was written.
_DAMAGE = (ValueError, KeyError, TypeError, EOFError)
_ARRAYS = [f.name for f in fields(Samples) if f.name not in ("ids", "captions")]


@dataclass(frozen=True)
class CachedSplit:
    """A split as memory-mapped arrays.

    Attributes:
        samples: the arrays; read-only, loaded page by page when touched.
        digests: one 16-byte hash of each image's pixels, as hexadecimal text.
        fingerprint: sha256 of names, pixels and labels.
        folder: where the arrays lie.
    """

    samples: Samples
    digests: Sequence[str]
    fingerprint: str
    folder: Path

    def first(self, count: int | None) -> CachedSplit:
        """The split cut to its first samples."""
        if count is None or count >= len(self.samples):
            return self
        return self._cut(slice(count), {"first": count})

    def every_other(self, first: int) -> CachedSplit:
        """Every other sample, from number `first` (0 or 1) on: one of two halves."""
        return self._cut(slice(first, None, 2), {"every other from": first})

    def _cut(self, places: slice, how: dict[str, int]) -> CachedSplit:
        cut = {
            f.name: value[places]
            for f in fields(Samples)
            if (value := getattr(self.samples, f.name)) is not None
        }
        return replace(
            self,
            samples=replace(self.samples, **cut),
            digests=self.digests[places],
            fingerprint=fingerprint({"split": self.fingerprint, **how}),
        )


def open_dataset(
    suite: Suite, known: Registry, data: Path | None = None, *, skip_broken: bool = False
) -> Dataset:
    """The suite's dataset at its root.

    Args:
        suite: the suite.
        known: the registry.
        data: the data root of `--data`; without it the default root is searched.
        skip_broken: pass over broken image files, for datasets that offer it.

    Raises:
        DataError: there is no such data root, or files are missing.
        ConfigError: an option of the dataset is wrong.
    """
    entry = known.datasets.get(suite.dataset)
    options = dataset_options(suite, known, skip_broken=skip_broken)
    root = None if entry.spec.embedded else _root(suite, data, entry.spec.home, entry.spec.layout)
    dataset: Dataset = entry.load(entry.spec.target)(root, options)
    return dataset


def _root(suite: Suite, data: Path | None, home: str, layout: str) -> Path:
    if data is None:
        found = data_folder(suite.name, suite.dataset)
    else:
        found = data if data.is_dir() else None
    if found is not None:
        return found
    tree = f" Expected below it:\n{layout.rstrip()}\n" if layout else " "
    nowhere = f"nothing found below {default_data_root()}"
    where = f"{data} is no folder" if data is not None else nowhere
    source = f"Get it from {home} and name" if home else "Name"
    raise DataError(
        f"Suite {suite.name!r} needs the dataset {suite.dataset!r}: {where}.{tree}"
        f"{source} its folder with --data."
    )


def load_roles(
    suite: Suite,
    dataset: Dataset,
    known: Registry,
    progress: Progress | None = None,
    *,
    only: Sequence[str] = ROLES,
) -> dict[str, CachedSplit]:
    """The suite's splits by role (`fit`, `regress`, `test`); an empty `regress` is left out.

    Args:
        suite: the suite.
        dataset: its dataset.
        known: the registry.
        progress: told while images are read into the cache.
        only: read no other roles.

    Raises:
        DataError: a split is unknown or empty, or a file is broken.
    """
    roles: dict[str, CachedSplit] = {}
    for role, use in _filled_roles(suite, dataset).items():
        if role not in only:
            continue
        split = load_split(suite.dataset, dataset, use.split, suite.image_size, known, progress)
        roles[role] = split.first(use.limit)
    return roles


def _filled_roles(suite: Suite, dataset: Dataset) -> dict[str, Role]:
    """The roles whose splits have images; checked before the first image is read."""
    counts = {split: len(dataset.ids(split)) for split in dataset.splits()}
    roles: dict[str, Role] = {}
    for role in ROLES:
        use: Role | None = getattr(suite.roles, role)
        if use is None:
            continue
        if use.split not in counts:
            raise DataError(
                f"Suite {suite.name!r}: role {role!r} names the split {use.split!r}, but "
                f"{suite.dataset!r} has {', '.join(counts)}."
            )
        if counts[use.split]:
            roles[role] = use
        elif role != "regress":
            found = ", ".join(f"{split} {count}" for split, count in counts.items())
            raise DataError(
                f"Suite {suite.name!r}: the split {use.split!r} for role {role!r} has no image; "
                f"images by split: {found}."
            )
    return roles


def load_split(
    name: str,
    dataset: Dataset,
    split: str,
    image_size: int,
    known: Registry,
    progress: Progress | None = None,
) -> CachedSplit:
    """One split from the cache, built first where it is not there yet.

    Raises:
        DataError: ids are not unique, or a file is broken.
        ContractError: the dataset gave other arrays than it was asked for.
        RunError: the cache folder cannot be written.
    """
    key = fingerprint(
        {
            "layout": LAYOUT,
            "dataset": name,
            "version": known.datasets.get(name).spec.version,
            "source": dataset.source(),
            "split": split,
            "image_size": image_size,
        }
    )
    folder = cache_root() / name / f"{split}-{image_size}-{key[:16]}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if not folder.exists():
            with FileLock(f"{folder}.lock"):
                if not folder.exists():
                    _build(dataset, split, image_size, folder, progress)
        return _open(folder)
    except OSError as error:
        raise unwritten(folder, error, f"The cache {folder} cannot be used") from None


def resized_images(split: CachedSplit, size: int) -> NDArray[np.uint8]:
    """The split's images at another size, `uint8 [N, 3, size, size]`, kept beside the split.

    Raises:
        RunError: the cache folder cannot be written.
    """
    images = split.samples.images
    if images.shape[-1] == size:
        return images
    path = split.folder / f"images-{size}.npy"
    try:
        if not path.exists():
            with FileLock(split.folder.parent / f"{split.folder.name}-{size}.lock"):
                if not path.exists():
                    _resize(np.load(split.folder / "images.npy", mmap_mode="r"), size, path)
        resized: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    except _DAMAGE as error:
        raise _damaged(split.folder, error) from None
    except OSError as error:
        raise unwritten(path, error, f"The cache {path} cannot be used") from None
    return resized[: len(images)]


def _resize(images: NDArray[np.uint8], size: int, path: Path) -> None:
    import torch

    from harness.training.images import resize_images

    temporary = path.with_suffix(".part.npy")
    target = _new_array(temporary, np.dtype(np.uint8), (len(images), 3, size, size))
    for start in range(0, len(images), CHUNK):
        chunk = torch.from_numpy(np.array(images[start : start + CHUNK]))
        target[start : start + CHUNK] = resize_images(chunk, size).numpy()
    target.flush()
    temporary.replace(path)


def _new_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """A new memory-mapped array file whose room on the disk is taken at once.

    Else a full disk would not raise an error but kill the process (SIGBUS) at some later page.
    """
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("rb+") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _build(
    dataset: Dataset, split: str, image_size: int, folder: Path, progress: Progress | None
) -> None:
    ids = list(dataset.ids(split))
    _refuse_duplicates(ids, split)
    temporary = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    starts = range(0, len(ids), CHUNK)
    workers = _workers()

    def read(start: int) -> Samples:
        chunk = range(start, min(start + CHUNK, len(ids)))
        samples = dataset.read(split, chunk, image_size)
        _check_chunk(samples, [ids[i] for i in chunk], image_size, split)
        return samples

    arrays: dict[str, Any] = {}
    captions: list[str] | None = None
    digests: list[str] = []
    with ThreadPoolExecutor(max_workers=workers) as pool:
        chunks = _bounded_map(pool, read, starts, ahead=2 * workers + 1)
        for start, samples in zip(starts, chunks, strict=True):
            captions = _store(samples, start, len(ids), temporary, arrays, captions)
            digests += [
                hashlib.blake2b(i.tobytes(), digest_size=16).hexdigest() for i in samples.images
            ]
            if progress:
                progress(f"{split} images", min(start + CHUNK, len(ids)), len(ids))
    labels = {
        name: hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
        for name, array in arrays.items()
        if name != "images"
    }
    for array in arrays.values():
        array.flush()
    content = {"ids": ids, "digests": digests, "labels": labels, "captions": captions}
    meta = {**content, "fingerprint": fingerprint(content)}
    write_text(temporary / "meta.json", json.dumps(meta))
    temporary.replace(folder)


def _check_chunk(samples: Samples, ids: Sequence[str], image_size: int, split: str) -> None:
    """Refuse samples that are not the ones that were asked for.

    Raises:
        ContractError: other names, or an array of another length, size or type.
    """
    if list(samples.ids) != list(ids):
        raise ContractError(f"Split {split!r}: read() gave other images than ids() names.")
    shape = (len(ids), 3, image_size, image_size)
    if samples.images.shape != shape or samples.images.dtype != np.uint8:
        raise ContractError(
            f"Split {split!r}: read() gave images {samples.images.dtype} "
            f"{list(samples.images.shape)}, expected uint8 {list(shape)}."
        )
    for name in [*_ARRAYS, "captions"]:
        value = getattr(samples, name)
        if value is not None and len(value) != len(ids):
            raise ContractError(
                f"Split {split!r}: read() gave {len(value)} {name} for {len(ids)} images."
            )


def _workers() -> int:
    from harness.training.machine import free_cores

    return free_cores()


def _bounded_map(
    pool: ThreadPoolExecutor, read: Callable[[int], Samples], starts: Sequence[int], *, ahead: int
) -> Iterator[Samples]:
    """`pool.map`, but never more than `ahead` chunks before the reader."""
    waiting = [pool.submit(read, start) for start in starts[:ahead]]
    for index in range(len(starts)):
        result = waiting.pop(0).result()
        if index + ahead < len(starts):
            waiting.append(pool.submit(read, starts[index + ahead]))
        yield result


def _store(
    samples: Samples,
    start: int,
    total: int,
    folder: Path,
    arrays: dict[str, Any],
    captions: list[str] | None,
) -> list[str] | None:
    for name in _ARRAYS:
        value = getattr(samples, name)
        if start and (value is None) != (name not in arrays):
            raise ContractError(f"The dataset gave {name!r} for some images and not for others.")
        if value is None:
            continue
        if name not in arrays:
            path = folder / f"{name}.npy"
            arrays[name] = _new_array(path, value.dtype, (total, *value.shape[1:]))
        arrays[name][start : start + len(samples)] = value
    if samples.captions is None:
        return captions
    return [*(captions or []), *samples.captions]


def _open(folder: Path) -> CachedSplit:
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        arrays = {
            name: np.load(path, mmap_mode="r")
            for name in _ARRAYS
            if (path := folder / f"{name}.npy").exists()
        }
        samples = Samples(ids=meta["ids"], captions=meta["captions"], **arrays)
        if {len(array) for array in arrays.values()} != {len(samples)}:
            raise ValueError("its arrays differ in length")
        return CachedSplit(samples, meta["digests"], meta["fingerprint"], folder)
    except _DAMAGE as error:
        raise _damaged(folder, error) from None


def _damaged(folder: Path, error: Exception) -> RunError:
    return RunError(f"The cache {folder} is damaged ({error}). Delete it and run again.")


def _refuse_duplicates(ids: Sequence[str], split: str) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise DataError(f"Split {split!r}: the id {name!r} occurs twice; ids must be unique.")
        seen.add(name)
