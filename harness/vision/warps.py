"""Random image warps with exact truth for points: similarities and thin-plate splines.

A warp is a map g from places of the output to places of the input: the warped image at u shows the
input at g(u). A point seen at p' in the warped image therefore lies at g(p') in the input, exactly;
the way back has no closed form and is found by Newton's method.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from harness.errors import ShapeError
from harness.vision.coordinates import Grid, fractions_to_signed, signed_pixels, signed_to_fractions

#: Newton steps of `Warp.inverse`, and the distance in half image edges at which it has arrived.
NEWTON_STEPS, NEWTON_TOLERANCE = 50, 1e-9
#: Singular values below this are dropped where control points may coincide (lmdis-rep, code).
SMALLEST_SINGULAR_VALUE = 1e-6


@dataclass(frozen=True)
class Warp:
    """A batch of warps g(u) = A s + sum_c w_c phi(|s - c|^2), s = B u, phi(r) = r ln(r) / 2.

    All members are in signed coordinates: -1 and 1 are the image borders.

    Attributes:
        first: B, `[N, 2, 3]`, the affine map that comes first; `None` changes nothing, and then the
            spline's distances are the same for all images.
        affine: A, `[N, 2, 3]`.
        centres: c, `[P, 2]`, or `[N, P, 2]` where every image has its own; P = 0 for none.
        weights: w, `[N, P, 2]`.
    """

    first: Tensor | None
    affine: Tensor
    centres: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.affine)

    def map(self, points: Tensor) -> Tensor:
        """g: from places in the warped images to places in the input images.

        Args:
            points: `[N, P, 2]`, or `[P, 2]` for all, (x, y) fractions.

        Returns:
            `[N, P, 2]` fractions; differentiable in the points.
        """
        return signed_to_fractions(self._map(fractions_to_signed(points, 0)), 0)

    def inverse(self, points: Tensor) -> Tensor:
        """g^-1: where places of the input images are seen in the warped images.

        Args:
            points: `[N, P, 2]` fractions.

        Returns:
            `[N, P, 2]` fractions, in float64; g of them is the argument to 1e-9 of half an image
            edge. NaN where Newton's method does not arrive, which happens where a warp folds.
        """
        wide = self.to(torch.float64)
        target = fractions_to_signed(points.double(), 0)
        found = _after(wide.affine, target, inverse=True)
        found = found if wide.first is None else _after(wide.first, found, inverse=True)
        for _ in range(NEWTON_STEPS):
            error = wide._map(found) - target
            if bool((error.abs().amax(-1) < NEWTON_TOLERANCE).all()):
                break
            step = torch.linalg.solve_ex(wide._slope(found), error)[0]
            length = step.norm(dim=-1, keepdim=True).clamp_min(1e-12)
            found = found - step * (0.5 / length).clamp_max(1.0)
        arrived = (wide._map(found) - target).abs().amax(-1, keepdim=True) < NEWTON_TOLERANCE
        return signed_to_fractions(torch.where(arrived, found, torch.nan), 0)

    def warp(self, images: Tensor, *, padding: str = "border", grid: Grid = "centres") -> Tensor:
        """The warped images, bilinear.

        Args:
            images: `[N, C, H, W]`, floating point.
            padding: what lies outside: `border` repeats the outermost pixels, `zeros` is 0,
                `reflection` mirrors the image at -1 and 1.
            grid: whether -1 and 1 of the warp are the image borders (`centres`, as everywhere in
                the harness) or the outermost pixel centres (`corners`, as old networks have it).

        Returns:
            `[N, C, H, W]`.
        """
        height, width = images.shape[-2:]
        rows, columns = (signed_pixels(n, grid=grid, like=self.affine) for n in (height, width))
        places = torch.stack(torch.meshgrid(columns, rows, indexing="xy"), dim=-1).reshape(-1, 2)
        sources = self._map(places).reshape(len(self), height, width, 2).to(images.dtype)
        corners = grid == "corners"
        return F.grid_sample(images, sources, padding_mode=padding, align_corners=corners)

    def to(self, target: torch.dtype | torch.device) -> Warp:
        """The same warp in another number type or on another device."""
        first = None if self.first is None else self.first.to(target)
        rest = {name: getattr(self, name).to(target) for name in ("affine", "centres", "weights")}
        return replace(self, first=first, **rest)

    def rows(self, take: Callable[[Tensor], Tensor]) -> Warp:
        """The warps of some of the images, such as those that `take` gives to a process.

        Args:
            take: chooses rows of a tensor `[N, ...]`.
        """
        first = None if self.first is None else take(self.first)
        centres = take(self.centres) if self.centres.dim() == 3 else self.centres
        return Warp(first, take(self.affine), centres, take(self.weights))

    def _map(self, points: Tensor) -> Tensor:
        if points.shape[-1] != 2:
            raise ShapeError(f"points have shape {list(points.shape)}, expected [N, P, 2].")
        moved = points if self.first is None else _after(self.first, points)
        straight = _after(self.affine, moved)
        if not self.centres.shape[-2]:
            return straight
        return straight + radial(squares(moved, self.centres)) @ self.weights

    def _slope(self, points: Tensor) -> Tensor:
        """Derivative of g, `[N, P, 2, 2]`, row by output coordinate."""
        moved = points if self.first is None else _after(self.first, points)
        slope = self.affine[:, None, :, :2]
        if self.centres.shape[-2]:
            squared = squares(moved, self.centres)
            smallest = torch.finfo(squared.dtype).tiny
            rate = 0.5 * (squared.clamp_min(smallest).log() + 1.0)
            gaps = 2.0 * (moved[..., None, :] - self.centres[..., None, :, :])
            slope = slope + torch.einsum("npc,npcj,nci->npij", rate, gaps, self.weights)
        return slope if self.first is None else slope @ self.first[:, None, :, :2]


@dataclass(frozen=True)
class WarpRanges:
    """How far random warps go.

    Attributes:
        rotation_degrees: standard deviation of the angle.
        log_scale: standard deviation of the natural logarithm of the scale.
        translation: largest shift along each axis, uniform, in fractions of the image edge.
        grid: control points of the spline along each axis, at the centres of equal cells.
        displacement: standard deviation of every control point's shift, in fractions of the edge.
    """

    rotation_degrees: float = 10.0
    log_scale: float = 0.2
    translation: float = 0.1
    grid: int = 5
    displacement: float = 0.02


def random_warps(count: int, ranges: WarpRanges, generator: Generator) -> Warp:
    """Similarity first, then a thin-plate spline through randomly moved control points.

    Args:
        count: N.
        ranges: how far they go.
        generator: source of all draws, on the CPU.

    Returns:
        N warps in float32.

    Source: Zhang et al. 2018, section 3.1 and appendix; the draws are those of their code.
    """
    first = random_similarities(count, ranges, generator)
    centres = control_grid(ranges.grid)
    shifts = 2.0 * ranges.displacement * torch.randn(count, len(centres), 2, generator=generator)
    return spline_warp(centres, centres + shifts, first=first)


def random_similarities(count: int, ranges: WarpRanges, generator: Generator) -> Tensor:
    """Random scale, rotation and shift, `[N, 2, 3]` in signed coordinates."""
    angle, log_scale = torch.randn(2, count, generator=generator)
    shift = (2.0 * torch.rand(count, 2, generator=generator) - 1.0) * 2.0 * ranges.translation
    return similarity(
        torch.deg2rad(angle * ranges.rotation_degrees),
        torch.exp(log_scale * ranges.log_scale),
        shift,
    )


def similarity(angle: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """The maps from u to scale R(angle) u + shift.

    Args:
        angle: `[N]`, radians, from x towards y.
        scale: `[N]`.
        shift: `[N, 2]`, signed coordinates.

    Returns:
        `[N, 2, 3]`.
    """
    cosine, sine = scale * torch.cos(angle), scale * torch.sin(angle)
    rows = (torch.stack((cosine, -sine), -1), torch.stack((sine, cosine), -1))
    return torch.cat((torch.stack(rows, dim=-2), shift[..., None]), dim=-1)


def affine_warp(matrix: Tensor) -> Warp:
    """A warp without a spline; `matrix` `[N, 2, 3]` in signed coordinates."""
    weights = matrix.new_zeros(len(matrix), 0, 2)
    return Warp(None, matrix, matrix.new_zeros(0, 2), weights)


def spline_warp(centres: Tensor, targets: Tensor, *, first: Tensor | None = None) -> Warp:
    """The thin-plate spline that takes every control point to its target.

    Args:
        centres: control points, `[P, 2]`, or `[N, P, 2]` where every image has its own.
        targets: where they go, `[N, P, 2]`; both in signed coordinates.
        first: an affine map `[N, 2, 3]` that comes before the spline.

    Returns:
        N warps. Control points that coincide share the mean of their targets; where they do not fix
        an affine map (all on a line, all at one place) it is the one nearest to no change.

    Source: Bookstein 1989; `kornia.get_tps_transform` puts the centres at the targets, so that the
    two agree only to first order.
    """
    count, exact = centres.shape[-2], centres.double()
    border = torch.cat((torch.ones_like(exact[..., :1]), exact), dim=-1)
    zero = exact.new_zeros(*exact.shape[:-2], 3, 3)
    top = torch.cat((radial(squares(exact, exact)), border), dim=-1)
    system = torch.cat((top, torch.cat((border.mT, zero), dim=-1)), dim=-2)
    # Shifts are solved for, not targets: what the control points leave open is then no change.
    shifts = targets.double() - exact
    wanted = torch.cat((shifts, shifts.new_zeros(len(shifts), 3, 2)), dim=-2)
    inverse = torch.linalg.pinv(system, atol=SMALLEST_SINGULAR_VALUE, rtol=0.0, hermitian=True)
    solved = (inverse @ wanted).to(targets.dtype)
    linear = solved[:, count + 1 :].mT + torch.eye(2).to(solved)
    affine = torch.cat((linear, solved[:, count, :, None]), dim=-1)
    return Warp(first, affine, centres, solved[:, :count])


def control_grid(side: int) -> Tensor:
    """Centres of `side` by `side` equal cells, `[side^2, 2]`, signed."""
    axis = signed_pixels(side)
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)


def squares(points: Tensor, centres: Tensor) -> Tensor:
    """Squared distances `[..., P, C]` of points `[..., P, 2]` to centres `[..., C, 2]`."""
    across = points[..., :, None, 0] - centres[..., None, :, 0]
    down = points[..., :, None, 1] - centres[..., None, :, 1]
    return across * across + down * down


def radial(squared: Tensor) -> Tensor:
    """phi(r) = r ln(r) / 2 of squared distances, 0 at 0, where its gradient is finite too."""
    return 0.5 * squared * squared.clamp_min(torch.finfo(squared.dtype).tiny).log()


def _after(matrix: Tensor, points: Tensor, *, inverse: bool = False) -> Tensor:
    """The affine map `[N, 2, 3]`, or its inverse, of points `[N, P, 2]` or `[P, 2]`."""
    linear, shift = matrix[..., :2], matrix[:, None, :, 2]
    if inverse:
        inverted: Tensor = torch.linalg.inv_ex(linear)[0]
        return (points - shift) @ inverted.mT
    return points @ linear.mT + shift
