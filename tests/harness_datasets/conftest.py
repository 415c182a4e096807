from collections.abc import Callable
from pathlib import Path

import pytest

from harness_datasets.image_folder.dataset import ImageFolder
from harness_datasets.image_folder.options import ImageFolderOptions


@pytest.fixture
def open_folder(tmp_path: Path) -> Callable[..., ImageFolder]:
    """The test's folder through the generic reader, with these options."""

    def opened(**options: object) -> ImageFolder:
        return ImageFolder(tmp_path, ImageFolderOptions(**options))

    return opened
