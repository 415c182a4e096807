"""Small trees in the official layouts of faces, cats, cars, shoes, digits and toys."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import savemat
from trees import FACE, dotted_photo, encoded, write_files

from harness_datasets.mnist.idx import IMAGES, LABELS
from harness_datasets.pascal3d_car.annotations import ANCHORS

#: A cat's nine landmarks as shares of its head's box: eyes, mouth, both ears.
CAT = np.array(
    [
        [0.3, 0.6],
        [0.7, 0.6],
        [0.5, 1.0],
        [0.0, 0.4],
        [0.1, 0.0],
        [0.35, 0.2],
        [0.65, 0.2],
        [0.9, 0.0],
        [1.0, 0.4],
    ]
)

#: A left-facing car's six landmarks as shares of their box, in the order of `ANCHORS`.
CAR = np.array([[0.2, 1.0], [0.8, 1.0], [0.35, 0.1], [0.8, 0.0], [0.0, 0.6], [1.0, 0.4]])

#: Added to the numbers of images, so that no two splits share one.
SEEDS = {"train": 0, "test": 1_000}

NORB = {
    "train": "smallnorb-5x46789x9x18x6x2x96x96-training",
    "test": "smallnorb-5x01235x9x18x6x2x96x96-testing",
}
NORB_INSTANCES = {"train": (4, 6), "test": (0, 1)}


def make_aflw_tree(root: Path, train: int = 12, test: int = 5) -> Path:
    """The prepared release with photos of different shapes; the folder `aflw`."""
    base = root / "aflw"
    for split, count in (("train", train), ("test", test)):
        names, points, sizes = [], [], []
        for number in range(count):
            width, height = 60 + 10 * (number % 3), 70 + 6 * (number % 4)
            at = np.rint(FACE * (width, height))
            names.append(f"{number % 3}/{split}-{number:03d}.jpg")
            photo = dotted_photo((width, height), at, seed=SEEDS[split] + number)
            write_files(base / "output", {names[-1]: encoded(photo, "JPEG", quality=95)})
            points.append(at[:, ::-1])
            sizes.append((height, width))
        write_list(base, "aflw", split, names, points, sizes)
    return base


def make_prepared_cats(root: Path, train: int = 12, test: int = 5) -> Path:
    """Crops of 100 x 100 px with lists and landmarks; the folder `cat_head`."""
    base = root / "cat_head"
    for split, count in (("train", train), ("test", test)):
        names, points, sizes = [], [], []
        for number in range(count):
            at = np.rint(20 + number % 5 + CAT * 55)
            names.append(f"{split}_{number:03d}.jpg")
            photo = dotted_photo((100, 100), at, seed=SEEDS[split] + number)
            write_files(base / "cat_images", {names[-1]: encoded(photo, "JPEG", quality=95)})
            points.append(at[:, ::-1])
            sizes.append((100, 100))
        write_list(base / "cat_data", "cat", split, names, points, sizes)
    return base


def make_published_cats(root: Path, count: int = 20) -> Path:
    """Photos with a `.cat` file each in seven folders; the folder `cat_head`."""
    base = root / "cat_head"
    for number in range(count):
        name = f"CAT_0{number % 7}/{number:08d}_000.jpg"
        side = 80 + 10 * (number % 4)
        at = np.rint((30 + 5 * (number % 3), 25) + CAT * side).astype(int)
        photo = dotted_photo((200, 150 + 10 * (number % 2)), at, seed=number)
        line = " ".join(str(value) for value in (9, *at.ravel())) + " "
        write_files(base, {name: encoded(photo, "JPEG", quality=95), f"{name}.cat": line})
    return base


def make_pascal3d_tree(root: Path, count: int = 12) -> Path:
    """A car a photo in both sources; the folder of the release.

    Car i faces left where i is even; its azimuth is 40 degrees, no profile, where i % 6 is 5.
    """
    base = root / "PASCAL3D+_release1.1"
    for source, ending in (("imagenet", "JPEG"), ("pascal", "jpg")):
        for number in range(count):
            name, left = f"{source}_{number:05d}", number % 2 == 0
            size = (160 + 10 * (number % 3), 110)
            shape = CAR if left else CAR * (-1, 1) + (1, 0)
            at = np.rint((30, 40) + shape * (100, 40))
            seed = SEEDS["train" if source == "imagenet" else "test"] + number
            photo = encoded(dotted_photo(size, at, seed=seed), "JPEG", quality=95)
            write_files(base / f"Images/car_{source}", {f"{name}.{ending}": photo})
            profile = 90.0 if left else 265.0
            view = {"azimuth": 40.0 if number % 6 == 5 else profile, "distance": 5.0}
            car = car_object(at + 0.5, "left" if left else "right", view)
            write_record(base / f"Annotations/car_{source}/{name}.mat", f"{name}.{ending}", [car])
    return base


def car_object(
    points: NDArray[np.float64],
    side: str,
    viewpoint: Mapping[str, float],
    *,
    hidden: Sequence[int] = (),
) -> dict[str, object]:
    """One entry of `record.objects`: six anchors of a side, the other side's hidden.

    Args:
        points: (x, y) in pixels counted from 1.
        side: `left` or `right`.
        viewpoint: its fields.
        hidden: positions of anchors of this side that are not visible.
    """
    anchors = {}
    for one in ("left", "right"):
        for place, name in enumerate(ANCHORS):
            seen = one == side and place not in hidden
            location = points[place] if seen else np.empty((0, 0))
            anchors[name.format(one)] = {"location": location, "status": 1 if seen else 2}
    box = [*points.min(axis=0), *points.max(axis=0)]
    return {"class": "car", "bbox": box, "anchors": anchors, "viewpoint": dict(viewpoint)}


def write_record(path: Path, photo: str, objects: Sequence[Mapping[str, object]]) -> None:
    """An annotation file; one object is a structure, several are an array of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if len(objects) == 1:
        held: object = objects[0]
    else:
        fields = list(objects[0])
        held = np.zeros((1, len(objects)), [(field, object) for field in fields])
        for place, one in enumerate(objects):
            held[0, place] = tuple(one[field] for field in fields)
    savemat(path, {"record": {"filename": photo, "objects": held}})


