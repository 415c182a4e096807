"""How many channels the maps of generators and discriminators have, side by side."""

from __future__ import annotations

from harness.errors import ConfigError

#: Side in pixels of the smallest maps.
START_SIDE = 4


def widths(image_size: int, base: int, most: int, owner: str) -> list[int]:
    """Channels at 4, 8, 16 ... pixels up to the image's side: base / side, at most so many.

    >>> widths(64, 4096, 256, "stylegan2")
    [256, 256, 256, 128, 64]

    Args:
        image_size: side in pixels.
        base: channels times side.
        most: upper limit.
        owner: the method, for messages.

    Raises:
        ConfigError: the side is no power of two from 8 on, or a map would have no channel.
    """
    if image_size < 2 * START_SIDE or image_size & (image_size - 1):
        raise ConfigError(
            f"{owner}: image_size {image_size} is no power of two from {2 * START_SIDE} on; set "
            "image_size to one"
        )
    if base < image_size:
        raise ConfigError(
            f"{owner}: {base} / {image_size} leaves the largest map without a channel; raise "
            "channel_base and discriminator_base"
        )
    steps = (image_size // START_SIDE).bit_length()
    return [min(base // (START_SIDE << step), most) for step in range(steps)]
