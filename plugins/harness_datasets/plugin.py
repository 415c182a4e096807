"""The bundled datasets."""

from __future__ import annotations

from harness.contract import DatasetSpec, hook
from harness_datasets.celeba.options import HOME, LAYOUT, LICENCE

IMAGE_FOLDER_LAYOUT = """\
any folder with photos (*.jpg, *.jpeg, *.png, also in sub-folders) or one images.zip, and optionally
  landmarks.csv    file[,split],x0,y0,x1,y1,…[,v0,v1,…] in pixels, or a COCO-keypoints *.json
  labels.csv       file,NAME,… with 0 or -1 = no, 1 = yes
  index.csv        file[,split][,mask]
  masks/NAME.png   255 foreground, 0 background, 128 left out of every count
"""


@hook
def harness_datasets() -> list[DatasetSpec]:
    """Rendered faces, anybody's photos, and CelebA."""
    return [
        DatasetSpec(
            name="synthetic_faces",
            summary="Faces rendered by code with exact landmarks, parts, attributes and captions.",
            target="harness_datasets.synthetic_faces.dataset:SyntheticFaces",
            options="harness_datasets.synthetic_faces.options:SyntheticFacesOptions",
            licence="made by code, no rights attached",
            embedded=True,
        ),
        DatasetSpec(
            name="image_folder",
            summary="Photos of any size from a folder or a zip, with optional labels.",
            target="harness_datasets.image_folder.dataset:ImageFolder",
            options="harness_datasets.image_folder.options:ImageFolderOptions",
            licence="as the photos'",
            layout=IMAGE_FOLDER_LAYOUT,
        ),
        DatasetSpec(
            name="celeba",
            summary="CelebA with its five landmarks, in the wild or aligned, with the MAFL lists.",
            target="harness_datasets.celeba.dataset:CelebA",
            options="harness_datasets.celeba.options:CelebAOptions",
            home=HOME,
            licence=LICENCE,
            layout=LAYOUT,
        ),
    ]
