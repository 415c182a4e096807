"""Formulas of the methods against naive forms in float64, for `docs/fidelity_page.py`.

Every check draws small inputs, computes the method's own function and the formula written out with
loops (or its closed form), and gives the largest absolute difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import product

import torch
from torch import Tensor

F64 = torch.float64


def draw(*shape: int, seed: int = 0) -> Tensor:
    """Normal numbers in float64."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def gap(got: Tensor, expected: float | Iterable[float]) -> float:
    """Largest absolute difference to numbers in the order of the flattened tensor."""
    numbers = [expected] if isinstance(expected, float) else list(expected)
    wanted = torch.tensor(numbers, dtype=F64)
    if wanted.numel() != got.numel():
        raise ValueError(f"{got.numel()} numbers are compared with {wanted.numel()}")
    return float((got.detach().double().flatten() - wanted).abs().max())


def cells(maps: Tensor) -> Iterator[tuple[int, ...]]:
    """Indices of all values of a tensor."""
    return product(*(range(length) for length in maps.shape))


def gan_seg_heatmap() -> float:
    """Eq. 1 and 4."""
    from harness_gans.gan_seg.point_generator import Parts

    points, axis = 0.3 * draw(2, 3, 4, 2), [-1.0, -0.2, 0.4, 1.0]
    line = torch.tensor(axis, dtype=F64)
    got = Parts(points, torch.zeros(2, 3, 1)).heatmaps(line, line)

    def value(image: int, part: int, row: int, column: int) -> float:
        own = points[image, part].tolist()
        x, y = (sum(point[i] for point in own) / 4 for i in (0, 1))
        sigma = math.sqrt(sum((p[0] - x) ** 2 + (p[1] - y) ** 2 for p in own)) / 3
        return math.exp(-((axis[column] - x) ** 2 + (axis[row] - y) ** 2) / sigma**2)

    return gap(got, (value(*place) for place in cells(got)))


def gan_seg_concentration() -> float:
    """Eq. 16."""
    from harness_gans.gan_seg.losses import concentration_loss

    masks, centres = draw(2, 3, 4, 4).exp(), draw(2, 3, 2, seed=1)
    axis = [-1 + 2 * i / 3 for i in range(4)]
    total = 0.0
    for image, part in product(range(2), range(3)):
        mass, (x, y) = float(masks[image, part].sum()) + 1e-6, centres[image, part].tolist()
        for row, column in product(range(4), range(4)):
            square = (axis[column] - x) ** 2 + (axis[row] - y) ** 2
            total += float(masks[image, part, row, column]) / mass * square
    return gap(concentration_loss(masks, centres, grid="corners", reduction="sum"), total / 2)


def gan_seg_area() -> float:
    """Eq. 17."""
    from harness_gans.gan_seg.losses import area_loss

    masks, areas = draw(2, 3, 4, 4).sigmoid(), 8.0 + draw(2, 3, seed=1)
    short = (
        max(0.0, float(areas[i, k]) - sum(masks[i, k].flatten().tolist()))
        for i, k in product(range(2), range(3))
    )
    return gap(area_loss(masks, areas), sum(short) / 2)


def adversarial() -> float:
    """Non-saturating logistic losses, and mean |g|^2 of a discriminator that is a cubic."""
    from harness_gans.adversarial_losses import (
        discriminator_loss,
        generator_loss,
        gradient_penalty,
    )

    real, fake = draw(5), draw(5, seed=1)

    def soft(values: Tensor, sign: float) -> float:
        return sum(math.log1p(math.exp(sign * v)) for v in values.tolist()) / 5

    images = draw(4, 3, 2, 2, seed=2).requires_grad_()
    penalty = gradient_penalty(images, images.pow(3).sum(dim=(1, 2, 3)), "r1")
    slopes = sum((3 * v**2) ** 2 for v in images.flatten().tolist()) / 4
    return max(
        gap(generator_loss(fake), soft(fake, -1.0)),
        gap(discriminator_loss(real, fake), soft(fake, 1.0) + soft(real, -1.0)),
        gap(penalty, slopes),
    )


def latent_keypoint_heatmap() -> float:
    """Eq. 2 on the printed grid, and eq. 3."""
    from harness_gans.latent_keypoint_gan.spatial_embedding import foreground, keypoint_heatmaps

    points = 0.5 * draw(2, 3, 2)
    maps = keypoint_heatmaps(points, 5, 0.3, "printed")

    def value(image: int, part: int, row: int, column: int) -> float:
        x, y = points[image, part].tolist()
        across, down = 2 * (column + 1) / 5 - 1 - x, 2 * (row + 1) / 5 - 1 - y
        return math.exp(-(across**2 + down**2) / 0.3)

    behind = 1.0 - foreground(maps)
    largest = (max(value(i, k, r, c) for k in range(3)) for i, _, r, c in cells(behind))
    return max(
        gap(maps, (value(*place) for place in cells(maps))),
        gap(behind, (1.0 - one for one in largest)),
    )


