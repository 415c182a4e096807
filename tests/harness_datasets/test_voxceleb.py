import shutil
from pathlib import Path

import numpy as np
import pytest
from official_trees_b import make_voxceleb_tree
from PIL import Image
from trees import dotted_photo, encoded, write_files, write_zip

from harness.errors import DataError
from harness_datasets.celeba.dataset import CelebA
from harness_datasets.celeba.options import CelebAOptions
from harness_datasets.voxceleb.dataset import VoxCeleb
from harness_datasets.voxceleb.options import VoxCelebOptions


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_voxceleb_tree(tmp_path)


def opened(root: Path, **options: object) -> VoxCeleb:
    return VoxCeleb(root, VoxCelebOptions(**options))


def speakers(dataset: VoxCeleb) -> list[str]:
    """Speakers of the split `train`, each once."""
    return list(dict.fromkeys(name.split("/")[0] for name in dataset.ids("train")))


def test_clip_is_a_video_with_its_frames_in_the_order_of_their_numbers(tree: Path) -> None:
    dataset = opened(tree)
    assert dataset.splits() == ["train", "mafl_train", "mafl_test"]
    names = dataset.ids("train")
    assert names[:6] == [f"Ada/1.6/{v}/{f}.jpg" for v in ("first", "second") for f in (5, 10, 100)]
    samples = dataset.read("train", range(18), 16)
    assert samples.clips.tolist() == sorted([*range(6)] * 3)
    assert samples.clips.dtype == np.int64
    assert samples.landmarks is None


def test_frames_lie_at_any_depth_below_the_speaker(tree: Path) -> None:
    photo = encoded(dotted_photo((30, 30)), "JPEG")
    below = "unzippedFaces/Dov"
    names = ["v/u10/1.jpg", "v/u9/3.jpg", "v/u9/02.jpg", "7.jpg", "1.6/w/1.png"]
    write_files(tree, {f"{below}/{name}": photo for name in names})
    dataset = opened(tree)
    mine = [name for name in dataset.ids("train") if name.startswith("Dov/")]
    assert mine == [
        "Dov/7.jpg",
        "Dov/v/u9/02.jpg",
        "Dov/v/u9/3.jpg",
        "Dov/v/u10/1.jpg",
        "Dov/1.6/w/1.png",
    ]
    places = [dataset.ids("train").index(name) for name in mine]
    assert dataset.read("train", places, 8).clips.tolist() == [6, 7, 7, 7, 8]


