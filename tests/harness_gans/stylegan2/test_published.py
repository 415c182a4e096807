"""Published generators: a file in the port's layout that is made here, and files that are refused.

The reference below computes images from the port's names alone, with weights built image by image.
"""

import argparse
import math
from itertools import pairwise

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from harness.errors import AssetMissing, DataError
from harness_gans.stylegan2.generator import Generator
from harness_gans.stylegan2.method import StyleGan2
from harness_gans.stylegan2.published import load_published

CHANNELS = (5, 4, 2)


def port_file(noise_size=6, style=6, layers=2):
    """Random tensors under the port's names and in its shapes, for 16 pixels."""
    source = torch.Generator().manual_seed(4)

    def random(*shape):
        return torch.randn(shape, generator=source)

    def convolution(start, inputs, outputs, kernel):
        return {
            f"{start}.conv.weight": random(1, outputs, inputs, kernel, kernel),
            f"{start}.conv.modulation.weight": random(inputs, style),
            f"{start}.conv.modulation.bias": 1 + 0.1 * random(inputs),
        }

    def styled(start, inputs, outputs):
        extra = {f"{start}.noise.weight": random(1), f"{start}.activate.bias": random(outputs)}
        return convolution(start, inputs, outputs, 3) | extra

    def colours(start, inputs):
        return convolution(start, inputs, 3, 1) | {f"{start}.bias": random(1, 3, 1, 1)}

    file = {"input.input": random(1, CHANNELS[0], 4, 4)}
    for layer in range(1, layers + 1):
        size = noise_size if layer == 1 else style
        file |= {f"style.{layer}.weight": 100 * random(style, size)}
        file |= {f"style.{layer}.bias": 10 * random(style)}
    file |= styled("conv1", CHANNELS[0], CHANNELS[0]) | colours("to_rgb1", CHANNELS[0])
    for i, (before, width) in enumerate(pairwise(CHANNELS)):
        file |= styled(f"convs.{2 * i}", before, width)
        file |= {f"convs.{2 * i}.conv.blur.kernel": torch.ones(4, 4)}
        file |= styled(f"convs.{2 * i + 1}", width, width)
        file |= colours(f"to_rgbs.{i}", width) | {f"to_rgbs.{i}.upsample.kernel": torch.ones(4, 4)}
    for i, side in enumerate((4, 8, 8, 16, 16)):
        file[f"noises.noise_{i}"] = random(1, 1, side, side)
    return file


def kernel():
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)
    return torch.outer(taps, taps) / 16


def blurred(maps, before, after):
    padded = F.pad(maps, (before, after, before, after))
    return F.conv2d(padded, kernel().expand(maps.shape[1], 1, 4, 4), groups=maps.shape[1])


def reference(file, z):
    """One image of one z `[D]`, step by step."""
    file = {name: value.double() for name, value in file.items()}
    w = z / (z.square().mean() + 1e-8).sqrt()
    for layer in (1, 2):
        weight = file[f"style.{layer}.weight"]
        w = weight @ w * 0.01 / math.sqrt(weight.shape[1]) + 0.01 * file[f"style.{layer}.bias"]
        w = F.leaky_relu(w, 0.2) * math.sqrt(2)
    return drawn(file, w)


def drawn(file, w):
    def weights(start, demodulate):
        weight = file[f"{start}.conv.weight"][0]
        modulation = file[f"{start}.conv.modulation.weight"]
        style = modulation @ w / math.sqrt(len(w)) + file[f"{start}.conv.modulation.bias"]
        weight = weight / math.sqrt(weight[0].numel()) * style[None, :, None, None]
        if demodulate:
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        return weight

    def styled(start, maps, index, *, up):
        weight = weights(start, True)
        if up:
            spread = F.conv_transpose2d(maps, weight.transpose(0, 1), stride=2)
            maps = blurred(spread, 1, 1)
        else:
            maps = F.conv2d(maps, weight, padding=1)
        maps = maps + file[f"{start}.noise.weight"] * file[f"noises.noise_{index}"]
        maps = maps + file[f"{start}.activate.bias"][:, None, None]
        return F.leaky_relu(maps, 0.2) * math.sqrt(2)

    def coloured(start, maps):
        return F.conv2d(maps, weights(start, False)) + file[f"{start}.bias"]

    maps = styled("conv1", file["input.input"], 0, up=False)
    image = coloured("to_rgb1", maps)
    for i in (0, 1):
        maps = styled(f"convs.{2 * i}", maps, 2 * i + 1, up=True)
        maps = styled(f"convs.{2 * i + 1}", maps, 2 * i + 2, up=False)
        side = image.shape[-1]
        spread = torch.zeros(1, 3, 2 * side, 2 * side, dtype=torch.float64)
        spread[:, :, ::2, ::2] = image
        image = blurred(spread, 2, 1) + coloured(f"to_rgbs.{i}", maps)
    return image


