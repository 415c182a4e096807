"""The configuration of the oracle of captions."""

from __future__ import annotations

from pydantic import Field

from harness_editing.oracles.config import OracleConfig

#: The encoder that needs no download.
HASHED_WORDS = "hashed_words"


class CaptionOracleConfig(OracleConfig):
    """Everything that `harness show method caption_oracle` prints."""

    encoder: str = Field(
        HASHED_WORDS,
        min_length=1,
        description="What turns captions into vectors: hashed_words (which words are there, the "
        "embedded stand-in), or a model of sentence-transformers (paper 4.2) on this machine, by "
        "its name or its folder.",
    )