def imm_soft_argmax() -> float:
    """The separable form of eq. 1, with sums over the other axis."""
    from harness.vision.soft_argmax import marginal_soft_argmax

    scores, axis = draw(2, 3, 4, 4), [-1.0, -1 / 3, 1 / 3, 1.0]
    line = torch.tensor(axis, dtype=F64)
    got = marginal_soft_argmax(scores, line, line)

    def value(image: int, part: int, which: int) -> float:
        table = scores[image, part].tolist()
        sums = [sum(row[i] for row in table) if which == 0 else sum(table[i]) for i in range(4)]
        weights = [math.exp(one) for one in sums]
        return sum(w * a for w, a in zip(weights, axis, strict=True)) / sum(weights)

    return gap(got, (value(*place) for place in cells(got)))


def imm_heatmap() -> float:
    """Eq. 2: exp(-d^2 / 2 sigma^2)."""
    from harness.vision.heatmaps import gaussian_heatmaps

    points, axis = draw(2, 3, 2), [-1 + 2 * i / 4 for i in range(5)]
    line = torch.tensor(axis, dtype=F64)
    got = gaussian_heatmaps(points, torch.full((2, 3), 2 * 0.4**2, dtype=F64), line, line)

    def value(image: int, part: int, row: int, column: int) -> float:
        x, y = points[image, part].tolist()
        return math.exp(-((axis[column] - x) ** 2 + (axis[row] - y) ** 2) / (2 * 0.4**2))

    return gap(got, (value(*place) for place in cells(got)))


def spline() -> float:
    """A thin-plate spline: its system with r^2 ln r, solved by another library."""
    import numpy as np

    from harness.vision.warps import spline_warp

    centres, moves, places = 0.8 * draw(7, 2), 0.2 * draw(1, 7, 2, seed=1), draw(9, 2, seed=2)
    got = spline_warp(centres, centres + moves).map((places + 1.0) / 2.0)[0] * 2.0 - 1.0

    def basis(points: Tensor) -> list[list[float]]:
        rows = []
        for x, y in points.tolist():
            radii = [math.hypot(x - u, y - v) for u, v in centres.tolist()]
            rows.append([*(r * r * math.log(r) if r else 0.0 for r in radii), 1.0, x, y])
        return rows

    top = np.array(basis(centres))
    system = np.vstack([top, np.hstack([top[:, 7:].T, np.zeros((3, 3))])])
    wanted = np.vstack([(centres + moves[0]).numpy(), np.zeros((3, 2))])
    solved = np.array(basis(places)) @ np.linalg.solve(system, wanted)
    return gap(got, solved.flatten().tolist())


def lmdis_losses() -> float:
    """Eq. 5 as printed, 7, 8 and 17 without its constant."""
    from harness_autoencoders.lmdis_rep import losses

    spread, points, mapped = draw(2, 3, 2).exp(), draw(2, 3, 2, seed=1), draw(2, 3, 2, seed=2)
    drawn, real = draw(2, 3, 4, 4, seed=3), draw(2, 3, 4, 4, seed=4)
    conc = sep = eqv = 0.0
    for i, k in product(range(2), range(3)):
        conc += 2 * math.pi * math.e * float(spread[i, k].sum() / 0.8**2) ** 2 / 2
        eqv += float((points[i, k] - mapped[i, k]).square().sum()) / 0.8**2 / 2
        for other in {0, 1, 2} - {k}:
            square = float((points[i, k] - points[i, other]).square().sum())
            sep += math.exp(-square / (2 * 0.7**2)) / 2
    error = sum((a - b) ** 2 for a, b in zip(drawn.flatten(), real.flatten(), strict=True))
    relative = [
        gap(losses.concentration_loss(spread, 0.8), conc) / conc,
        gap(losses.separation_loss(points, 0.7), sep) / sep,
        gap(losses.equivariance_loss(points, mapped, 0.8), eqv) / eqv,
        gap(losses.pixel_loss(drawn, real), float(error) / 0.05**2 / 2) / float(error),
    ]
    return max(relative)


def thewlis_losses() -> float:
    """The double sum of the alignment, and the diversity in blocks."""
    from harness_autoencoders.thewlis.losses import alignment_loss, diversity_loss

    first, second = (draw(2, 3, 4, seed=s).softmax(-1).view(2, 3, 2, 2) for s in (0, 1))
    places, others = draw(2, 4, 2, seed=2), draw(2, 4, 2, seed=3)
    total = 0.0
    for i, k, u, v in product(range(2), range(3), range(4), range(4)):
        square = float((places[i, u] - others[i, v]).square().sum())
        total += square * float(first[i, k].flatten()[u] * second[i, k].flatten()[v]) / 6
    held = sum(float(first[i, :, r, c].max()) for i, r, c in product(range(2), range(2), range(2)))
    return max(
        gap(alignment_loss(first, second, places, others), total),
        gap(diversity_loss(first, 1), 3.0 - held / 2),
    )


