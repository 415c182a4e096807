"""Small copies of BBC Pose, Human3.6M and VoxCeleb in their layouts, drawn by code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy.io import savemat
from trees import dotted_photo, encoded, make_celeba_tree, write_files

#: Joints of a signer in the middle of a frame of 100 x 80 pixels: head, wrists, elbows, shoulders.
SIGNER = np.array(
    [(50, 20), (30, 60), (70, 60), (32, 45), (68, 45), (40, 30), (60, 30)], dtype=float
)
BBC_ROLES = ["train"] * 10 + ["val"] * 5 + ["test"] * 5


def signer(right: float = 0) -> np.ndarray:
    """The signer, moved so many pixels to the right."""
    return SIGNER + np.array([right, 0])


@cache
def signer_frame(seed: int, right: float = 0) -> bytes:
    """A JPEG file of a frame with dots at the signer's joints, which count from 1."""
    photo = dotted_photo((100, 80), signer(right) - 0.5, seed=seed)
    return encoded(photo, "JPEG", quality=95)


def make_bbc_pose_tree(root: Path, *, frames: int = 6, marked: int = 2) -> Path:
    """20 videos of so many frames, and an entry of the extension; the folder `bbcpose`.

    Training videos have tracked joints in all frames, the others joints by hand in the last
    `marked` frames. Joints are `SIGNER`, moved one pixel to the right a frame.
    """
    base, entries = root / "bbcpose", []
    for number, role in enumerate([*BBC_ROLES, "train"], start=1):
        joints = [signer(frame) for frame in range(1, frames + 1)]
        if number <= len(BBC_ROLES):
            for frame in range(1, frames + 1):
                write_files(base / str(number), {f"{frame}.jpg": signer_frame(number, frame)})
        hand = role != "train"
        entries.append(bbc_entry(number, role, joints, hand=marked if hand else 0))
    write_bbc_mat(base / "bbcpose.mat", entries)
    return base


def bbc_entry(number: int, role: str, joints: list[np.ndarray], *, hand: int) -> dict[str, object]:
    """One video of the struct array, whose last `hand` frames are marked by hand."""
    all_frames, stacked = np.arange(1, len(joints) + 1), np.stack(joints).transpose(2, 1, 0)
    none, no_joints = np.zeros((1, 0)), np.zeros((2, 7, 0))
    return {
        "videoName": str(number),
        "type": role,
        "source": "buehler11" if number <= len(BBC_ROLES) else "charles13",
        "train_frames": none if hand else all_frames,
        "train_joints": no_joints if hand else stacked,
        "test_frames": all_frames[-hand:] if hand else none,
        "test_joints": stacked[..., -hand:] if hand else no_joints,
    }


def write_bbc_mat(path: Path, entries: list[dict[str, object]]) -> Path:
    """Entries as the 1 x N struct array `bbcpose`."""
    kinds = [(name, object) for name in entries[0]]
    array = np.zeros((1, len(entries)), dtype=kinds)
    for place, entry in enumerate(entries):
        array[0, place] = tuple(entry.values())
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"bbcpose": array}, do_compression=True)
    return path


#: A person of 60 pixels in a frame of 100 x 100, from the front, in the order of the 32 joints.
PERSON = np.array(
    [
        *[(50, 50), (45, 50), (44, 62), (43, 76), (42, 79), (42, 80)],
        *[(55, 50), (56, 62), (57, 76), (58, 79), (58, 80)],
        *[(50, 50), (50, 40), (50, 30), (50, 25), (50, 20)],
        *[(50, 30), (58, 32), (62, 42), (66, 52), (66, 52), (67, 53), (66, 52), (67, 54)],
        *[(50, 30), (42, 32), (38, 42), (34, 52), (34, 52), (33, 53), (34, 52), (33, 54)],
    ],
    dtype=float,
)
CAMERAS = ("54138969", "60457274")


@cache
def person_frame(seed: int, right: float = 0) -> bytes:
    """A JPEG file of a frame with dots at the person's joints."""
    photo = dotted_photo((100, 100), PERSON + np.array([right, 0]), seed=seed)
    return encoded(photo, "JPEG", quality=95)


