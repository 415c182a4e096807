"""Adam with the schedules, decays and gradient bounds that papers of this field use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from harness.training.parallel import average_gradients, joint_mean

Schedule = Literal["constant", "plateau", "staircase", "linear", "milestones"]
Bound = Literal["global", "tensor", "none"]

#: `staircase`: factor and steps of a stair (Jakab et al. 2018, code).
STAIR_FACTOR, STAIR_STEPS = 0.95, 100_000
#: `plateau`: the error is averaged over so many steps before it is looked at.
PLATEAU_STEPS = 1_000
#: Norm to which gradients are cut.
GRADIENT_NORM = 1.0


class Optimisation:
    """Updates a module's parameters from a loss.

    Of several processes that fit together, each has the loss of its own rows, and all make the step
    that their mean asks for.

    Args:
        module: its parameters are trained.
        rate: Adam's learning rate at the start.
        schedule: `constant`; `plateau` divides by 10 when the error, averaged over 1,000 steps, has
            been above 0.9999 of its least for the eleventh time in a row; `staircase` multiplies by
            0.95 every 100,000 steps; `linear` falls to 0 over the second half; `milestones` divides
            by 10 at each of the `milestones`.
        steps: of the whole loop, for `linear`; 1 or more.
        milestones: steps, for `milestones`.
        weight_decay: factor of half the sum of the squared convolution weights and matrices, whose
            gradient Adam adds to the loss's; biases and norms do not decay.
        bound: cut the loss's gradients to norm 1, `global` all together, `tensor` each on its own.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        rate: float,
        schedule: Schedule = "constant",
        steps: int = 0,
        milestones: Sequence[int] = (),
        weight_decay: float = 0.0,
        bound: Bound = "none",
    ) -> None:
        self.parameters = [p for p in module.parameters() if p.requires_grad]
        groups: list[dict[str, Any]] = [
            {"params": [p for p in self.parameters if p.dim() > 1], "weight_decay": weight_decay},
            {"params": [p for p in self.parameters if p.dim() <= 1]},
        ]
        self.adam = torch.optim.Adam(groups, lr=rate, fused=True)
        self.rate, self.schedule, self.steps = rate, schedule, steps
        self.milestones, self.bound = tuple(milestones), bound
        self.plateau = ReduceLROnPlateau(self.adam, factor=0.1) if schedule == "plateau" else None
        self.recent: list[Tensor] = []

    def update(self, step: int, loss: Tensor, *, error: Tensor | None = None) -> None:
        """One step of Adam along the gradient of `loss`, at the rate of step number `step`.

        Args:
            step: number of the step.
            loss: a scalar.
            error: what a plateau is seen in, positive; the loss where it is left out.
        """
        if self.plateau is None:
            for group in self.adam.param_groups:
                group["lr"] = self.rate * self._share(step)
        self.adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        average_gradients(self.parameters)
        self._bound_gradients()
        self.adam.step()
        if self.plateau is not None:
            self.recent.append(joint_mean((loss if error is None else error).detach()))
            if len(self.recent) == PLATEAU_STEPS:
                self.plateau.step(float(torch.stack(self.recent).mean()))
                self.recent.clear()

    def state_dict(self) -> dict[str, Any]:
        """State of Adam and, on a plateau schedule, of the schedule."""
        state: dict[str, Any] = {"adam": self.adam.state_dict()}
        if self.plateau is not None:
            kept = ("best", "num_bad_epochs", "cooldown_counter", "last_epoch")
            state["plateau"] = {name: getattr(self.plateau, name) for name in kept}
            state["recent"] = list(self.recent)
        return state

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        self.adam.load_state_dict(state["adam"])
        if self.plateau is not None:
            for name, value in state["plateau"].items():
                setattr(self.plateau, name, value)
            # Read back on the CPU, wherever the losses to come will be.
            self.recent = [loss.to(self.parameters[0].device) for loss in state["recent"]]

    def _share(self, step: int) -> float:
        """The learning rate of a step, as a share of the first one."""
        if self.schedule == "staircase":
            return float(STAIR_FACTOR ** (step // STAIR_STEPS))
        if self.schedule == "linear":
            return min(1.0, 2.0 * (1.0 - step / self.steps))
        if self.schedule == "milestones":
            return float(0.1 ** sum(step >= milestone for milestone in self.milestones))
        return 1.0

    def _bound_gradients(self) -> None:
        if self.bound == "none":
            return
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norms = torch.stack(torch._foreach_norm(gradients))
        if self.bound == "global":
            norms = norms.norm().expand(len(gradients))
        factors = (GRADIENT_NORM / norms.clamp_min(1e-12)).clamp_max(1.0)
        torch._foreach_mul_(gradients, list(factors))
