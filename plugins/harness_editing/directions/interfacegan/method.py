"""InterFaceGAN: an attribute's direction is the normal of its boundary in the space of latents.

Yujun Shen, Jinjin Gu, Xiaoou Tang, Bolei Zhou: Interpreting the Latent Space of GANs for Semantic
Face Editing. CVPR 2020, arXiv 1907.10786.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from harness.contract import Images, Run
from harness.errors import ConfigError
from harness_editing.directions.config import InterFaceGanConfig
from harness_editing.directions.editor import DirectionEditor, random_units, unit
from harness_editing.directions.guided import GuidedEditor, require_variety
from harness_editing.directions.interfacegan.boundary import boundary, conditional
from harness_editing.stored import Stored


class InterFaceGan(GuidedEditor):
    """Linear boundaries of attributes, found from latents of extreme scores; capability `edit`.

    An edit is an offset from the start, not the distance from the boundary at which the official
    code's interpolation arrives: else starts would be edited unequally far.

    Stored are, besides mean and radius, the `normals` `[C, D]` of the boundaries, the `directions`
    `[C, D]` of the edits (the same without conditions), and each boundary's `validation_accuracy`
    and `accuracy` `[C]` (see `Boundary`; NaN untrained).
    """

    owner = "interfacegan"
    STORED: ClassVar[dict[str, int]] = {
        **DirectionEditor.STORED,
        "normals": 2,
        "directions": 2,
        "validation_accuracy": 1,
        "accuracy": 1,
    }
    config: InterFaceGanConfig

    def fit(self, images: Images, run: Run) -> None:
        """Score latents by the guide, then find one boundary a step.

        Raises:
            ConfigError: the guide answers no attributes, or too few for `conditions`.
            RunError: an attribute never varies, or its direction lies in the span of the others'.
        """
        self.require_attributes()
        size, attributes = self.sizes()
        if self.config.conditions >= attributes:
            raise ConfigError(
                f"interfacegan: conditions is {self.config.conditions}, but besides an attribute "
                f"the guide answers only {attributes - 1} others."
            )
        spread = self.measure_spread(run.generator("radius"))
        scored = self.scored(self.config.latents, run)
        unknown = torch.full((attributes,), torch.nan)
        found = Stored(
            normals=random_units(attributes, size, run),
            validation_accuracy=unknown.clone(),
            accuracy=unknown.clone(),
        )
        split = run.generator("split")
        for attribute in run.steps(attributes, {"found": found}, name="boundaries"):
            require_variety(scored["answers"], self.owner)
            scores = scored["answers"][:, attribute]
            plane = boundary(scored["latents"], scores, self.config, split)
            found["normals"][attribute] = plane.normal
            found["validation_accuracy"][attribute] = plane.validation_accuracy
            found["accuracy"][attribute] = plane.accuracy
            run.log(validation_accuracy=plane.validation_accuracy, accuracy=plane.accuracy)
        directions = conditional(found["normals"], self.config.conditions)
        self.store(**spread, **found.state_dict(), directions=directions)

    def directions(self, latents: Tensor, wanted: Tensor) -> Tensor:
        """The sum of the asked attributes' directions, `[N, D]`."""
        return unit(self.senses(latents, wanted) @ self.stored("directions").to(latents))
