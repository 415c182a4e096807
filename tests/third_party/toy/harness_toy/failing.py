"""A method that fails, for trying what the harness makes of it."""

from __future__ import annotations

from harness.contract import Images, Run
from harness_toy.method import ToyColours


class ToyFailing(ToyColours):
    """Raises in the middle of its training."""

    def fit(self, images: Images, run: Run) -> None:
        """Take half of the steps, then fail."""
        for step in run.steps(self.config.steps, {"net": self.net}):
            if 2 * step >= self.config.steps:
                raise ValueError("the toy fell off the table")
