"""The toy of which every step is known, small mappings, and an editor on the linear world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from memory_run import MemoryRun
from torch import Tensor, nn
from toy_editing import ToyGenerator, ToyOracle

from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.field import PRODUCTS
from harness_editing.sgf.mapping import AuxiliaryMapping
from harness_editing.sgf.method import Sgf

#: Settings with which F learns the linear world in a second.
TINY = {
    "steps": 20,
    "blocks": 3,
    "pairs": 1000,
    "updates": 120,
    "batch_size": 64,
    "rate": 1e-2,
    "schedule": "linear",
}


class KnownMapping(nn.Module):
    """F(z, c) = (0.5 z_1 + 0.5 c, 0.9 z_2): exact where c = z_1, but for the second value."""

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        first = 0.5 * latents[:, :1] + 0.5 * conditions
        return torch.cat([first, 0.9 * latents[:, 1:]], dim=1)


class KnownGenerator:
    """Images that are the latents."""

    layers = 1

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        return torch.randn(count, 2, generator=generator, dtype=torch.float64)

    def synthesise(self, latents: Tensor) -> Tensor:
        return latents[:, :, None, None]

    def projected(self, latents: Tensor) -> Tensor:
        return latents


class KnownOracle:
    """Phi(z) = z_1."""

    conditions = "attributes"

    def answer(self, images: Tensor) -> Tensor:
        return images[:, :1, 0, 0]


@pytest.fixture(params=sorted(PRODUCTS))
def products(request: pytest.FixtureRequest) -> str:
    """Each way of multiplying Jacobians by vectors."""
    way: str = request.param
    return way


@pytest.fixture
def known() -> Callable[..., Sgf]:
    """The editor of the toy of which every step is known."""

    def make(**changes: Any) -> Sgf:
        editor = Sgf(SgfConfig(**{"steps": 20, **changes}), 1, 4)
        editor.attach(KnownGenerator(), KnownOracle())
        editor.mapping = KnownMapping()
        return editor

    return make


@pytest.fixture
def known_mapping() -> KnownMapping:
    return KnownMapping()


@pytest.fixture
def drawn_mapping() -> Callable[..., AuxiliaryMapping]:
    """A mapping in float64 and evaluation, with biases and statistics that are not trivial."""

    def make(size: int = 5, conditions: int = 3, **changes: Any) -> AuxiliaryMapping:
        mapping = AuxiliaryMapping(SgfConfig(**{"blocks": 3, **changes}), size, conditions)
        source = torch.Generator().manual_seed(1)
        mapping.draw(source)
        for stack in (mapping.styles, mapping.linear):
            stack.bias.data += 0.3 * torch.randn(stack.bias.shape, generator=source)
        pairs = [torch.randn(50, n, generator=source) for n in (size, conditions)]
        mapping.standardise(2.0 + 3.0 * pairs[0], 0.5 * pairs[1] - 1.0)
        return mapping.double().eval()

    return make


@pytest.fixture
def make() -> Callable[..., Sgf]:
    """An editor of the linear world, not fitted."""

    def attached(generator: Any = None, guide: Any = None, **changes: Any) -> Sgf:
        generator = generator or ToyGenerator()
        editor = Sgf(SgfConfig(**{**TINY, **changes}), 10, 4)
        editor.attach(generator, guide or ToyOracle(generator))
        return editor

    return attached


@pytest.fixture(scope="session")
def _fitted_state() -> dict[str, Tensor]:
    generator = ToyGenerator()
    editor = Sgf(SgfConfig(**{**TINY, "updates": 300}), 10, 4)
    editor.attach(generator, ToyOracle(generator))
    editor.fit(None, MemoryRun())  # type: ignore[arg-type]
    return editor.state_dict()


@pytest.fixture
def fitted(make: Callable[..., Sgf], _fitted_state: dict[str, Tensor]) -> Callable[..., Sgf]:
    """A fitted editor of the linear world; changes are of what editing asks for."""

    def loaded(**changes: Any) -> Sgf:
        editor = make(**changes)
        editor.load_state_dict(_fitted_state)
        return editor

    return loaded
