"""Published generators: a file in the port's layout that is made here.

The reference below computes images from the port's names alone, in the port's order of steps.
"""

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from harness.errors import DataError
from harness_gans.progressive_gan.generator import Generator
from harness_gans.progressive_gan.method import ProgressiveGan
from harness_gans.progressive_gan.published import load_published

#: Of layers 1 to 6 at 16 pixels.
WIDTHS = [5, 6, 6, 6, 6, 4, 4]


def port_file():
    source = torch.Generator().manual_seed(4)

    def layer(name, inputs, outputs, kernel):
        return {
            f"{name}.conv.weight": torch.randn(outputs, inputs, kernel, kernel, generator=source),
            f"{name}.wscale.bias": 0.3 * torch.randn(outputs, generator=source),
        }

    file = layer("layer1", WIDTHS[0], WIDTHS[1], 4)
    for number in range(2, 7):
        file |= layer(f"layer{number}", WIDTHS[number - 1], WIDTHS[number], 3)
    return file | layer("output_16x16", 4, 3, 1)


def reference(file, z):
    """Images of z `[N, D]`: pixel norm, doubling, convolution, scale, activation."""
    maps = z[:, :, None, None]
    for name, padding in [("layer1", 3), *((f"layer{i}", 1) for i in range(2, 7))]:
        maps = stepped(file, name, maps, padding, 2.0)
        maps = torch.where(maps > 0, maps, 0.2 * maps)
    return stepped(file, "output_16x16", maps, 0, 1.0)


def stepped(file, name, maps, padding, gain):
    weight = file[f"{name}.conv.weight"].double()
    maps = maps / (maps.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    if name in ("layer3", "layer5"):
        maps = maps.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    maps = F.conv2d(maps, weight, padding=padding) * (gain / weight[0].numel()) ** 0.5
    return maps + file[f"{name}.wscale.bias"].double()[:, None, None]


def made(tmp_path, kind="pth"):
    path = tmp_path / f"pggan.{kind}"
    (save_file if kind == "safetensors" else torch.save)(port_file(), path)
    return path


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_images_are_those_of_the_ports_tensors(tiny, tmp_path, kind):
    generator = Generator(5, tiny().channels(16))
    load_published(generator, made(tmp_path, kind))
    source = torch.Generator().manual_seed(8)
    z = torch.randn(3, 5, generator=source, dtype=torch.float64)
    assert torch.allclose(generator.double()(z), reference(port_file(), z), atol=1e-10)


def test_method_without_training_draws_with_the_file(tiny, tmp_path, run, squares):
    path = made(tmp_path)
    method = ProgressiveGan(tiny(weights_file=str(path), images=0), 3, 16)
    method.fit(squares, run)
    assert run.loops == []
    wanted = Generator(5, tiny().channels(16))
    load_published(wanted, path)
    z = torch.randn(2, 5, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(method.generator.double()(z), wanted.double()(z), atol=1e-10)


def test_files_of_another_generator_are_refused(tiny, tmp_path):
    path = made(tmp_path)
    with pytest.raises(DataError, match=r"layer1.conv.weight has shape \[6, 5, 4, 4\], expected"):
        load_published(Generator(4, tiny().channels(16)), path)
    with pytest.raises(DataError, match=r"has no tensor 'layer7.conv.weight'; its layout or its"):
        load_published(Generator(5, [6, 6, 4, 4]), path)