def test_whole_frame_is_squeezed(tree: Path) -> None:
    name = "unzippedFaces/Ada/1.6/first/5.jpg"
    write_files(tree, {name: encoded(dotted_photo((70, 50), [(20, 20)]), "JPEG")})
    image = opened(tree).read("train", [0], 24).images[0]
    with Image.open(tree / name) as photo:
        expected = np.asarray(photo.resize((24, 24), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(image, expected.transpose(2, 0, 1))


def test_labelled_splits_are_those_of_aligned_celeba(tree: Path) -> None:
    dataset = opened(tree)
    celeba = CelebA(tree.parent, CelebAOptions(crop="aligned"))
    assert dataset.landmark_names == celeba.landmark_names
    for split, count in (("mafl_train", 8), ("mafl_test", 4)):
        assert list(dataset.ids(split)) == list(celeba.ids(split))
        samples, expected = (one.read(split, range(count), 32) for one in (dataset, celeba))
        np.testing.assert_array_equal(samples.images, expected.images)
        np.testing.assert_array_equal(samples.landmarks, expected.landmarks)
        assert samples.attributes is None
        assert samples.clips is None


@pytest.mark.parametrize("inside", [True, False])
def test_celeba_may_lie_inside_or_beside(tree: Path, inside: bool) -> None:
    root = tree if inside else tree.parent
    if inside:
        shutil.move(tree.parent / "celeba", tree / "celeba")
    assert len(opened(root).ids("mafl_test")) == 4
    assert len(opened(tree).ids("mafl_test")) == 4


def test_frames_alone_are_read_without_celeba(tmp_path: Path) -> None:
    dataset = opened(make_voxceleb_tree(tmp_path, celeba=0))
    assert len(dataset.ids("train")) == 18
    assert dataset.source()["celeba"] is None
    with pytest.raises(
        DataError, match=r"mafl_train and mafl_test are CelebA's, .* no folder 'cel"
    ):
        dataset.ids("mafl_test")


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("excluded", ["Ben", "id10002"])
def test_speakers_are_excluded_by_name_or_id(tmp_path: Path, named: bool, excluded: str) -> None:
    tree = make_voxceleb_tree(tmp_path, named=named, celeba=0)
    write_files(tree, {"exclude_speakers.txt": f"{excluded}\n"})
    expected = ["Ada", "Cyd"] if named else ["id10001", "id10003"]
    dataset = opened(tree)
    assert speakers(dataset) == expected
    assert dataset.read("train", [6], 8).clips.tolist() == [2]


def test_exclusion_without_the_table_needs_the_folder_s_own_name(tree: Path) -> None:
    (tree / "vox1_meta.csv").unlink()
    write_files(tree, {"exclude_speakers.txt": "id10001\nBen"})
    dataset = opened(tree)
    assert speakers(dataset) == ["Ada", "Cyd"]
    row = next(row for row in dataset.check() if row[0] == "excluded speakers")
    assert row[1:] == (False, "1 of 2 excluded speakers are among them; 'id10001' is not")


def test_only_the_set_dev_is_kept_where_wanted(tree: Path) -> None:
    assert speakers(opened(tree)) == ["Ada", "Ben", "Cyd"]
    assert speakers(opened(tree, speakers="dev")) == ["Ada", "Cyd"]
    (tree / "vox1_meta.csv").unlink()
    with pytest.raises(DataError, match=r"'vox1_meta.csv' is missing"):
        opened(tree, speakers="dev")


def test_speaker_without_a_row_is_told(tree: Path) -> None:
    photo = encoded(dotted_photo((30, 30)), "JPEG")
    write_files(tree, {"unzippedFaces/Eve/1.jpg": photo})
    assert "Eve" in speakers(opened(tree))
    with pytest.raises(DataError, match=r"vox1_meta.csv: no row for the speaker 'Eve'"):
        opened(tree, speakers="dev").ids("train")


def test_table_with_commas_is_read_too(tree: Path) -> None:
    path = tree / "vox1_meta.csv"
    path.write_text("\ufeff" + path.read_text().replace("\t", ", ") + "\n")
    assert speakers(opened(tree, speakers="dev")) == ["Ada", "Cyd"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>moved</html>", "the file is an HTML page"),
        (b"", "line 1: no column 'VoxCeleb1 ID'"),
        (b"VoxCeleb1 ID\tVGGFace1 ID\tGender\n", "line 1: no column 'Set'"),
        (b"VoxCeleb1 ID\tVGGFace1 ID\tSet\nid1\tAda\tdev\nid2\tB", "line 3: 2 columns, expected 3"),
        (b"\xff\xfe\x00", "not a text file"),
    ],
)
def test_malformed_table_is_told(tree: Path, content: bytes, message: str) -> None:
    write_files(tree, {"vox1_meta.csv": content})
    with pytest.raises(DataError, match=rf"vox1_meta.csv:? {message}"):
        opened(tree)


def test_frame_step_thins_every_video(tree: Path) -> None:
    names = opened(tree, frame_step=2).ids("train")
    assert [name.split("/")[-1] for name in names] == ["5.jpg", "100.jpg"] * 6


def test_frames_may_stay_in_a_zip(tree: Path) -> None:
    loose = opened(tree).read("train", range(18), 16)
    folder = tree / "unzippedFaces"
    files = {path.relative_to(tree).as_posix(): path.read_bytes() for path in folder.rglob("*.jpg")}
    write_zip(tree / "unzippedFaces.zip", files)
    shutil.rmtree(folder)
    zipped = opened(tree).read("train", range(18), 16)
    assert zipped.ids == loose.ids
    np.testing.assert_array_equal(zipped.images, loose.images)
    np.testing.assert_array_equal(zipped.clips, loose.clips)


def test_missing_frames_are_named_with_their_home_and_the_tree(tree: Path) -> None:
    shutil.rmtree(tree / "unzippedFaces")
    with pytest.raises(DataError, match=r"'unzippedFaces/' is missing .*vgg/data/voxceleb"):
        opened(tree)
    (tree / "unzippedFaces").mkdir()
    with pytest.raises(DataError, match="has no image"):
        opened(tree)


def test_frame_outside_a_speaker_s_folder_is_told(tree: Path) -> None:
    write_files(tree, {"unzippedFaces/1.jpg": encoded(dotted_photo((30, 30)), "JPEG")})
    with pytest.raises(DataError, match=r"1.jpg: expected in a speaker's folder"):
        opened(tree).ids("train")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!doctype html><html></html>", "the file is an HTML page"),
        (b"", "the file is empty"),
        (None, "the image is broken or cut off"),
    ],
)
def test_broken_frame_is_named(tree: Path, content: bytes | None, message: str) -> None:
    path = tree / "unzippedFaces/Ada/1.6/first/5.jpg"
    path.write_bytes(path.read_bytes()[:400] if content is None else content)
    with pytest.raises(DataError, match=rf"Ada/1.6/first/5.jpg: {message}"):
        opened(tree).read("train", [0], 16)


def test_check_counts_speakers_and_mafl(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tree, {"exclude_speakers.txt": "Ben\n"})
    checked = {what: (ok, text) for what, ok, text in opened(tree).check()}
    assert checked == {
        "speakers": (False, "3 speakers, expected 1,251"),
        "excluded speakers": (True, "1 of 1 excluded speakers are among them"),
        "mafl_train": (False, "8 images, expected 19,000"),
        "mafl_test": (False, "4 images, expected 1,000"),
    }
    monkeypatch.setattr("harness_datasets.voxceleb.dataset.SPEAKERS", 3)
    assert opened(tree).check()[0][1]


def test_source_changes_with_lists_frames_and_celeba(tree: Path) -> None:
    sources = [opened(tree).source(), opened(tree, frame_step=2).source()]
    assert opened(tree).source() == sources[0]
    write_files(tree, {"exclude_speakers.txt": "Ben\n"})
    sources.append(opened(tree).source())
    (tree / "unzippedFaces/Ada/1.6/first/5.jpg").unlink()
    sources.append(opened(tree).source())
    write_files(tree.parent, {"celeba/MAFL/testing.txt": "000005.jpg"})
    sources.append(opened(tree).source())
    assert all(sources.count(source) == 1 for source in sources)


def test_unknown_split_lists_the_splits(tree: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there are train, mafl_train, mafl_test"):
        opened(tree).ids("test")
