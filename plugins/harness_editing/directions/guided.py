"""What those editors share that let the guide say where an attribute lies."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.contract import Run
from harness.errors import ConfigError, RecordError, RunError, ShapeError
from harness_editing.answered import answer_count, answered_latents, latent_size
from harness_editing.directions.config import GuidedConfig
from harness_editing.directions.editor import DirectionEditor
from harness_editing.stored import Stored

#: An attribute whose answers differ by less says nothing about the latents.
RANGE_LEAST = 1e-6


class GuidedEditor(DirectionEditor):
    """An editor that knows a direction for each attribute and asks the guide for its sense.

    An attribute goes up where more is wanted than the guide sees in the image of the start, or all
    of it (1), and else down. Several asked attributes add their directions, and the sum is brought
    to length 1 again; where they cancel, nothing moves.
    """

    config: GuidedConfig

    def require_attributes(self) -> None:
        """Refuse a guide whose conditions are no attributes.

        Raises:
            ConfigError: it answers something else.
        """
        if self.guide.conditions != "attributes":
            raise ConfigError(
                f"{self.owner} is defined for attributes only, which an image has or has not, but "
                f"the guide answers {self.guide.conditions}; edit with another method."
            )

    def answers(self, latents: Tensor) -> Tensor:
        """What the guide says `[N, C]` of the images of latents `[N, D]` or `[N, L, D]`."""
        parts = torch.split(latents, self.config.batch_size)
        return torch.cat([self.guide.answer(self.generator.synthesise(part)) for part in parts])

    def senses(self, latents: Tensor, wanted: Tensor) -> Tensor:
        """1 where an attribute is to go up, -1 where down, 0 where nothing is asked, `[N, C]`.

        Raises:
            ConfigError: the guide answers no attributes.
            RecordError: the guide answers other attributes than those that were learned.
            ShapeError: there are more or fewer wanted conditions than the guide answers.
        """
        self.require_attributes()
        present = self.answers(latents)
        learned, given = len(self.stored("directions")), present.shape[1]
        if learned != given:
            raise RecordError(
                f"{self.owner} was trained for another guide: that answered {learned} attributes, "
                f"this one {given}; train it again with --fresh."
            )
        if wanted.shape != present.shape:
            raise ShapeError(
                f"{self.owner}: wanted has shape {list(wanted.shape)}, expected "
                f"{list(present.shape)}, as the guide answers."
            )
        up = (wanted > present) | (wanted >= 1)
        return torch.where(up, 1.0, -1.0).masked_fill(wanted.isnan(), 0.0).to(latents)

    def scored(self, count: int, run: Run) -> Stored[Tensor]:
        """New latents with the guide's answers, in a loop of the run named `scoring`.

        Returns:
            See `answered_latents`.

        Raises:
            RunError: the guide answers what is no finite number.
        """
        return answered_latents(
            self.generator,
            self.guide,
            count,
            run,
            batch_size=self.config.batch_size,
            source=run.generator("latents"),
            loop="scoring",
            owner=self.owner,
        )

    def sizes(self) -> tuple[int, int]:
        """D, the values of a latent, and C, the attributes that the guide answers."""
        return latent_size(self.generator), answer_count(self.generator, self.guide)

    def parameter_count(self) -> int:
        """The numbers of the directions."""
        return self.stored("directions").numel()


def require_variety(answers: Tensor, owner: str) -> None:
    """Refuse answers `[N, C]` in which an attribute is always the same.

    Raises:
        RunError: one differs by less than `RANGE_LEAST` over all samples.
    """
    ranges = answers.amax(dim=0) - answers.amin(dim=0)
    flat = torch.nonzero(ranges < RANGE_LEAST).flatten().tolist()
    if flat:
        raise RunError(
            f"{owner}: the guide answers the same to all {len(answers)} images for the attributes "
            f"of numbers {flat}, so there is no direction; take another generator or guide."
        )
