"""When conditions are "close to c_1" (algorithm 1); the paper says no more, the rules are ours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.contract.editing import Conditions
from harness_editing.sgf.config import SgfConfig
from harness_editing.stepwise import goal


def reached(
    conditions: Tensor, start: Tensor, wanted: Tensor, kind: Conditions, config: SgfConfig
) -> Tensor:
    """Whether each sample shows what is wanted; where nothing is, it does.

    Only what is asked counts: the other conditions drift.

    Args:
        conditions: c, `[N, C]`.
        start: c_0, `[N, C]`.
        wanted: `[N, C]`, NaN where nothing is asked.
        kind: what the conditions are.
        config: how close is close.

    Returns:
        `bool [N]`.
    """
    asked = ~wanted.isnan()
    end = goal(wanted, start)
    if kind == "embedding":
        before, now = (F.cosine_similarity(c, end, dim=1) for c in (start, conditions))
        near = now - before >= config.embedding_share * (1.0 - before)
    elif kind == "keypoints":
        shape = (len(end), -1, 2)
        gaps = torch.where(asked, conditions - end, 0.0).reshape(shape).norm(dim=2)
        points = asked.reshape(shape).any(dim=2).sum(dim=1).clamp_min(1)
        near = gaps.sum(dim=1) / points < config.keypoint_tolerance
    else:
        near = (((conditions - end).abs() < config.attribute_tolerance) | ~asked).all(dim=1)
    return near | ~asked.any(dim=1)
