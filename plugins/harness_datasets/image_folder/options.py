"""Options of `image_folder`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from harness.contract import Options


class ImageFolderOptions(Options):
    """Which files and columns hold what; empty names mean the usual ones, where they exist."""

    archive: str = Field(
        default="",
        description="Zip with the photos; empty means loose photos, else images.zip, else the "
        "folder's only zip.",
    )
    index: str = Field(
        default="",
        description="CSV with the file column and any of the split and mask columns; empty means "
        "index.csv where it exists.",
    )
    landmarks: str = Field(
        default="",
        description="CSV (file,x0,y0,x1,y1,… with optional v0,v1,…) or COCO-keypoints JSON; empty "
        "means landmarks.csv, else the folder's only COCO JSON. Pixels of the upright photo, "
        "which spans [0, width].",
    )
    labels: str = Field(
        default="",
        description="CSV of attributes, 0 or -1 = no, 1 = yes, empty = unknown; empty means "
        "labels.csv where it exists.",
    )
    masks: str = Field(
        default="masks",
        description="Folder of PNG masks named like the photos (255 foreground, 0 background, "
        "128 left out of every count), beside the photos or in the zip.",
    )
    file_column: str = Field(default="file", description="CSV column with the photo's path.")
    split_column: str = Field(
        default="",
        description="CSV column with the split; empty means 'split' where a CSV has it, else the "
        "fifth of the photos whose names have the smallest sha256 is 'test', the others 'train'.",
    )
    mask_column: str = Field(
        default="mask", description="Column of the index with the mask's path; empty = no mask."
    )
    ignore_columns: tuple[str, ...] = Field(
        default=(), description="Columns of the attribute CSV that are no attributes."
    )
    split_map: dict[str, str] = Field(
        default_factory=dict, description="Other names for values of the split column."
    )
    unassigned: str = Field(
        default="train",
        description="Split of the photos that the split column leaves empty or does not list.",
    )
    pixel_size: tuple[int, int] | None = Field(
        default=None,
        description="(width, height) of the images that the landmark pixels refer to; empty means "
        "each photo's own size.",
    )
    landmark_names: tuple[str, ...] = Field(
        default=(), description="Names of the landmarks; empty means the file's own, or numbers."
    )
    resize: Literal["letterbox", "squeeze"] = Field(
        default="letterbox",
        description="'letterbox' keeps the shape and pads the short side by repeating the edge "
        "(left out of every mask count); 'squeeze' stretches to the square. Both with Lanczos' "
        "filter, antialiased.",
    )
    outside_tolerance: float = Field(
        default=0.02,
        ge=0,
        description="How far a landmark may lie outside its photo, as a fraction of the photo's "
        "width or height.",
    )
    skip_broken: bool = Field(
        default=False,
        description="Leave out photos that cannot be decoded (each is decoded once to find out) "
        "instead of refusing the set.",
    )
