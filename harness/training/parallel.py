"""Several processes that fit one cell together: what they share out, average and agree on.

All of them draw the same joint batch and the same noise, each works on its own rows, and what is
learned from the rows is averaged. So all hold the same weights after every step, those that one
process would have learned from the joint batch, but for the order in which numbers are added. In a
fit by one process, nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import torch
from torch import Tensor, nn
from torch import distributed as dist

from harness.errors import ConfigError, Disconnected

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

M = TypeVar("M", bound=nn.Module)


@dataclass(frozen=True)
class Team:
    """The processes of a fit, as one of them sees them.

    Attributes:
        rank: its own number, from 0 on; number 0 leads and does all the writing.
        size: how many they are.
        control: connects them for what lies on the CPU; `None` where that is the default group.
    """

    rank: int
    size: int
    control: ProcessGroup | None = None


#: The processes of the fit that this process takes part in; `None` where it fits alone.
_team: Team | None = None


@contextmanager
def as_team(team: Team) -> Iterator[None]:
    """Let everything here mean this team; `torch.distributed` is connected already."""
    global _team
    _team = team
    try:
        yield
    finally:
        _team = None


def processes() -> int:
    """How many processes fit together; 1 for a process that fits alone."""
    return 1 if _team is None else _team.size


def leads() -> bool:
    """Whether this process does the writing; always in a fit by one process."""
    return _team is None or _team.rank == 0


def share(joint: Tensor) -> Tensor:
    """This process's rows of what is joint: a contiguous slice, in the order of the processes.

    Args:
        joint: `[N, ...]`, the same in all processes.

    Returns:
        `[N / processes, ...]`, a view.

    Raises:
        ConfigError: N is no multiple of the number of processes.
    """
    if _team is None:
        return joint
    count, left = divmod(len(joint), _team.size)
    if left or not count:
        raise ConfigError(
            f"A batch of {len(joint)} cannot be shared out among {_team.size} processes; set its "
            f"size to a multiple of {_team.size}, or change --devices."
        )
    return joint[_team.rank * count : (_team.rank + 1) * count]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace the gradients by their means over the processes; call it before they are cut.

    Args:
        parameters: in the same order everywhere; those without a gradient are left out, and must
            lack it everywhere.

    Raises:
        Disconnected: another process cannot be reached.
    """
    if _team is None:
        return
    alike: dict[torch.dtype, list[Tensor]] = {}
    for parameter in parameters:
        if parameter.grad is not None:
            alike.setdefault(parameter.grad.dtype, []).append(parameter.grad)
    for gradients in alike.values():
        # One message instead of one for each of hundreds of tensors.
        flat = _averaged(torch.cat([gradient.flatten() for gradient in gradients]), _team)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, piece in zip(gradients, pieces, strict=True):
            gradient.copy_(piece.view_as(gradient))


def joint_mean(value: Tensor) -> Tensor:
    """The mean of a tensor over the processes, differentiable as often as needed.

    Where `value` is a mean over this process's rows, it is the mean over the joint batch.

    Raises:
        Disconnected: another process cannot be reached.
    """
    if _team is None:
        return value
    return cast(Tensor, _JointMean.apply(value))


def joint_scalars(values: dict[str, float]) -> dict[str, float]:
    """Means of numbers over the processes; all have the same names in the same order.

    Raises:
        Disconnected: another process cannot be reached.
    """
    if _team is None or not values:
        return values
    numbers = torch.tensor(list(values.values()), dtype=torch.float64)
    with _connected():
        dist.all_reduce(numbers, group=_team.control)
    return dict(zip(values, (numbers / _team.size).tolist(), strict=True))


def told_by_the_leader(*facts: bool) -> list[bool]:
    """What the leading process says, everywhere.

    Raises:
        Disconnected: another process cannot be reached.
    """
    if _team is None:
        return list(facts)
    heard = torch.tensor(facts, dtype=torch.uint8)
    with _connected():
        dist.broadcast(heard, 0, group=_team.control)
    return [bool(fact) for fact in heard.tolist()]


