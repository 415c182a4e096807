"""Training of the auxiliary mapping F (3.2, fig. 3)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from harness.contract import Run
from harness.contract.method import Stateful
from harness.training.modules import is_shown, placed
from harness.training.optimisation import Optimisation
from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.field import PRODUCTS, spectral_radius
from harness_editing.sgf.mapping import AuxiliaryMapping
from harness_editing.sgf.pairs import Pairs
from harness_editing.stored import Stored

#: Pairs at which the spectral radius of dF/dz is measured.
RADIUS_PAIRS = 100


class MappingTraining:
    """One update after the other of F, with looks at pairs that it does not learn on.

    All is float32 in any precision of the run: it is F's derivative that counts later.

    Args:
        config: the configuration.
        mapping: F, not drawn yet.
        pairs: all pairs; none where nothing is to be trained.
        run: device and random generators.

    Attributes:
        measured: what was seen at the held-back pairs last, see `measure`.
    """

    def __init__(
        self, config: SgfConfig, mapping: AuxiliaryMapping, pairs: Pairs, run: Run
    ) -> None:
        self.config, self.device = config, run.device
        self.pairs, self.held_back = pairs.split(config.validation_share)
        self.batches, self.radii = run.generator("batches"), run.generator("radius")
        mapping.draw(run.generator("mapping"))
        if len(pairs):
            mapping.standardise(self.pairs.latents, self.pairs.conditions)
        self.mapping = placed(mapping, run.device)
        self.optimisation = Optimisation(
            mapping, rate=config.rate, schedule=config.schedule, steps=config.updates
        )
        self.measured = Stored[float]()

    def state(self) -> Mapping[str, Stateful]:
        """All that changes from step to step."""
        return {
            "mapping": self.mapping,
            "optimisation": self.optimisation,
            "measured": self.measured,
        }

    def step(self, step: int) -> dict[str, Tensor | float]:
        """One update.

        Returns:
            `loss`, the mean squared error of the batch as a share of the latents' variance, and
            what `measure` found last.
        """
        chosen = torch.randint(len(self.pairs), (self.config.batch_size,), generator=self.batches)
        batch = Pairs(self.pairs.latents[chosen], self.pairs.conditions[chosen])
        loss = self._error(self.mapping.train(), batch.to(self.device))
        self.optimisation.update(step, loss)
        if is_shown(step, self.config.updates):
            self.measured.values = self.measure()
        return {"loss": loss.detach(), **self.measured.values}

    @torch.no_grad()
    def measure(self) -> dict[str, float]:
        """What the paper assumes of F, at the held-back pairs.

        Returns:
            `validation_error`, the squared error as a share of the variance (0 where eq. 1 holds);
            `condition_use`, by which share it rises when every latent gets the conditions of
            another, 0 for a mapping that ignores them (4.3, and assumption 3 of 3.3); and
            `radius_mean` and `radius_most`, of the spectral radius of dF/dz, which is below 1 where
            the Neumann series converges (eq. 2).
        """
        mapping, pairs = self.mapping.eval(), self.held_back.to(self.device)
        error = self._error(mapping, pairs)
        others = Pairs(pairs.latents, pairs.conditions.roll(1, dims=0))
        use = self._error(mapping, others) / error - 1.0
        few = Pairs(pairs.latents[:RADIUS_PAIRS], pairs.conditions[:RADIUS_PAIRS])
        products = PRODUCTS[self.config.products](mapping, few.latents, few.conditions)
        radii = spectral_radius(products, self.radii, few.latents)
        return {
            "validation_error": float(error),
            "condition_use": float(use),
            "radius_mean": float(radii.mean()),
            "radius_most": float(radii.max()),
        }

    def _error(self, mapping: AuxiliaryMapping, pairs: Pairs) -> Tensor:
        """Mean squared error, as a share of the mean variance of the latents' values."""
        found: Tensor = mapping(pairs.latents, pairs.conditions)
        return (found - pairs.latents).square().mean() / mapping.spread
