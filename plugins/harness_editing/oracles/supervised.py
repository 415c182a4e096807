"""What all oracles share: a network that learns from labelled images to answer others."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from harness.contract import Images, MethodConfig, Run, Samples
from harness.contract.editing import Conditions
from harness.contract.method import Stateful
from harness.errors import DataError, RecordError, RunError, UserError
from harness.training.method import NetworkMethod
from harness.training.modules import placed, untouched_randomness
from harness_editing.oracles.config import OWN_NETWORKS, OracleConfig
from harness_editing.oracles.networks import OracleNetwork, build_network, drawn_from
from harness_editing.oracles.views import Views

#: Share of the highest learning rate with which training starts.
FIRST_RATE = 0.04
#: The stored tensor whose length says how many numbers a network answers with.
HEAD = "network.head.bias"


class SupervisedOracle(NetworkMethod):
    """Learns conditions from the labelled images of a run; capability `answer`.

    Attributes:
        conditions: what its answers are.
        network: `None` until something is learned or loaded: the labels say how many numbers it
            answers with.
    """

    conditions: ClassVar[Conditions]
    network: OracleNetwork | None

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(OracleConfig, config)
        self.network = None
        if self.settings.network not in OWN_NETWORKS:
            from harness_editing.oracles.timm_body import check_network

            # Refused here, before anything is trained.
            check_network(self.settings.network, self.owner)

    @abstractmethod
    def targets(self, samples: Samples) -> Tensor:
        """What the network is to answer, `float32 [N, C]`, NaN where it is not known.

        Raises:
            DataError: the samples lack these labels.
        """

    @abstractmethod
    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """A scalar from the network's numbers `[B, C]` and targets `[B, C]`, NaN left out."""

    @abstractmethod
    def conditions_of(self, outputs: Tensor) -> Tensor:
        """Conditions `[N, C]` from the network's numbers `[N, C]`; differentiable."""

    def moved(self, wanted: Tensor, moves: Tensor) -> Tensor:
        """Targets `[B, C]` of images that moved by `[B, 2]` image edges; the same by default."""
        return wanted

    def fit(self, images: Images, run: Run) -> None:
        """Learn from the run's labelled images; `images` are not looked at.

        Raises:
            AssetMissing: weights to start from are asked for and not on this machine.
            DataError: there are no labelled images, or not with the labels that are needed.
        """
        config, samples = self.settings, self._labelled(run)
        targets = self.targets(samples)
        if not targets.isfinite().any():
            raise DataError(f"{self.owner}: not one label of the role 'regress' is known.")
        network = self.network = self._started(targets.shape[1], run)
        views = Views(samples.images, self.image_size, config, run.generator("views"))
        optimiser = torch.optim.AdamW(
            network.parameters(), weight_decay=config.weight_decay, fused=True
        )
        state: dict[str, Stateful] = {"network": network, "optimiser": optimiser}
        for step in run.steps(config.steps, state, name="oracle"):
            for group in optimiser.param_groups:
                share = rate_share(step, config.steps, config.warm_up)
                group["lr"] = config.learning_rate * share
            batch = views.draw()
            wanted = self.moved(targets[batch.places], batch.moves).to(run.device)
            with run.autocast():
                outputs = network(batch.images.to(run.device))
            loss = self.loss(outputs.float(), wanted)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            run.log(loss=loss.detach())
        network.eval()

    def answer(self, images: Tensor) -> Tensor:
        """Conditions `float32 [N, C]` of images `[N, 3, S, S]`, -1 to 1; differentiable.

        Raises:
            RunError: nothing was learned or loaded yet.
        """
        return self.conditions_of(self._learned().eval()(images))

    def encode(self, captions: Sequence[str]) -> Tensor:
        """Captions as conditions `[N, C]`, which only oracles with embeddings have.

        Raises:
            UserError: the answers are no embeddings.
        """
        raise UserError(
            f"{self.owner} answers with {self.conditions} and knows no captions; let a "
            "caption_oracle judge."
        )

    def kept(self) -> Mapping[str, nn.Module]:
        """The network.

        Raises:
            RunError: nothing was learned or loaded yet.
        """
        return {"network": self._learned()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave.

        Raises:
            RecordError: the state belongs to another method or configuration.
        """
        if HEAD not in state:
            raise RecordError(f"{self.owner}: the saved state has no {HEAD}: it is another's.")
        with untouched_randomness():
            self.network = build_network(self.settings, self.image_size, len(state[HEAD]))
        super().load_state_dict(state)

    def _learned(self) -> OracleNetwork:
        if self.network is None:
            raise RunError(f"{self.owner} knows nothing yet; call fit first.")
        return self.network

    def _labelled(self, run: Run) -> Samples:
        if run.labelled is None or not len(run.labelled):
            raise DataError(
                f"{self.owner} needs labelled images: the suite has no split of role 'regress'."
            )
        return run.labelled

    def _started(self, outputs: int, run: Run) -> OracleNetwork:
        """A network as training finds it, on the run's device."""
        with drawn_from(run.generator("network")):
            network = build_network(self.settings, self.image_size, outputs)
        if self.settings.network not in OWN_NETWORKS:
            from harness_editing.oracles.timm_body import TimmBody, start_weights

            start_weights(cast(TimmBody, network.body), self.settings, self.owner)
        return placed(network, run.device).train()


def rate_share(step: int, steps: int, warm_up: float) -> float:
    """The learning rate of a step as a share of the highest one.

    It rises in a straight line and falls as half a wave of the cosine, to 0.

    Args:
        step: number of the step, from 0.
        steps: of the whole loop.
        warm_up: share of the steps in which the rate rises.

    Source: one cycle as in Smith and Topin, 2019; the falling half as in Loshchilov, Hutter, 2017.
    """
    done = step / steps
    if done < warm_up:
        return FIRST_RATE + (1.0 - FIRST_RATE) * done / warm_up
    return 0.5 * (1.0 + math.cos(math.pi * (done - warm_up) / (1.0 - warm_up)))
