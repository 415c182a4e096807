"""GANSpace: an attribute's direction is a principal component of the latents, in some layers.

Erik Härkönen, Aaron Hertzmann, Jaakko Lehtinen, Sylvain Paris: GANSpace: Discovering Interpretable
GAN Controls. NeurIPS 2020, arXiv 2004.02546.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from harness.contract import Images, Run
from harness.errors import ConfigError, RecordError
from harness_editing.directions.config import GanSpaceConfig
from harness_editing.directions.editor import DirectionEditor, random_units, unit
from harness_editing.directions.ganspace.choice import (
    Choice,
    by_correlation,
    by_effect,
    layer_ranges,
)
from harness_editing.directions.ganspace.components import Components
from harness_editing.directions.guided import GuidedEditor, require_variety
from harness_editing.stored import Stored


class GanSpace(GuidedEditor):
    """Principal components of a style space, in ranges of layers; capability `edit`.

    The paper's vectors and layers were picked by hand; here each attribute's are chosen
    automatically, with the guide's answers to a labelled sample (see `choice`). An edit is as long
    as the other editors', in every layer that it changes, rather than counted in standard
    deviations of its component.

    Not for generators with one latent for all layers, as ProgressiveGAN: the components of a normal
    distribution mean nothing, and the activations of the first layer, which the paper takes then,
    are not among what an editor sees of a generator.

    Stored are, besides mean and radius, the `directions` `[C, D]` with their signs, the `layers`
    `[C, 2]` in which they act (first, end exclusive), `layer_count` `[]`, the numbers `chosen`
    `[C]` of the components, their `evidence` `[C]` (mean change at `probe`, or correlation; NaN
    untrained), and all `components` `[K, D]` with their `deviations` `[K]`.
    """

    owner = "ganspace"
    STORED: ClassVar[dict[str, int]] = {
        **DirectionEditor.STORED,
        "directions": 2,
        "layers": 2,
        "layer_count": 0,
        "chosen": 1,
        "evidence": 1,
        "components": 2,
        "deviations": 1,
    }
    config: GanSpaceConfig

    def fit(self, images: Images, run: Run) -> None:
        """Find the components, then choose among them for each attribute.

        Raises:
            ConfigError: the guide answers no attributes, the generator has one latent for all
                layers, or latents have fewer values than components are asked for.
            RunError: an attribute never varies in the labelled sample.
        """
        self.require_attributes()
        size, attributes = self.sizes()
        self._require_styles(size)
        spread = self.measure_spread(run.generator("radius"))
        components, deviations = self._components(size, run)
        labelled = self.scored(self.config.labelled, run)
        ranges = layer_ranges(self.generator.layers, self.config.ranges)
        if len(labelled["answers"]):
            require_variety(labelled["answers"], self.owner)
            choice = self._choice(labelled, spread["mean"], components, deviations, run)
        else:
            nothing = torch.zeros(attributes, dtype=torch.int64)
            choice = Choice(nothing, nothing, torch.full((attributes,), torch.nan))
        signs = torch.where(choice.evidence < 0, -1.0, 1.0)
        self.store(
            **spread,
            directions=signs[:, None] * components[choice.components],
            layers=torch.tensor(ranges)[choice.ranges],
            layer_count=torch.tensor(self.generator.layers),
            chosen=choice.components,
            evidence=choice.evidence,
            components=components,
            deviations=deviations,
        )

    def directions(self, latents: Tensor, wanted: Tensor) -> Tensor:
        """The sum of the asked attributes' directions, brought to length 1 in every layer.

        Returns:
            `[N, L, D]`, 0 in layers that none of them changes; `[N, D]` where the choice is by
            correlation.

        Raises:
            RecordError: the generator has another number of layers than that of the training.
        """
        learned, given = int(self.stored("layer_count")), self.generator.layers
        if learned != given:
            raise RecordError(
                f"ganspace was trained for another generator: that had {learned} layers, this one "
                f"has {given}; train it again with --fresh."
            )
        senses = self.senses(latents, wanted)
        directions = self.stored("directions").to(latents)
        if self.config.choice == "correlation":
            return unit(senses @ directions)
        first, end = self.stored("layers").to(latents.device).T[..., None]
        layers = torch.arange(learned, device=latents.device)
        inside = ((layers >= first) & (layers < end)).to(latents)
        return unit(torch.einsum("nc,cl,cd->nld", senses, inside, directions))

    def _require_styles(self, size: int) -> None:
        if self.generator.layers == 1:
            raise ConfigError(
                "ganspace needs a generator whose layers take latents of their own, such as "
                "stylegan2: the principal components of one normal latent mean nothing."
            )
        if self.config.components > size:
            raise ConfigError(
                f"ganspace: components is {self.config.components}, but latents have only {size} "
                "values; lower 'components' and 'candidates'."
            )

    def _components(self, size: int, run: Run) -> tuple[Tensor, Tensor]:
        """Components `[K, D]` with their deviations `[K]`; random ones where no step is made."""
        config = self.config
        found, source = Components(config.components), run.generator("blocks")
        for _ in run.steps(config.latents // config.block, {"pca": found}, name="components"):
            found.add(self.generator.draw_latents(config.block, source))
            run.log(first_deviation=found.deviations[0])
        if not found.state_dict():
            return random_units(config.components, size, run), torch.ones(config.components)
        return found.directions, found.deviations

    def _choice(
        self,
        labelled: Stored[Tensor],
        mean: Tensor,
        components: Tensor,
        deviations: Tensor,
        run: Run,
    ) -> Choice:
        tried = components[: self.config.candidates]
        if self.config.choice == "correlation":
            return by_correlation((labelled["latents"] - mean) @ tried.T, labelled["answers"])
        offsets = self.config.probe * deviations[: len(tried), None] * tried
        effects, changes = self._effects(labelled, offsets, run)
        return by_effect(effects, changes, self.config.effect_least)

    @torch.no_grad()
    def _effects(
        self, labelled: Stored[Tensor], offsets: Tensor, run: Run
    ) -> tuple[Tensor, Tensor]:
        """What the guide says of latents that are moved to both sides, one candidate a step.

        Args:
            labelled: `latents` `[N, D]` and their `answers` `[N, C]`.
            offsets: `[K, D]`.
            run: whose loop `effects` this is.

        Returns:
            Of every attribute, half the difference of the two sides: its mean over samples, and the
            mean of its size, `[K, R, C]` for R ranges of layers.
        """
        layers = self.generator.layers
        ranges = layer_ranges(layers, self.config.ranges)
        shape = (len(offsets), len(ranges), labelled["answers"].shape[1])
        found = Stored(effects=torch.zeros(shape), changes=torch.zeros(shape))
        start = labelled["latents"].to(run.device)[:, None].expand(-1, layers, -1)
        for step in run.steps(shape[0] * shape[1], {"found": found}, name="effects"):
            component, place = divmod(step, len(ranges))
            first, end = ranges[place]
            offset = torch.zeros_like(start[0])
            offset[first:end] = offsets[component].to(start)
            sides = [self.generator.projected(start + sign * offset) for sign in (1, -1)]
            above, below = (self.answers(side) for side in sides)
            change = ((above - below) / 2).cpu()
            found["effects"][component, place] = change.mean(dim=0)
            found["changes"][component, place] = change.abs().mean(dim=0)
            run.log(mean_change=change.abs().mean())
        return found["effects"], found["changes"]
