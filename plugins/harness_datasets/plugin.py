"""The bundled datasets."""

from __future__ import annotations

from types import ModuleType

from harness.contract import DatasetSpec, hook
from harness_datasets.aflw import options as aflw
from harness_datasets.awa import options as awa
from harness_datasets.bbc_pose import options as bbc_pose
from harness_datasets.cat_head import options as cat_head
from harness_datasets.celeba import options as celeba
from harness_datasets.celeba_hq import options as celeba_hq
from harness_datasets.cub import options as cub
from harness_datasets.ffhq import options as ffhq
from harness_datasets.flowers_102 import options as flowers_102
from harness_datasets.human36m import options as human36m
from harness_datasets.lsun_bedroom import options as lsun_bedroom
from harness_datasets.mnist import options as mnist
from harness_datasets.pascal3d_car import options as pascal3d_car
from harness_datasets.smallnorb import options as smallnorb
from harness_datasets.svhn import options as svhn
from harness_datasets.taichi import options as taichi
from harness_datasets.voxceleb import options as voxceleb
from harness_datasets.zappos_shoes import options as zappos_shoes

IMAGE_FOLDER_LAYOUT = """\
any folder with photos (*.jpg, *.jpeg, *.png, also in sub-folders) or one images.zip, and optionally
  landmarks.csv    file[,split],x0,y0,x1,y1,…[,v0,v1,…] in pixels, or a COCO-keypoints *.json
  labels.csv       file,NAME,… with 0 or -1 = no, 1 = yes
  index.csv        file[,split][,mask]
  masks/NAME.png   255 foreground, 0 background, 128 left out of every count
"""


@hook
def harness_datasets() -> list[DatasetSpec]:
    """Rendered faces, anybody's photos, and the official data sets of the papers."""
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
        _official(
            "CelebA",
            "CelebA with its five landmarks, in the wild or aligned, with the MAFL lists.",
            celeba,
        ),
        _official("AFLW", "AFLW's cropped faces with five landmarks.", aflw),
        _official("CatHead", "Cat heads with seven landmarks.", cat_head),
        _official("Pascal3DCar", "Profile views of cars with six landmarks.", pascal3d_car),
        _official("ZapposShoes", "Catalogue photos of shoes, without labels.", zappos_shoes),
        _official("MNIST", "Handwritten digits, all or one of the ten.", mnist),
        _official("BbcPose", "Sign-language signers on video with seven joints.", bbc_pose),
        _official("Human36m", "People in motion with 32 joints, from four sides.", human36m),
        _official("VoxCeleb", "Speaking faces on video, with MAFL for the labels.", voxceleb),
        _official("SmallNORB", "Toys from 162 viewpoints, as clips.", smallnorb),
        _official("CUB", "Birds with fifteen landmarks and masks.", cub),
        _official("Taichi", "Tai Chi on video with eighteen joints and masks.", taichi),
        _official("AwA", "Animals of five kinds, without labels.", awa),
        _official("SVHN", "Digits of house numbers, all or one of the ten.", svhn),
        _official(
            "CelebAHQ", "Aligned faces in high resolution, with CelebA's attributes.", celeba_hq
        ),
        _official("FFHQ", "Aligned faces of FFHQ, without labels.", ffhq),
        _official("Flowers102", "Flowers of 102 kinds with masks or captions.", flowers_102),
        _official("LsunBedroom", "Bedrooms from LSUN, without labels.", lsun_bedroom),
    ]


def _official(class_name: str, summary: str, options: ModuleType) -> DatasetSpec:
    """The spec of a data set whose package is laid out like CelebA's."""
    package = options.__name__.rpartition(".")[0]
    return DatasetSpec(
        name=package.rpartition(".")[2],
        summary=summary,
        target=f"{package}.dataset:{class_name}",
        options=f"{package}.options:{class_name}Options",
        home=options.HOME,
        licence=options.LICENCE,
        layout=options.LAYOUT,
    )
