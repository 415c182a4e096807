"""Every learned method, killed at any point, ends as if nothing had happened, bit for bit.

Points are drawn from a seeded generator: at a training step, before a change of the file system
(between a write, its sync and its renaming too), in the middle of a write, and after some seconds
of computing, wherever that is: while learning, predicting, measuring or drawing.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from warm_process import COUNTS, PRINTED, Ended, Fate, Warm

from harness.predictions import read_arrays
from harness.record import read_record


def settings(**values: object) -> tuple[str, ...]:
    """`--set` for each; a double underscore stands for a dot."""
    pairs = [f"{name.replace('__', '.')}={value}" for name, value in values.items()]
    return tuple(word for pair in pairs for word in ("--set", pair))


SMOKE = ("--preset", "smoke", "--no-baselines", "--threads", "1", "--checkpoint-seconds", "0")
FACES = (
    *("--suite", "synthetic_faces", *SMOKE, "--metrics", "inter_ocular_error"),
    *settings(suite__image_size=16, suite__dataset_options="{fit=16,regress=16,test=8}"),
)
EDITED = (
    *SMOKE,
    *settings(suite__dataset_options="{fit=16,test=4}", suite__samples=3, suite__levels=2),
    *settings(suite__assets__generator__settings__images=8),
    *settings(suite__assets__generator__settings__batch_size=4),
    *settings(suite__assets__guide__settings__steps=2),
    *settings(suite__assets__judge__settings__steps=2),
)
HATS = ("--suite", "synthetic_faces_attributes", *EDITED, *settings(suite__attributes='["hat"]'))
SGF = ("sgf", settings(pairs=20, updates=3))

#: Method and its arguments by case; oracles and `stylegan2` learn as assets of the editors too.
CASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "gan_seg": (
        "gan_seg",
        (*FACES, *settings(steps=4, segmenter_steps=3, batch_size=4, segmenter_batch_size=4)),
    ),
    "latent_keypoint_gan": (
        "latent_keypoint_gan",
        (
            *(*FACES, *settings(batch_sizes="[4]", stage_images="[16]", background_pairs=2)),
            *settings(detector_pairs=12, detector_batch_size=4),
        ),
    ),
    "imm": ("imm", (*FACES, *settings(steps=4, rotation_steps=3, batch_size=4))),
    "lmdis_rep": (
        "lmdis_rep",
        (*FACES, *settings(steps=4, rotation_steps=3, batch_size=4, norm_steps=2)),
    ),
    "thewlis": ("thewlis", (*FACES, *settings(steps=5, batch_size=4))),
    "feature_factorisation": (
        "feature_factorisation",
        (*FACES, *settings(rotation_steps=4, images=16, iterations=20)),
    ),
    "stylegan2": ("stylegan2", (*FACES, *settings(images=16, batch_size=4))),
    "progressive_gan": (
        "progressive_gan",
        (
            *(*FACES, *settings(stable_images=4, fading_images=4, images=32)),
            *settings(batch_sizes="[4,4,4,4]"),
        ),
    ),
    "sgf": (SGF[0], (*HATS, *SGF[1])),
    "interfacegan": ("interfacegan", (*HATS, *settings(latents=60, extremes_least=5))),
    "ganspace": (
        "ganspace",
        (*HATS, *settings(latents=4000, components=3, candidates=2, labelled=4)),
    ),
    "caption_oracle": (SGF[0], ("--suite", "synthetic_faces_captions", *EDITED, *SGF[1])),
    "keypoint_oracle": (SGF[0], ("--suite", "synthetic_faces_keypoints", *EDITED, *SGF[1])),
}
#: Kills of one run, at most, each of another kind; it may end before the last.
KILLS = 3


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a working folder that a run leaves, but those that name times or attempts."""
    dated = {"record.json", "fit.json", "toy_events.txt", COUNTS, PRINTED}
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name not in dated
        and path.suffix not in (".npz", ".lock", ".md", ".toml")
        and path.name != ".lock"
    }


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """The arrays of all its `.npz`, whose files name times, by file and name."""
    return {
        f"{path.relative_to(folder)}:{name}": array
        for path in sorted(folder.rglob("*.npz"))
        for name, array in read_arrays(path).items()
    }


def drawn_fates(whole: Ended, seed: str) -> list[Fate]:
    """Fates of drawn kinds in a drawn order; points lie in the first part of an undisturbed run."""
    draw = random.Random(seed)
    fates = [
        Fate(step=draw.randint(1, max(1, whole.steps // 2))),
        Fate(operation=draw.randint(1, whole.operations // 2)),
        Fate(size=draw.randint(0, 200_000)),
        Fate(cpu_seconds=max(0.01, draw.uniform(0.05, 0.7) * whole.cpu_seconds)),
    ]
    draw.shuffle(fates)
    return fates[:KILLS]


@pytest.mark.parametrize("case", CASES)
def test_killed_at_drawn_points_a_run_ends_bit_for_bit_as_an_undisturbed_one(
    case: str, warm: Warm, tmp_path: Path
) -> None:
    method, arguments = CASES[case]
    command = ("run", "--method", method, *arguments)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    undisturbed = warm(whole, *command)
    assert undisturbed.code == 0, undisturbed.text
    kills = 0
    for fate in drawn_fates(undisturbed, case):
        ended = warm(killed, *command, fate=fate)
        assert ended.code <= 0, (fate, ended)
        kills += ended.code < 0
    assert kills
    ended = warm(killed, *command)
    assert ended.code == 0, ended.text

    found, expected = contents(killed), contents(whole)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    ours, theirs = arrays(killed), arrays(whole)
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
    (one,), (other,) = (list(f.glob("runs/*/*/record.json")) for f in (killed, whole))
    assert read_record(one).scores == read_record(other).scores
