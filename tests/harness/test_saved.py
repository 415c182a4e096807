from __future__ import annotations

import errno
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_plugin.data import ToyDataset
from toy_plugin.methods import ToyDisc, ToyNet
from toy_plugin.options import NoConfig, ToyConfig, ToyData
from toy_world import Toy

from harness.contract import GeneratedImages, Keypoints, Method, Samples
from harness.errors import ContractError, RecordError, RunError, ShapeError, UserError
from harness.fit_note import FitNote, read_note, write_note
from harness.saved import (
    Fitted,
    load_fitted,
    restore,
    save_weights,
)
from harness.training.images import resize_images

CPU = torch.device("cpu")


def note(**changes: Any) -> FitNote:
    given = {
        "method": "toy-package/toy_net",
        "preset": "quick",
        "config": {"steps": 4},
        "parts": 2,
        "image_size": 8,
        "suite": "toy",
        "suite_image_size": 16,
        "seed": 0,
        "owner": "o",
        "threads": 1,
        "precision": "fp32",
        "device": "cpu",
        "finished": True,
    }
    return FitNote(**{**given, **changes})


def samples(count: int = 6) -> Samples:
    return ToyDataset(None, ToyData(images=count)).read("test", range(count), 16)


def fitted(toy: Toy, name: str = "toy_net", method: Method | None = None, size: int = 16) -> Fitted:
    spec = toy.known.methods.get(name).spec
    return Fitted(method or ToyNet(ToyConfig(), 2, size), spec, 2, size, CPU)


def test_a_note_reads_back_as_it_was_written(tmp_path: Path) -> None:
    write_note(note(), tmp_path)
    assert read_note(tmp_path) == note()


def test_a_folder_without_note_has_none(tmp_path: Path) -> None:
    assert read_note(tmp_path) is None


@pytest.mark.parametrize("text", ["{", "{}", note().model_dump_json()[:-1] + ',"x":1}'])
def test_a_damaged_note_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "fit.json").write_text(text)
    with pytest.raises(RecordError, match=r"fit\.json: damaged\. .*--fresh"):
        read_note(tmp_path)


def test_weights_read_back_bit_for_bit(tmp_path: Path) -> None:
    method = ToyNet(ToyConfig(), 2, 16)
    method.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    save_weights(method, tmp_path)
    other = ToyNet(ToyConfig(), 2, 16)
    restore(other, tmp_path / "weights.safetensors")
    for name, tensor in method.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)


def test_weights_that_share_memory_can_be_saved(tmp_path: Path) -> None:
    class Tied(ToyNet):
        def state_dict(self) -> dict[str, torch.Tensor]:
            weight = self.net.weight
            return {"a": weight, "b": weight[:1], "c": weight.transpose(0, 1)}

        def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
            self.loaded = state

    method = Tied(ToyConfig(), 2, 16)
    save_weights(method, tmp_path)
    restore(method, tmp_path / "weights.safetensors")
    assert torch.equal(method.loaded["c"], method.net.weight.transpose(0, 1))


def test_others_may_read_weights(tmp_path: Path) -> None:
    save_weights(ToyNet(ToyConfig(), 2, 16), tmp_path)
    assert stat.S_IMODE((tmp_path / "weights.safetensors").stat().st_mode) == 0o644


def test_a_state_that_holds_no_tensor_is_refused(tmp_path: Path) -> None:
    class Odd(ToyNet):
        def state_dict(self) -> dict[str, Any]:
            return {"epoch": 3}

    with pytest.raises(ContractError, match="'epoch' is none"):
        save_weights(Odd(ToyConfig(), 2, 16), tmp_path)


def test_a_full_disk_while_weights_are_saved_is_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors import SafetensorError

    method = ToyNet(ToyConfig(), 2, 16)
    save_weights(method, tmp_path)
    before = (tmp_path / "weights.safetensors").read_bytes()

    def full(*_: object) -> None:
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("harness.saved.save_file", full)
    with pytest.raises(RunError, match=r"weights\.safetensors: cannot be written: .*No space"):
        save_weights(method, tmp_path)
    assert (tmp_path / "weights.safetensors").read_bytes() == before
    assert errno.ENOSPC == 28


