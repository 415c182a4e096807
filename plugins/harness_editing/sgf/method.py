"""SGF: edits of latents along a surrogate of the gradient of conditions.

Minjun Li, Yanghua Jin, Huachun Zhu: Surrogate Gradient Field for Latent Space Manipulation. CVPR
2021, arXiv 2104.09065.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor, nn

from harness.contract import Images, MethodConfig, Run
from harness.errors import RecordError, RunError
from harness.training.method import NetworkMethod
from harness_editing.sgf.config import OWNER, SgfConfig
from harness_editing.sgf.field import PRODUCTS, displacement
from harness_editing.sgf.mapping import AuxiliaryMapping
from harness_editing.sgf.pairs import KnownPairs, Pairs, drawn_pairs, known_pairs
from harness_editing.sgf.stopping import reached
from harness_editing.sgf.training import MappingTraining
from harness_editing.stepwise import StepwiseEditor, goal


class Sgf(NetworkMethod, StepwiseEditor):
    """The auxiliary mapping F and algorithm 1; capability `edit`.

    Attributes:
        mapping: F, from `fit` or `load_state_dict` on.
        known: what the generator and the guide gave when F was trained.
    """

    owner = OWNER
    mapping: AuxiliaryMapping
    known: KnownPairs

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(SgfConfig, config)

    def fit(self, images: Images, run: Run) -> None:
        """Train F on pairs that the generator and the guide give; the images are not looked at.

        Raises:
            RunError: the guide answers no finite numbers.
        """
        config = self.settings
        self._build(known_pairs(self.generator, self.guide))
        pairs = drawn_pairs(self.generator, self.guide, config.pairs, run)
        training = MappingTraining(config, self.mapping, pairs, run)
        for step in run.steps(config.updates, training.state(), name="mapping"):
            run.log(**training.step(step))
        self.mapping.eval()

    def trajectory(self, latents: Tensor, start: Tensor, wanted: Tensor) -> list[Tensor]:
        """Algorithm 1 on all samples at once; see `StepwiseEditor.trajectory`.

        Raises:
            RunError: nothing was learned or loaded yet.
        """
        config, mapping = self.settings, self._trained().eval()
        products_of = PRODUCTS[config.products]
        change = config.step_size * (goal(wanted, start) - start)
        conditions, moving = start, self._moving(start, start, wanted)
        steps = [latents]
        for _ in range(config.steps):
            products = products_of(mapping, latents, conditions)
            moved = latents + displacement(products, change, config.order)
            moved = self.generator.projected(moved)
            latents = torch.where(moving[:, None], moved, latents)
            conditions = self.conditions_of(latents)
            moving = moving & self._moving(conditions, start, wanted)
            steps.append(latents)
        return steps

    def kept(self) -> Mapping[str, nn.Module]:
        """F, and what its training saw of generator and guide."""
        return {"mapping": self._trained(), "known": self.known}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave, for the same generator and guide.

        Raises:
            RecordError: the state belongs to another configuration, generator or guide.
        """
        pairs = known_pairs(self.generator, self.guide)
        for name, found, whose in (
            ("latents", pairs.latents, "generator, whose latents have {} values"),
            ("conditions", pairs.conditions, "guide, which answers {} conditions"),
        ):
            saved = state.get(f"known.{name}", found).shape[-1]
            if saved != found.shape[1]:
                raise RecordError(
                    f"{OWNER}: the mapping was trained for another {whose.format(saved)}, not "
                    f"{found.shape[1]}; train it again with --fresh."
                )
        self._build(pairs)
        super().load_state_dict(state)
        self.known.require_same(pairs)

    def _build(self, pairs: Pairs) -> None:
        """Make room for F and take the pairs by which generator and guide are known."""
        sizes = pairs.latents.shape[1], pairs.conditions.shape[1]
        self.mapping, self.known = AuxiliaryMapping(self.settings, *sizes), KnownPairs(*sizes)
        self.known.store(pairs)

    def _trained(self) -> AuxiliaryMapping:
        if not hasattr(self, "mapping"):
            raise RunError(f"{OWNER} has no mapping yet; call fit first.")
        return self.mapping

    def _moving(self, conditions: Tensor, start: Tensor, wanted: Tensor) -> Tensor:
        """Which samples go on, `bool [N]`: all, or those that do not show yet what is wanted."""
        if not self.settings.stop:
            return torch.ones_like(conditions[:, 0], dtype=torch.bool)
        return ~reached(conditions, start, wanted, self.guide.conditions, self.settings)