def modulated_convolution() -> float:
    """Eq. 1 and 3 of StyleGAN2: every image convolved with weights of its own."""
    from torch.nn.functional import conv2d

    from harness_gans.stylegan2 import modulation

    maps, weight, styles = draw(3, 4, 5, 5), draw(6, 4, 3, 3, seed=1), draw(3, 4, seed=2)
    got = modulation.modulated_convolution(maps, weight, styles)
    drawn = []
    for image, style in zip(maps, styles, strict=True):
        own = weight * style[None, :, None, None]
        lengths = [math.sqrt(sum(v * v for v in one.flatten().tolist()) + 1e-8) for one in own]
        own = own / torch.tensor(lengths, dtype=F64)[:, None, None, None]
        drawn.append(conv2d(image[None], own, padding=1))
    return gap(got, torch.cat(drawn).flatten().tolist())


def path_length() -> float:
    """Images of one pixel, M (w_1 + w_2): the length is |M^T y|."""
    from harness_gans.stylegan2.losses import path_lengths

    matrix, w = draw(3, 5), draw(4, 2, 5, seed=1).requires_grad_()
    images = (w.sum(dim=1) @ matrix.T)[:, :, None, None]
    got = path_lengths(images, w, torch.Generator().manual_seed(7))
    directions = torch.randn(images.shape, generator=torch.Generator().manual_seed(7)).double()
    pulled = directions[:, :, 0, 0] @ matrix
    return gap(got, (math.hypot(*row) for row in pulled.tolist()))


def wasserstein() -> float:
    """The critic's losses, the slope of a cubic between the pairs, and the norm of a pixel."""
    from harness_gans.adversarial_losses import gradient_penalty
    from harness_gans.equalised import normalised
    from harness_gans.progressive_gan.losses import drift, wasserstein_loss

    real, fake, maps = draw(5), draw(5, seed=1), draw(2, 3, 2, 2, seed=2)
    seen = draw(4, 3, 2, 2, seed=3).requires_grad_()
    penalty = gradient_penalty(seen, seen.pow(3).sum(dim=(1, 2, 3)), "one_centred")
    lengths = [math.hypot(*(3 * v**2 for v in one.flatten().tolist())) for one in seen]

    def normed(image: int, channel: int, row: int, column: int) -> float:
        own = maps[image, :, row, column].tolist()
        return own[channel] / math.sqrt(sum(v * v for v in own) / 3 + 1e-8)

    less = sum(b - a for a, b in zip(real.tolist(), fake.tolist(), strict=True)) / 5
    return max(
        gap(wasserstein_loss(real, fake), less),
        gap(drift(real), sum(v * v for v in real.tolist()) / 5),
        gap(penalty, sum((length - 1) ** 2 for length in lengths) / 4),
        gap(normalised(maps), (normed(*place) for place in cells(maps))),
    )


def surrogate_field() -> float:
    """Eq. 6 of a linear F: 200 terms of the series against the inverse matrix."""
    from harness_editing.sgf.field import BackwardProducts, displacement

    by_z = draw(4, 4)
    by_z = 0.7 * by_z / torch.linalg.matrix_norm(by_z, ord=2)
    by_c, change = draw(4, 2, seed=1), draw(3, 2, seed=2)
    inverse = torch.linalg.inv(torch.eye(4, dtype=F64) - by_z)
    expected = (change @ (inverse @ by_c).T).flatten().tolist()
    way = BackwardProducts(
        lambda z, c: z @ by_z.T + c @ by_c.T, draw(3, 4, seed=3), draw(3, 2, seed=4)
    )
    return gap(displacement(way, change, 200), expected)


def projection() -> float:
    """A normal without two others, by Gram and Schmidt."""
    from harness_editing.directions.interfacegan.boundary import projected_out

    normal, first, second = (row / row.norm() for row in draw(3, 6))
    got = projected_out(normal, torch.stack([first, second]))
    second = second - (second @ first) * first
    second = second / second.norm()
    rest = normal - (normal @ first) * first - (normal @ second) * second
    return gap(got, (rest / rest.norm()).tolist())


#: Every check by the name that the page's TOML files use.
CHECKS: dict[str, Callable[[], float]] = {
    check.__name__: check
    for check in (
        gan_seg_heatmap,
        gan_seg_concentration,
        gan_seg_area,
        adversarial,
        latent_keypoint_heatmap,
        imm_soft_argmax,
        imm_heatmap,
        spline,
        lmdis_losses,
        thewlis_losses,
        modulated_convolution,
        path_length,
        wasserstein,
        surrogate_field,
        projection,
    )
}