@pytest.mark.parametrize("parts", [2, 3], ids=["damaged", "other size"])
def test_weights_that_do_not_fit_are_named(tmp_path: Path, parts: int) -> None:
    save_weights(ToyNet(ToyConfig(), 2, 16), tmp_path)
    path = tmp_path / "weights.safetensors"
    if parts == 2:
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(RecordError, match=r"weights\.safetensors: cannot be loaded"):
        restore(ToyNet(ToyConfig(), parts, 16), path)


def test_a_run_folder_gives_back_its_method(toy: Toy, tmp_path: Path) -> None:
    method = ToyNet(ToyConfig(), 2, 8)
    save_weights(method, tmp_path)
    write_note(note(), tmp_path)
    loaded = load_fitted(tmp_path, "cpu", toy.known)
    assert (loaded.parts, loaded.image_size, loaded.spec.name) == (2, 8, "toy_net")
    assert loaded.owner == "o"
    expected = fitted(toy, method=method, size=8).predict(samples().images)
    got = loaded.predict(samples().images)
    np.testing.assert_array_equal(got.keypoints, expected.keypoints)


@pytest.mark.parametrize("missing", ["note", "finish", "weights"])
def test_a_folder_of_no_finished_run_is_explained(toy: Toy, tmp_path: Path, missing: str) -> None:
    if missing != "note":
        write_note(note(finished=missing != "finish"), tmp_path)
    if missing != "weights":
        save_weights(ToyNet(ToyConfig(), 2, 8), tmp_path)
    with pytest.raises(UserError, match="holds no finished run"):
        load_fitted(tmp_path, "cpu", toy.known)


