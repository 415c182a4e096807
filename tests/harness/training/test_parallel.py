from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shared_work
import torch
from torch import nn
from two_processes import Other, other_process

from harness.errors import ConfigError, Disconnected
from harness.registry import registry
from harness.training.parallel import (
    JointBatchNorm2d,
    average_gradients,
    joint_mean,
    jointly_normalised,
    leads,
    processes,
    share,
)

#: How far weights may be apart. A bias before a batch norm has a gradient of rounding errors, which
#: Adam enlarges; the losses of lmdis_rep are large.
WEIGHTS = {"lmdis_rep": 1e-3}


@pytest.fixture(scope="module")
def other() -> Iterator[Other]:
    torch.set_num_threads(1)
    with other_process() as made:
        yield made


def test_a_process_alone_keeps_everything_as_it_is() -> None:
    rows, net = torch.arange(3), nn.Linear(1, 1)
    average_gradients(net.parameters())
    assert (share(rows) is rows, joint_mean(rows) is rows) == (True, True)
    assert (processes(), leads(), net.weight.grad) == (1, True, None)
    assert type(jointly_normalised(nn.BatchNorm2d(2))) is nn.BatchNorm2d


def test_two_processes_share_average_and_agree(other: Other) -> None:
    expected: dict[str, Any] = {
        "size": 2,
        "gradient": [[2.0, 5.0]],
        "no gradient": None,
        "mean": 0.5,
        "slope of the mean": 4.0,
        "scalars": {"a": 0.5, "b": 4.0},
        "told": [False, True],
        "same": True,
        "different": False,
    }
    first, second = other.both("shared_work:pieces")
    assert first == {**expected, "rows": [0, 1, 2, 3]}
    assert second == {**expected, "rows": [4, 5, 6, 7]}


@pytest.mark.parametrize("count", [1, 3])
def test_a_batch_that_cannot_be_shared_out_is_refused_in_one_sentence(
    other: Other, count: int
) -> None:
    for refusal in other.both("shared_work:shared", count=count):
        assert isinstance(refusal, ConfigError)
        assert str(refusal) == (
            f"A batch of {count} cannot be shared out among 2 processes; set its size to a "
            "multiple of 2, or change --devices."
        )


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("momentum", [0.1, None])
def test_joint_batch_norm_is_batch_norm_of_the_joint_batch(
    other: Other, momentum: float | None, affine: bool
) -> None:
    """Forward, backward and backward of the gradient, of values far from 0, in float64."""
    expected = shared_work.normalised(momentum, affine)
    first, second = other.both("shared_work:normalised", momentum=momentum, affine=affine)
    assert first.keys() == expected.keys()
    for name, value in expected.items():
        by_rows = not name.startswith(("parameter", "running"))
        got = torch.cat((first[name], second[name])) if by_rows else first[name]
        assert torch.allclose(got, value, rtol=1e-9, atol=1e-12), name
        assert by_rows or torch.equal(first[name], second[name])


def test_a_module_made_joint_keeps_its_parameters_and_names(other: Other) -> None:
    for names, same in other.both("shared_work:converted"):
        assert names == ["0.weight", "1.0", "1.0.running_mean"]
        assert same == [JointBatchNorm2d.__name__, True, True, False]


def curves(folder: Path) -> dict[tuple[str, ...], float]:
    with (folder / "curves.csv").open() as file:
        return {tuple(row[:3]): float(row[3]) for row in list(csv.reader(file))[1:]}


@pytest.mark.parametrize("method", [*shared_work.METHODS, *shared_work.VARIANTS])
def test_two_processes_learn_what_one_learns_from_the_joint_batch(
    other: Other, tmp_path: Path, method: str
) -> None:
    """In float64, so that only the order of additions differs; all files are the leader's."""
    expected = shared_work.fit(method, tmp_path / "one")
    first, second = other.both("shared_work:fit", label=method, folder=tmp_path / "two")
    assert curves(tmp_path / "two") == pytest.approx(curves(tmp_path / "one"), rel=1e-8)
    for name, value in expected.items():
        near = WEIGHTS.get(method, 1e-6)
        assert torch.allclose(first[name].double(), value.double(), rtol=1e-6, atol=near), name
        assert torch.equal(first[name], second[name]), name
    pictures = {path.name for path in (tmp_path / "one" / "pictures").iterdir()}
    assert {path.name for path in (tmp_path / "two" / "pictures").iterdir()} == pictures


def test_two_processes_drop_what_one_drops_of_the_joint_batch(other: Other) -> None:
    assert torch.equal(torch.cat(other.both("shared_work:dropped")), shared_work.dropped())


def test_every_bundled_method_that_shares_batches_is_compared_here() -> None:
    able = {entry.spec.name for entry in registry().methods if entry.spec.parallel}
    assert able == set(shared_work.METHODS)


def test_a_lost_process_is_an_error_in_our_words(other: Other) -> None:
    """The other one leaves the team before a collective."""
    first, second = other.both("shared_work:deserted")
    assert second == "gone"
    assert isinstance(first, Disconnected)


def test_surroundings_stay_as_they_were(other: Other) -> None:
    before = dict(os.environ), sys.excepthook, torch.get_num_threads()
    other.both("shared_work:shared", count=2)
    assert (dict(os.environ), sys.excepthook, torch.get_num_threads()) == before
    assert not torch.distributed.is_initialized()