def make_zappos_tree(root: Path, count: int = 30) -> Path:
    """Photos of 136 x 102 px on white in three levels of folders; the folder `zappos_shoes`."""
    base = root / "zappos_shoes"
    for number in range(count):
        photo = Image.new("RGB", (136, 102), (255, 255, 255))
        photo.paste(dotted_photo((90, 50), [(45, 25)], seed=number), (20, 30))
        category = ("Boots/Ankle", "Shoes/Flats", "Slippers/Slipper Flats")[number % 3]
        name = f"{category}/Brand {number % 4}/{7_000_000 + number}.{number}.jpg"
        write_files(base / "ut-zap50k-images", {name: encoded(photo, "JPEG", quality=95)})
    return base


def make_mnist_tree(root: Path, train: int = 40, test: int = 20) -> Path:
    """Images of a bright bar that stands where the digit says and is longer in the test.

    Returns:
        The folder `mnist`.
    """
    base = root / "mnist"
    for start, count in (("train", train), ("t10k", test)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.zeros((count, 28, 28), np.uint8)
        for row, label in enumerate(labels):
            images[row, 4 : 24 if start == "train" else 26, 4 + 2 * label : 6 + 2 * label] = 255
        write_files(
            base,
            {
                f"{start}-images-idx3-ubyte": idx(images, IMAGES),
                f"{start}-labels-idx1-ubyte": idx(labels, LABELS),
            },
        )
    return base


def idx(array: NDArray[np.uint8], magic: int) -> bytes:
    """An array in the idx format."""
    return struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes()


def make_smallnorb_tree(root: Path, *, zipped: bool = False) -> Path:
    """Two instances a category under two lightings from 2 x 3 viewpoints, in a mixed order.

    The left camera's pixels are 1 + the row in the order of clips and viewpoints, at most 120; the
    right camera's are 130 brighter at the same row. The last 6 x 6 px are white in the test. The
    folder `smallnorb`.
    """
    base = root / "smallnorb"
    for split, start in NORB.items():
        rows = [
            (category, instance, lighting, elevation, azimuth)
            for category in range(5)
            for instance in NORB_INSTANCES[split]
            for lighting in (0, 3)
            for elevation in (0, 8)
            for azimuth in (0, 2, 34)
        ]
        shuffled = np.random.default_rng(7).permutation(len(rows))
        labels = np.array(rows)[shuffled]
        grey = np.zeros((len(rows), 2, 96, 96), np.uint8)
        grey[:, 0] = (1 + shuffled)[:, None, None]
        grey[:, 1] = (131 + shuffled)[:, None, None]
        grey[:, :, 90:, 90:] = 255 if split == "test" else grey[:, :, :1, :1]
        info = labels[:, [1, 3, 4, 2]].astype("<i4")
        files = {
            f"{start}-dat.mat": matrix(grey, 0x1E3D4C55),
            f"{start}-cat.mat": matrix(labels[:, 0].astype("<i4"), 0x1E3D4C54),
            f"{start}-info.mat": matrix(info, 0x1E3D4C54),
        }
        if zipped:
            files = {f"{name}.gz": gzip.compress(data) for name, data in files.items()}
        write_files(base, files)
    return base


def matrix(array: NDArray[np.generic], magic: int) -> bytes:
    """An array in NORB's format: at least three sizes, whatever the number of dimensions."""
    sizes = [*array.shape, 1, 1][: max(3, array.ndim)]
    return struct.pack(f"<{2 + len(sizes)}I", magic, array.ndim, *sizes) + array.tobytes()


def assert_on_dots(images: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    """Every landmark lies on a white dot, and most of the images is dark."""
    at = np.floor(landmarks * images.shape[-1]).astype(int)
    for image, points in zip(images, at, strict=True):
        for x, y in points:
            assert image[:, y, x].min() > 170
    assert np.median(images) < 100


def write_list(
    folder: Path,
    name: str,
    split: str,
    names: Sequence[str],
    points: Sequence[NDArray[np.float64]],
    sizes: Sequence[tuple[int, int]],
) -> None:
    """A list of images with its landmarks (y, x) and sizes (height, width)."""
    write_files(folder, {f"{name}_{split}_images.txt": "\n".join(names)})
    arrays = {"gt": np.array(points, np.float64), "hw": np.array(sizes, np.int32)}
    savemat(folder / f"{name}_{split}_keypoints.mat", arrays)