def test_predictions_do_not_depend_on_the_batches(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fitted(toy)
    whole = made.predict(samples().images)
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    parted = made.predict(samples().images)
    np.testing.assert_allclose(parted.keypoints, whole.keypoints, atol=1e-6)
    np.testing.assert_array_equal(parted.part_labels, whole.part_labels)
    assert list(parted.ids) == ["0", "1", "2", "3", "4", "5"]


def test_a_method_of_another_size_sees_resized_images(toy: Toy) -> None:
    seen: list[torch.Tensor] = []

    class Watching(ToyNet):
        def segment(self, images: torch.Tensor) -> torch.Tensor:
            seen.append(images)
            return super().segment(images)

    got = fitted(toy, method=Watching(ToyConfig(), 2, 8), size=8).predict(samples().images)
    expected = resize_images(torch.from_numpy(samples().images), 8)
    assert all(torch.equal(images, expected) for images in seen)
    assert got.part_labels is not None
    assert got.part_labels.shape == (6, 16, 16)
    assert got.part_labels.dtype == np.uint8


def test_a_method_without_detector_gets_the_centres_of_its_parts(toy: Toy) -> None:
    class Corner(ToyNet):
        def segment(self, images: torch.Tensor) -> torch.Tensor:
            masks = torch.zeros(len(images), 2, 16, 16)
            masks[:, 1, 4:8, 0:2] = 1
            masks[:, 0] = 1 - masks[:, 1]
            return masks

    got = fitted(toy, "toy_parts", Corner(ToyConfig(), 2, 16)).predict(samples(1).images)
    assert got.keypoints is not None
    np.testing.assert_allclose(got.keypoints[0, 0], [1 / 16, 6 / 16], atol=1e-4)
    assert got.part_labels is not None
    assert got.part_labels[0].sum() == 8


def test_named_landmarks_are_kept_apart_from_keypoints(toy: Toy) -> None:
    from toy_plugin.methods import ToyNamed

    got = fitted(toy, "toy_named", ToyNamed(ToyConfig(), 2, 16)).predict(samples().images)
    assert got.keypoints is None
    np.testing.assert_array_equal(got.landmarks, np.full((6, 2, 2), 0.25, np.float32))


def test_an_oracle_gets_the_truth_of_its_images(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    from toy_plugin.methods import ToyOracle

    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    made = fitted(toy, "toy_oracle", ToyOracle(ToyConfig(), 2, 16))
    got = made.predict(samples().images, truth=samples())
    np.testing.assert_array_equal(got.keypoints, samples().landmarks)
    assert made.predict(samples().images).keypoints is None


def test_no_images_give_no_predictions(toy: Toy) -> None:
    got = fitted(toy).predict(samples().images[:0])
    assert (list(got.ids), got.keypoints) == ([], None)


def test_confidence_is_kept(toy: Toy) -> None:
    class Sure(ToyNet):
        def detect(self, images: torch.Tensor) -> Keypoints:
            return replace(super().detect(images), confidence=torch.ones(len(images), 2))

    got = fitted(toy, method=Sure(ToyConfig(), 2, 16)).predict(samples().images)
    np.testing.assert_array_equal(got.confidence, np.ones((6, 2), np.float32))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((6, 1, 16, 16), "P from 1 to 2"),
        ((6, 4, 16, 16), "P from 1 to 2"),
        ((6, 16, 16), r"segment\(\) gave \[6, 16, 16\]"),
        ((5, 3, 16, 16), "for 6 images"),
    ],
    ids=["background only", "too many parts", "dimensions", "images"],
)
def test_masks_of_another_form_are_refused(toy: Toy, shape: tuple[int, ...], words: str) -> None:
    class Wrong(ToyNet):
        def segment(self, images: torch.Tensor) -> torch.Tensor:
            return torch.ones(shape)

    with pytest.raises(ContractError, match=words):
        fitted(toy, method=Wrong(ToyConfig(), 2, 16)).predict(samples().images)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((6, 2), r"detect\(\) gave points \[6, 2\] for 6 images"),
        ((6, 2, 3), r"expected \[N, K, 2\]"),
        ((5, 2, 2), "for 6 images"),
    ],
    ids=["dimensions", "coordinates", "images"],
)
def test_points_of_another_form_are_refused(toy: Toy, shape: tuple[int, ...], words: str) -> None:
    class Wrong(ToyNet):
        def detect(self, images: torch.Tensor) -> Keypoints:
            return Keypoints(torch.zeros(shape))

    with pytest.raises(ContractError, match=words):
        fitted(toy, method=Wrong(ToyConfig(), 2, 16)).predict(samples().images)


def disc(toy: Toy, method: Method | None = None) -> Fitted:
    return fitted(toy, "toy_disc", method or ToyDisc(NoConfig(), 2, 8), 8)


def test_reconstructions_do_not_depend_on_the_batches(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, given = disc(toy), samples()
    points = np.linspace(0, 1, 24).reshape(6, 2, 2)
    looks = given.images[::-1]
    whole = made.reconstruct(given.images, points, looks)
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    np.testing.assert_array_equal(made.reconstruct(given.images, points, looks), whole)
    assert (whole.dtype, whole.shape) == (np.uint8, (6, 3, 8, 8))


def test_reconstruct_gives_the_method_images_of_its_size_and_float_points(toy: Toy) -> None:
    seen: dict[str, torch.Tensor | None] = {}

    class Watching(ToyDisc):
        def reconstruct(
            self,
            images: torch.Tensor,
            keypoints: torch.Tensor | None = None,
            appearance: torch.Tensor | None = None,
        ) -> torch.Tensor:
            seen.update(images=images, keypoints=keypoints, appearance=appearance)
            return super().reconstruct(images, keypoints, appearance)

    given, points = samples(2).images, np.full((2, 2, 2), 0.5)
    made = disc(toy, Watching(NoConfig(), 2, 8))
    made.reconstruct(given)
    assert (seen["keypoints"], seen["appearance"]) == (None, None)
    made.reconstruct(given, points, given[::-1])
    small = resize_images(torch.from_numpy(given), 8)
    torch.testing.assert_close(seen["images"], small)
    torch.testing.assert_close(seen["appearance"], small.flip(0))
    torch.testing.assert_close(seen["keypoints"], torch.full((2, 2, 2), 0.5))


def test_no_images_are_reconstructed_to_none(toy: Toy) -> None:
    assert disc(toy).reconstruct(samples().images[:0]).shape == (0, 3, 8, 8)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"keypoints": np.zeros((5, 2, 2))}, r"\[5, 2, 2\], expected \[6, K, 2\]"),
        ({"keypoints": np.zeros((6, 2, 3))}, r"\[6, 2, 3\], expected \[6, K, 2\]"),
        ({"keypoints": np.zeros((6, 2))}, r"\[6, 2\], expected \[6, K, 2\]"),
        ({"appearance": samples(1).images}, "1 images give their look to 6 images"),
    ],
    ids=["images", "coordinates", "dimensions", "looks"],
)
def test_arrays_that_do_not_belong_together_are_refused(
    toy: Toy, given: dict[str, Any], words: str
) -> None:
    with pytest.raises(ShapeError, match=words):
        disc(toy).reconstruct(samples().images, **given)