def make_human36m_tree(
    root: Path,
    *,
    subjects: tuple[str, ...] = ("S1", "S9", "S11"),
    actions: tuple[str, ...] = ("Directions", "Walking 1"),
    frames: int = 3,
    masks: bool = True,
) -> Path:
    """Clips of so many frames from two cameras; the folder `human36m`.

    In frame n, from 1, the person stands n pixels to the right of `PERSON`. The masks are the box
    of the joints, 8 pixels larger at every side.
    """
    base = root / "human36m"
    for place, subject in enumerate(subjects):
        for name in (f"{action}.{camera}" for action in actions for camera in CAMERAS):
            moved = np.arange(1, frames + 1)
            poses = PERSON + np.stack([moved, 0 * moved], axis=1)[:, None]
            folder = base / subject
            write_cdf(folder / f"MyPoseFeatures/D2_Positions/{name}.cdf", poses)
            for frame in range(1, frames + 1):
                write_files(folder / name, {f"{frame:06d}.jpg": person_frame(place, frame)})
            if masks:
                path = folder / f"MySegmentsMat/ground_truth_bs/{name}.mat"
                write_cells(path, [person_mask(frame) for frame in range(1, frames + 1)])
    return base


def person_mask(right: float) -> np.ndarray:
    """The box of a person's joints, 8 pixels larger at every side, `bool [100, 100]`."""
    mask = np.zeros((100, 100), bool)
    (left, top), (far, low) = PERSON.min(axis=0) - 8, PERSON.max(axis=0) + 8
    mask[int(top) : int(low), int(left + right) : int(far + right)] = True
    return mask


def write_cdf(path: Path, poses: np.ndarray, name: str = "Pose") -> Path:
    """Poses `[F, 32, 2]` as the variable `Pose`, 1 x F x 64."""
    from cdflib.cdfwrite import CDF

    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.asarray(poses, np.float32).reshape(1, len(poses), -1)
    file = CDF(path, cdf_spec={"Compressed": 6}, delete=True)
    spec = {
        "Variable": name,
        "Data_Type": CDF.CDF_FLOAT,
        "Num_Elements": 1,
        "Rec_Vary": True,
        "Dim_Sizes": list(values.shape[1:]),
    }
    file.write_var(spec, var_data=values)
    file.close()
    return path


def write_cells(path: Path, masks: list[np.ndarray], name: str = "Masks") -> Path:
    """Masks as a cell array in a file of MATLAB 7.3, whose arrays are stored transposed."""
    import h5py

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        cells = file.create_dataset(name, (len(masks), 1), dtype=h5py.ref_dtype)
        for place, mask in enumerate(masks):
            stored = file.create_dataset(
                f"#refs#/{place}", data=mask.T.astype(np.uint8), compression="gzip"
            )
            cells[place, 0] = stored.ref
    mark_as_matlab(path)
    return path


def mark_as_matlab(path: Path) -> None:
    """Write the text that MATLAB 7.3 puts before the HDF5 part of its files."""
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


#: Speakers of the small VoxCeleb by id and name, with their set.
SPEAKERS = {"id10001": ("Ada", "dev"), "id10002": ("Ben", "test"), "id10003": ("Cyd", "dev")}


def make_voxceleb_tree(root: Path, *, named: bool = True, celeba: int = 20) -> Path:
    """Three speakers with two videos of three frames each; the folder `voxceleb`.

    Frames are numbered 5, 10, 100 without leading zeros. Beside it lies a CelebA of so many photos.
    """
    base = root / "voxceleb"
    for place, (number, (name, _)) in enumerate(SPEAKERS.items()):
        for video in ("first", "second"):
            folder = base / "unzippedFaces" / (name if named else number) / "1.6" / video
            for frame in (5, 10, 100):
                points = [(20, 25 + frame / 20), (40, 25 + frame / 20)]
                photo = dotted_photo((60, 60), points, seed=place)
                write_files(folder, {f"{frame}.jpg": encoded(photo, "JPEG", quality=95)})
    rows = [f"{number}\t{name}\tf\tUK\t{kind}" for number, (name, kind) in SPEAKERS.items()]
    head = "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet"
    write_files(base, {"vox1_meta.csv": "\n".join([head, *rows]) + "\n"})
    if celeba:
        make_celeba_tree(root, celeba)
    return base