@pytest.fixture
def config(tiny):
    return tiny(style_size=6)


def checkpoint(tmp_path, kind):
    file = port_file()
    mean = torch.arange(6.0)
    if kind == "safetensors":
        path = tmp_path / "g.safetensors"
        save_file(file, path)
        return path
    path = tmp_path / "g.pt"
    content = (
        {"g_ema": file, "latent_avg": mean, "g": {"unused": mean}} if kind == "whole" else file
    )
    torch.save(content, path)
    return path


@pytest.mark.parametrize("kind", ["safetensors", "bare", "whole"])
def test_images_are_those_of_the_ports_tensors(config, tmp_path, kind):
    generator = Generator(config, 16)
    load_published(generator, checkpoint(tmp_path, kind))
    z = torch.randn(2, 6, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    got = generator.double()(z)
    expected = torch.cat([reference(port_file(), each) for each in z])
    assert torch.allclose(got, expected, atol=1e-9)


def test_mean_is_the_files_or_is_measured(config, tmp_path):
    generator = Generator(config, 16)
    load_published(generator, checkpoint(tmp_path, "whole"))
    assert generator.mean.tolist() == list(range(6))
    load_published(generator, checkpoint(tmp_path, "bare"))
    with torch.no_grad():
        z = torch.randn(20_000, 6, generator=torch.Generator().manual_seed(9))
        measured = generator.mapping(z).mean(dim=0)
    assert torch.allclose(generator.mean, measured, atol=0.05)


def test_method_without_training_draws_with_the_file(config, tmp_path, run, squares):
    path = checkpoint(tmp_path, "whole")
    settings = {**dict(config), "weights_file": str(path), "images": 0}
    method = StyleGan2(type(config)(**settings), 3, 16)
    method.fit(squares, run)
    wanted = Generator(config, 16)
    load_published(wanted, path)
    for name, value in method.generator.state_dict().items():
        assert torch.equal(value, wanted.state_dict()[name]), name


def refusal(config, path, error=DataError):
    with pytest.raises(error) as caught:
        load_published(Generator(config, 16), path)
    return str(caught.value)


def test_pickled_archive_is_refused_with_the_reason_and_the_command(config, tmp_path):
    path = tmp_path / "550000.pt"
    torch.save({"g_ema": port_file(), "args": argparse.Namespace(size=16)}, path)
    said = refusal(config, path)
    assert (
        "a pickled archive with more in it than tensors, which is refused because reading" in said
    )
    assert "convert it with python -c" in said
    assert said.endswith(f"{path} {tmp_path / '550000.tensors.pt'} and name that file.")
    assert "\n" not in said


def test_the_command_of_the_refusal_makes_a_file_that_is_read(config, tmp_path):
    import shlex
    import subprocess
    import sys

    path = tmp_path / "550000.pt"
    torch.save({"g_ema": port_file(), "args": argparse.Namespace(size=16)}, path)
    command = refusal(config, path).split("convert it with python ")[1].split(" and name that")[0]
    subprocess.run([sys.executable, *shlex.split(command)], check=True)
    generator = Generator(config, 16)
    load_published(generator, tmp_path / "550000.tensors.pt")
    assert torch.equal(generator.synthesis.start, port_file()["input.input"])


def test_old_pickles_are_refused_alike(config, tmp_path):
    path = tmp_path / "network.pkl"
    path.write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtin")
    assert "is a pickled archive" in refusal(config, path)


def test_other_files_are_refused(config, tmp_path, tiny):
    missing = tmp_path / "nothing.pt"
    assert "is missing; put the file there" in refusal(config, missing, AssetMissing)
    for name in ("text.pt", "text.safetensors"):
        (tmp_path / name).write_text("no weights")
    assert "neither safetensors nor a file that torch.save wrote" in refusal(
        config, tmp_path / "text.pt"
    )
    assert "no readable safetensors file" in refusal(config, tmp_path / "text.safetensors")
    path = checkpoint(tmp_path, "bare")
    wider = tiny(style_size=6, channel_most=4)
    said = refusal(wider, path)
    assert "input.input has shape [1, 5, 4, 4], expected [1, 4, 4, 4]; set image_size" in said
    deeper = tiny(style_size=6, mapping_layers=3)
    assert "has no tensor 'style.3.weight'; its layout" in refusal(deeper, path)
