"""IMM and lmdis-rep at their smallest: learning on drawn faces, and drawing a face again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import InProcess
from PIL import Image

from harness.record import read_record

METHODS = ("imm", "lmdis_rep")
TINY = (
    *("--suite", "synthetic_faces", "--preset", "smoke", "--no-baselines", "--threads", "1"),
    *("--set", "suite.dataset_options={fit=48,regress=40,test=24}"),
    *("--set", "suite.image_size=32", "--set", "batch_size=4"),
    *("--set", "steps=4", "--set", "rotation_steps=3", "--metrics", "inter_ocular_error"),
)


def drawn_face(path: Path) -> None:
    """A face of a few discs, wider than it is high."""
    rows, columns = np.mgrid[:60, :90]
    picture = np.full((60, 90, 3), (120, 150, 180), np.uint8)
    for x, y, radius, colour in (
        (45, 30, 24, (230, 190, 160)),
        (36, 24, 4, (40, 40, 60)),
        (54, 24, 4, (40, 40, 60)),
        (45, 42, 6, (180, 60, 60)),
    ):
        picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = colour
    Image.fromarray(picture).save(path)


def test_autoencoders_learn_on_drawn_faces_and_draw_a_face_again(cli: InProcess) -> None:
    done = cli("run", "--method", ",".join(METHODS), *TINY, "--set", "norm_steps=2")
    assert done.code == 0, done.err
    drawn_face(Path("face.png"))
    for method in METHODS:
        (folder,) = Path("runs/synthetic_faces").glob(f"{method}-smoke-*")
        record = read_record(folder / "record.json")
        assert record.method.sees == ["images"]
        assert record.cost is not None
        assert record.cost.parameters > 10_000
        error = record.score("inter_ocular_error")
        assert error is not None
        assert error.n == 24
        assert error.value is not None
        assert np.isfinite(error.value)
        assert (folder / "pictures" / "manipulation.png").exists()

        done = cli("sample", str(folder), "--image", "face.png", "--op", "move=0:+0.1,-0.05")
        assert done.code == 0, done.err
        picture, beside = map(Path, done.out.splitlines())
        with Image.open(picture) as image:
            assert np.asarray(image).std() > 0
        assert json.loads(beside.read_text())["operations"] == ["move=0:+0.1,-0.05"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("suite.parts=100", "map_size=8"),
            "imm: 100 keypoints do not fit on a map of 8 x 8 places",
        ),
        (("image_size=40",), "imm: image_size 40 is not map_size 16 times 2, 4, 8"),
        (("pairs=clips",), "imm: pairs from clips need a dataset with clips"),
        (("perceptual=vgg16_colour",), "perceptual = vgg16_colour needs"),
    ],
)
def test_what_imm_cannot_learn_from_is_said_in_one_sentence(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch, settings: tuple[str, ...], message: str
) -> None:
    monkeypatch.setenv("TORCH_HOME", "no weights")
    more = [part for setting in settings for part in ("--set", setting)]
    done = cli("run", "--method", "imm", *TINY, *more)
    assert done.code in (1, 2)
    assert message in done.err
    assert "Traceback" not in done.err
