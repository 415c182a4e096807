"""Things that are made once and shared by all runs, such as a trained feature extractor.

They lie in the harness's cache folder, named by the fingerprint of all they depend on. This is in
the contract because plugins make them, while the folder, its locks and its whole-or-nothing writing
are the harness's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.environment import cache_root
from harness.errors import RunError
from harness.files import replacing, unwritten
from harness.fingerprint import fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Bytes that are read at once to hash an array on the disk.
PIECE_BYTES = 2**26


def kept_arrays(
    name: str, key: Mapping[str, Any], make: Callable[[], Mapping[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Arrays from the cache folder, made first where they are not there yet.

    Two runs that ask at the same time make them once: the second waits for the first.

    Args:
        name: what they are, a folder of the cache.
        key: all that they depend on, as JSON can hold it.
        make: makes them.

    Returns:
        What `make` gave, by name.

    Raises:
        RunError: the cache folder cannot be used, or a file in it is damaged.
    """
    from filelock import FileLock
    from safetensors import SafetensorError
    from safetensors.numpy import load_file, save_file

    path = cache_root() / name / f"{fingerprint(key)[:16]}.safetensors"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with FileLock(f"{path}.lock"):
                if not path.exists():
                    made = {field: value.copy(order="C") for field, value in make().items()}
                    with replacing(path, (SafetensorError,)) as temporary:
                        save_file(made, temporary)
        arrays: dict[str, NDArray[Any]] = load_file(path)
    except SafetensorError as error:
        raise RunError(f"The cache {path} is damaged ({error}). Delete it and run again.") from None
    except OSError as error:
        raise unwritten(path, error, f"The cache {path} cannot be used") from None
    return arrays


def digest(array: NDArray[np.generic]) -> str:
    """sha256 of an array's type, shape and values; one on the disk is read piece by piece."""
    import numpy as np

    found = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    pieces = np.atleast_1d(array)
    rows = max(1, PIECE_BYTES // max(1, array.nbytes // max(1, len(pieces))))
    for start in range(0, len(pieces), rows):
        found.update(np.ascontiguousarray(pieces[start : start + rows]).data)
    return found.hexdigest()
