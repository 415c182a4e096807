"""What the page asks the server for. Every request says all of it: the server has no state."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from harness.drawing.draw_request import SEEDS
from harness.drawing.operation_text import parse_operation
from harness.drawing.operations import Operation
from harness.errors import ConfigError, UserError


class SourceRequest(BaseModel):
    """One image of a draw, or a photo."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: str | None = Field(
        default=None, description="Seed of the draw; as text, since browsers round large numbers."
    )
    image: int = Field(default=0, ge=0, description="Number of the image in the draw.")
    photo: str | None = Field(default=None, description="Name of an opened photo, in place of it.")

    def whole_seed(self) -> int:
        """The seed of a request for an image of a draw.

        Raises:
            UserError: it has none.
            ConfigError: see `parse_seed`.
        """
        if self.seed is None:
            raise UserError("Neither a seed nor a photo says what is to be drawn.")
        return parse_seed(self.seed)


class EditRequest(SourceRequest):
    """One picture after operations."""

    look: str | None = Field(default=None, description="The opened photo whose look is drawn.")
    operations: list[str] = Field(
        default=[], description="In their order, written as for `harness sample --op`."
    )

    def parsed(self) -> list[Operation]:
        """The operations.

        Raises:
            UserError: one is malformed.
        """
        return [parse_operation(text) for text in self.operations]


class LatentEditRequest(SourceRequest):
    """One picture after an edit of its latents."""

    want: list[str] = Field(
        default=[], description="What is wanted, all at once, as for `harness sample --want`."
    )
    strength: float = Field(default=1.0, ge=0, le=1, description="How far the edit goes.")

    def level(self, levels: int) -> int:
        """The nearest of so many equal steps from 0 to 1."""
        return round(self.strength * levels)


def parse_seed(text: str) -> int:
    """A seed as it was typed.

    Raises:
        ConfigError: the text is no seed.

    >>> parse_seed(" 17 ")
    17
    """
    word = text.strip()
    # A text of more digits is too large, and slow to turn into a number.
    short = word.isascii() and word.isdigit() and len(word) <= len(str(SEEDS))
    if not short or int(word) >= SEEDS:
        shown = word if len(word) <= 40 else f"{word[:40]}…"
        raise ConfigError(f"A seed is a whole number from 0 to {SEEDS - 1}, got {shown!r}.")
    return int(word)
