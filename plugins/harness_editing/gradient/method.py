"""The obvious editor: optimise the latents until the guide says what is wanted.

The paper of SGF (Li, Jin, Zhu 2021, section 1) starts from it: generator and guide are far from
convex, so that their own gradient misleads. A guide can also be pleased by changes that nobody
sees, which shows in the answers of a judge.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from harness.contract import Images, MethodConfig, Run
from harness.errors import RecordError, RunError
from harness_editing.gradient.config import OWNER, GradientConfig
from harness_editing.stepwise import StepwiseEditor, goal

#: Latents whose standard deviation is taken.
DEVIATION_LATENTS = 4000


class Gradient(StepwiseEditor):
    """Adam on the squared distance of the guide's answers from the wanted ones; capability `edit`.

    Attributes:
        deviation: root of the mean variance of the latents' values, `[]`; from `fit` on.
    """

    owner = OWNER

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self.settings = cast(GradientConfig, config)
        self.deviation: Tensor | None = None

    def fit(self, images: Images, run: Run) -> None:
        """Measure how far the generator's latents are spread; nothing is learned."""
        latents = self.generator.draw_latents(DEVIATION_LATENTS, run.generator("latents"))
        self.deviation = latents.detach().float().var(dim=0).mean().sqrt().cpu()

    def trajectory(self, latents: Tensor, start: Tensor, wanted: Tensor) -> list[Tensor]:
        """Every step of Adam; see `StepwiseEditor.trajectory`.

        Raises:
            RunError: `fit` was not called, nor a state loaded.
        """
        if self.deviation is None:
            raise RunError(f"{OWNER} knows no deviation yet; call fit first.")
        config, end, asked = self.settings, goal(wanted, start), ~wanted.isnan()
        counted = torch.ones_like(asked) if config.hold else asked
        # Adam makes a whole step of the least rounding: nothing asked is nothing done.
        moving = asked.any(dim=1, keepdim=True)
        point = latents.clone().requires_grad_()
        adam = torch.optim.Adam([point], lr=config.rate * float(self.deviation))
        steps = [latents]
        for _ in range(config.steps):
            with torch.enable_grad():
                gaps = torch.where(counted, self.conditions_of(point) - end, 0.0)
                # Summed over samples, so that each has the gradient that it has alone.
                (point.grad,) = torch.autograd.grad(gaps.square().sum(), point)
            adam.step()
            point.copy_(torch.where(moving, self.generator.projected(point), latents))
            steps.append(point.detach().clone())
        return steps

    def state_dict(self) -> dict[str, Tensor]:
        """The deviation."""
        return {} if self.deviation is None else {"deviation": self.deviation}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Restore what `state_dict` gave.

        Raises:
            RecordError: the state belongs to another method.
        """
        got = {name: value.dim() for name, value in state.items()}
        if got != {"deviation": 0}:
            raise RecordError(
                f"{OWNER} stores one number, 'deviation', but the state has {got}: it belongs to "
                "another method."
            )
        self.deviation = state["deviation"]
