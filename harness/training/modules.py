"""What methods do with their networks besides training them: start weights, placing, state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

from harness.contract import Images
from harness.errors import DataError, RecordError

M = TypeVar("M", bound=nn.Module)

#: How often a loop shows pictures, at most.
PICTURES = 10


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Keep the global random state while layers are built; their start weights are drawn later."""
    with torch.random.fork_rng(devices=[]):
        yield


def placed(module: M, device: torch.device) -> M:
    """The module on a device, its convolution weights in channels-last order."""
    return module.to(device).to(memory_format=torch.channels_last)


def freeze_norms(module: nn.Module) -> None:
    """Let every batch norm use its running statistics and leave them as they are, in training too.

    Call it in every step: it is no part of a module's state, and `train()` undoes it.
    """
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def joint_state(modules: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    """The states of several modules in one flat dict, prefixed by their names."""
    return {
        f"{name}.{key}": value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }


def load_joint_state(
    modules: Mapping[str, nn.Module], state: Mapping[str, Tensor], owner: str
) -> None:
    """Restore what `joint_state` gave; the modules are on the CPU and in evaluation mode then.

    Args:
        modules: by the names `joint_state` was given.
        state: what it gave.
        owner: the method, for messages.

    Raises:
        RecordError: the state belongs to another configuration.
    """
    for name, module in modules.items():
        start = f"{name}."
        own = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
        try:
            module.load_state_dict(own)
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise RecordError(
                f"{owner}: the saved {name} does not fit this configuration ({first}); use the "
                "configuration it was trained with."
            ) from None
        # The memory order of training, so that results agree to the last bit.
        placed(module, torch.device("cpu")).eval()


def parameter_count(modules: Mapping[str, nn.Module]) -> int:
    """Trainable parameters of all modules."""
    return sum(
        p.numel() for module in modules.values() for p in module.parameters() if p.requires_grad
    )


def require_images(images: Images, least: int, owner: str) -> None:
    """Refuse to learn on fewer images than a method needs.

    Args:
        images: the role `fit`.
        least: how many it needs.
        owner: the method, for the message.

    Raises:
        DataError: there are fewer.
    """
    if len(images) < least:
        found = "1 image" if len(images) == 1 else f"{len(images)} images"
        raise DataError(
            f"{owner}: the role 'fit' has {found}, expected at least {least}; give more images."
        )


def is_shown(step: int, steps: int) -> bool:
    """Whether a picture is due after step number `step` of `steps`.

    It is at equal distances, at most `PICTURES` times, the last time at the loop's end.
    """
    return (step + 1) % -(-steps // PICTURES) == 0 or step + 1 == steps
