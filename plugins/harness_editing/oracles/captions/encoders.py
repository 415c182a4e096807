"""From captions to vectors of length 1."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import AssetMissing, DataError, UserError
from harness_editing.oracles.captions.config import HASHED_WORDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Hashes that words fall into, numbers of an embedding, and the seed of the words' directions.
HASHES, SIZE, SEED = 2**14, 64, 0
#: The direction of captions without words.
NO_WORD = 0
#: English words that say nothing about an image.
FUNCTION_WORDS = (
    "a an and are as at by for from has have he her his in is it its of on or she that the their "
    "there they this to who with"
)


class Encoder(Protocol):
    """What turns captions into vectors."""

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """Vectors `float32 [N, D]` of length 1 on the CPU, equal for equal captions."""


class HashedWords:
    """Every word has a random direction; a caption is the sum of its words', brought to length 1.

    How often and in which order words stand there does not matter. Words of all languages count,
    but for English ones without meaning and single letters. A caption without words has a direction
    of its own.
    """

    def __init__(self) -> None:
        from sklearn.feature_extraction.text import HashingVectorizer

        self.words = HashingVectorizer(
            n_features=HASHES,
            stop_words=FUNCTION_WORDS.split(),
            binary=True,
            alternate_sign=False,
            norm=None,
        )
        # NumPy's old generator, because its numbers never change from version to version.
        random = np.random.RandomState(SEED)
        self.directions: NDArray[np.float64] = random.standard_normal((HASHES, SIZE))

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """See `Encoder`."""
        sums = np.asarray(self.words.transform(captions) @ self.directions)
        sums[~sums.any(axis=1)] = self.directions[NO_WORD]
        return F.normalize(torch.from_numpy(sums)).float()


class SentenceTransformer:
    """A model of sentence-transformers from this machine; nothing is downloaded.

    Args:
        name: of the model, or its folder.

    Raises:
        UserError: the package is not installed.
        AssetMissing: the model is not on this machine.
        DataError: the folder holds no model.
    """

    def __init__(self, name: str) -> None:
        try:
            package: Any = import_module("sentence_transformers")
        except ImportError:
            raise UserError(
                f"encoder = {name} needs the package sentence-transformers: pip install "
                f"'harness[captions]'; or set encoder={HASHED_WORDS}."
            ) from None
        try:
            self.model = package.SentenceTransformer(name, local_files_only=True, device="cpu")
        except (OSError, ValueError) as error:
            if Path(name).is_dir():
                first = str(error).splitlines()[0].rstrip(".")
                raise DataError(
                    f"{name}: holds no model of sentence-transformers ({first}); copy the whole "
                    "folder of a model there."
                ) from None
            raise AssetMissing(_advice(name)) from None

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """See `Encoder`."""
        vectors = self.model.encode(
            list(captions), normalize_embeddings=True, show_progress_bar=False
        )
        return torch.from_numpy(np.array(vectors, np.float32))


def build_encoder(name: str) -> Encoder:
    """The encoder that a configuration names.

    Raises:
        UserError: sentence-transformers is needed and not installed.
        AssetMissing: its model is not on this machine.
        DataError: a folder holds no model.
    """
    return HashedWords() if name == HASHED_WORDS else SentenceTransformer(name)


def _cache() -> str:
    """The folder in which sentence-transformers looks for models by name."""
    hub: Any = import_module("huggingface_hub.constants")
    return os.environ.get("SENTENCE_TRANSFORMERS_HOME") or str(hub.HF_HUB_CACHE)


def _advice(name: str) -> str:
    """What to do about a model that is not on this machine."""
    instead = f"or set encoder={HASHED_WORDS}"
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", name):
        return (
            f"encoder = {name}: there is no such folder; copy a model of sentence-transformers "
            f"there, {instead}."
        )
    full = name if "/" in name else f"sentence-transformers/{name}"
    return (
        f"encoder = {name} is no model on this machine (looked for in {_cache()}); fetch it where "
        f"there is internet with 'hf download {full} --local-dir FOLDER' "
        f"(https://huggingface.co/{full}), copy the folder here and set encoder=FOLDER, {instead}."
    )