@pytest.mark.parametrize("capability", ["reconstruct", "sample"])
@pytest.mark.parametrize(
    ("result", "words"),
    [
        (torch.zeros(6, 3, 8, 8), r"gave float32 \[6, 3, 8, 8\], expected uint8 \[6, 3, 8, 8\]"),
        (torch.zeros(6, 3, 9, 8, dtype=torch.uint8), r"gave uint8 \[6, 3, 9, 8\], expected"),
        (torch.zeros(5, 3, 8, 8, dtype=torch.uint8), r"gave uint8 \[5, 3, 8, 8\], expected"),
    ],
    ids=["type", "size", "images"],
)
def test_drawn_images_of_another_form_are_refused(
    toy: Toy, capability: str, result: torch.Tensor, words: str
) -> None:
    class Wrong(ToyDisc):
        def reconstruct(self, *_: Any, **__: Any) -> torch.Tensor:
            return result

        def sample(self, *_: Any) -> GeneratedImages:
            return GeneratedImages(result, {})

    made = disc(toy, Wrong(NoConfig(), 2, 8))
    with pytest.raises(ContractError, match=rf"toy_disc: {capability}\(\) {words}"):
        made.reconstruct(samples().images) if capability == "reconstruct" else made.sample(6, 0)


def test_new_images_depend_on_seed_and_count_and_come_with_their_latents(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.saved.PREDICT_BATCH", 4)
    made = disc(toy)
    got, again, other = made.sample(6, 1), made.sample(6, 1), made.sample(6, 2)
    assert torch.equal(got.images, again.images)
    assert not torch.equal(got.images, other.images)
    assert got.images.shape == (6, 3, 8, 8)
    assert got.keypoints is not None
    assert got.keypoints.shape == (6, 2, 2)
    assert got.masks is None
    brightest = got.images.flatten(2).amax(2)
    assert torch.equal(brightest, got.latents["colours"].to(torch.uint8))


def test_latents_of_another_number_are_refused(toy: Toy) -> None:
    class Wrong(ToyDisc):
        def sample(self, count: int, generator: torch.Generator) -> GeneratedImages:
            return replace(super().sample(count, generator), latents={"noise": torch.zeros(2, 7)})

    with pytest.raises(ContractError, match=r"sample\(\) gave noise \[2, 7\] for 3 images"):
        disc(toy, Wrong(NoConfig(), 2, 8)).sample(3, 0)


def test_at_least_one_image_must_be_asked_for(toy: Toy) -> None:
    with pytest.raises(UserError, match="At least one image must be asked for, got 0"):
        disc(toy).sample(0, 0)


def test_a_method_without_a_capability_says_what_it_offers(toy: Toy) -> None:
    made = fitted(toy)
    with pytest.raises(UserError, match=r"^toy_net cannot sample images; it offers detect, segm"):
        made.sample(3, 0)
    with pytest.raises(UserError, match=r"^toy_net cannot reconstruct images; it offers"):
        made.reconstruct(samples().images)
