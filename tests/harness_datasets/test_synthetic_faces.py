import numpy as np
import pytest

from harness.errors import DataError
from harness_datasets.synthetic_faces.dataset import SyntheticFaces
from harness_datasets.synthetic_faces.options import SyntheticFacesOptions


def faces(**options: object) -> SyntheticFaces:
    return SyntheticFaces(None, SyntheticFacesOptions(**{"fit": 30, "regress": 20, **options}))


def test_counts_follow_the_options() -> None:
    dataset = faces(test=7)
    assert [len(dataset.ids(split)) for split in dataset.splits()] == [30, 20, 7]
    usual = SyntheticFaces(None, SyntheticFacesOptions())
    assert [len(usual.ids(split)) for split in usual.splits()] == [20_000, 2_000, 1_000]


def test_ids_are_unique_over_all_splits() -> None:
    dataset = faces()
    names = [name for split in dataset.splits() for name in dataset.ids(split)]
    assert len(set(names)) == len(names)
    assert dataset.ids("regress")[3] == "regress-000003"


def test_every_field_is_there_in_its_form() -> None:
    dataset = faces()
    samples = dataset.read("fit", range(6), 32)
    assert samples.images.shape == (6, 3, 32, 32)
    assert samples.images.dtype == np.uint8
    assert samples.landmarks.shape == (6, len(dataset.landmark_names), 2)
    assert samples.landmarks.dtype == np.float32
    assert samples.visible.shape == (6, 5)
    assert samples.parts.shape == (6, 32, 32)
    assert samples.parts.max() <= len(dataset.part_names)
    np.testing.assert_array_equal(samples.foreground, samples.parts > 0)
    assert samples.attributes.shape == (6, len(dataset.attribute_names))
    assert set(np.unique(samples.attributes)) <= {0, 1}
    assert len(samples.captions) == 6
    assert samples.ids == dataset.ids("fit")[:6]


def test_face_does_not_depend_on_what_is_read_with_it() -> None:
    dataset = faces()
    together, alone = dataset.read("test", [4, 2, 9], 24), dataset.read("test", [2], 24)
    np.testing.assert_array_equal(together.images[1], alone.images[0])
    np.testing.assert_array_equal(together.landmarks[1], alone.landmarks[0])


def test_faces_stay_when_counts_change() -> None:
    few, many = faces(regress=5), faces(regress=50, fit=90)
    for split in few.splits():
        np.testing.assert_array_equal(
            few.read(split, [3], 16).images, many.read(split, [3], 16).images
        )


def test_no_face_is_in_two_splits() -> None:
    dataset = faces()
    images = [dataset.read(split, range(20), 16).images for split in dataset.splits()]
    assert len({image.tobytes() for image in np.concatenate(images)}) == 60


@pytest.mark.parametrize("change", [{"seed": 1}, {"difficulty": "wild"}], ids=str)
def test_seed_and_difficulty_change_faces_and_source(change: dict[str, object]) -> None:
    usual, other = faces(), faces(**change)
    assert (usual.read("fit", [0], 16).images != other.read("fit", [0], 16).images).any()
    assert usual.source() != other.source()
    assert "renderer" in usual.source()


def test_unknown_split_lists_the_splits() -> None:
    with pytest.raises(DataError, match="no split 'train', there are fit, regress, test"):
        faces().ids("train")