def all_say(number: int) -> bool:
    """Whether all processes give the same number; none goes on before all have given theirs.

    Raises:
        Disconnected: another process cannot be reached.
    """
    if _team is None:
        return True
    ends = torch.tensor([number, -number])
    with _connected():
        dist.all_reduce(ends, dist.ReduceOp.MAX, group=_team.control)
    most, least = ends.tolist()
    return bool(most == -least)


def jointly_normalised(module: M) -> M:
    """Let the batch norms of a module see the joint batch in training, where there are others.

    Call it before anything copies the module. Parameters and names of the state stay what they are.

    Returns:
        The module, changed in place; another one where it is itself a batch norm.
    """
    if _team is None:
        return module
    if type(module) is nn.BatchNorm2d:
        return cast(M, JointBatchNorm2d.like(cast(nn.BatchNorm2d, module)))
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.BatchNorm2d:
                setattr(parent, name, JointBatchNorm2d.like(child))
    return module


class JointBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation whose statistics are those of all processes' rows.

    All processes must have the same number of rows, as `share` gives them.
    """

    @classmethod
    def like(cls, norm: nn.BatchNorm2d) -> JointBatchNorm2d:
        """One with the parameters and buffers of another, not copies of them."""
        made = cls(
            norm.num_features,
            eps=norm.eps,
            momentum=norm.momentum,
            affine=norm.affine,
            track_running_stats=norm.track_running_stats,
        )
        made._parameters.update(norm._parameters)
        made._buffers.update(norm._buffers)
        return made.train(norm.training)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, C, H, W]`, normalised; statistics in float32 or wider."""
        if processes() == 1 or not (self.training or self.running_mean is None):
            return super().forward(maps)
        wide = maps.to(torch.promote_types(maps.dtype, torch.float32))
        mean = joint_mean(wide.mean(dim=(0, 2, 3)))
        centred = wide - mean[:, None, None]
        # Of the centred values, since the difference of two large squares would be rounded away.
        variance = joint_mean(centred.square().mean(dim=(0, 2, 3)))
        if self.training and self.running_mean is not None:
            count = processes() * maps.numel() // maps.shape[1]
            self._follow(mean.detach(), variance.detach() * (count / (count - 1)))
        scale = (variance + self.eps).rsqrt()
        if not self.affine:
            return (centred * scale[:, None, None]).to(maps.dtype)
        scaled = centred * (scale * self.weight)[:, None, None]
        return (scaled + self.bias[:, None, None]).to(maps.dtype)

    @torch.no_grad()
    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics; with no momentum they are means over all batches so far."""
        batches = cast(Tensor, self.num_batches_tracked)
        batches.add_(1)
        rate = 1.0 / float(batches) if self.momentum is None else self.momentum
        for running, present in ((self.running_mean, mean), (self.running_var, variance)):
            cast(Tensor, running).lerp_(present.to(cast(Tensor, running).dtype), rate)


class _JointMean(torch.autograd.Function):
    """The mean over the processes, whose gradient is the mean of theirs."""

    @staticmethod
    def forward(_context: Any, value: Tensor) -> Tensor:
        return _averaged(value.clone(memory_format=torch.contiguous_format), cast(Team, _team))

    @staticmethod
    def backward(_context: Any, *gradients: Any) -> Any:
        return _JointMean.apply(gradients[0])


def _averaged(value: Tensor, team: Team) -> Tensor:
    """The mean over the processes, in place of a contiguous tensor."""
    with _connected():
        dist.all_reduce(value)
    return value.div_(team.size)


@contextmanager
def _connected() -> Iterator[None]:
    """Say in our words that a process is gone.

    Raises:
        Disconnected: it is.
    """
    try:
        yield
    except RuntimeError:
        raise Disconnected("The processes of this fit have lost each other.") from None
