"""A method under test: its configuration, its fits, and what its capabilities say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from harness.conformance.drawn import drawn
from harness.conformance.editing import LinearGenerator, LinearGuide
from harness.conformance.kit import skip, unforeseen
from harness.conformance.surroundings import (
    PREFIX,
    chance,
    changed,
    other_chance,
    quiet_process,
    settings,
    writes_outside,
)
from harness.conformance.watched import Killed, Killer, WatchedAsset, WatchedImages, WatchedRun
from harness.contract.arrays import Samples
from harness.contract.config import MethodConfig
from harness.contract.editing import Editor
from harness.contract.method import Method
from harness.contract.specs import MethodSpec
from harness.errors import AssetMissing
from harness.presets import preset_about, preset_files, resolve_config
from harness.registry import Entry
from harness.saved import construct
from harness.training.run import TrainingRun

#: Parts asked of a method, and the side of images where its preset names none.
PARTS, IMAGE_SIZE = 4, 32
#: Images to learn on, and images to answer.
FIT_IMAGES, TEST_IMAGES = 16, 5
#: Steps of every training loop.
STEPS = 2


@dataclass(frozen=True)
class Learned:
    """One fit.

    Attributes:
        state: what was learned, on the CPU.
        strays: every look at something undeclared.
        written: files written outside of the run's folder and the cache.
        changed: settings of the process that were changed.
        chance: the global random states before and after.
        loops: how many steps each training loop made.
        parameters: what `parameter_count` said.
    """

    state: dict[str, Tensor]
    strays: list[str]
    written: list[str]
    changed: list[str]
    chance: tuple[dict[str, Any], dict[str, Any]]
    loops: dict[str, int]
    parameters: Any


@dataclass
class MethodSubject:
    """A method under test.

    Attributes:
        entry: the method with its owner.
        folder: for its files.
        steps: of every training loop.
        problems: why a fit broke off, by its name.
    """

    entry: Entry[MethodSpec]
    folder: Path
    steps: int = STEPS
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> MethodSpec:
        """The method's spec."""
        return self.entry.spec

    @cached_property
    def preset(self) -> str:
        """`smoke`, else the one that says that it takes the fewest minutes, else `quick`."""
        files = preset_files(self.spec)
        if "smoke" in files:
            return "smoke"
        minutes = {name: preset_about(path).get("minutes", 1e9) for name, path in files.items()}
        return min(minutes, key=lambda name: (minutes[name], name != "quick"), default="quick")

    @cached_property
    def config(self) -> MethodConfig:
        """The configuration of that preset."""
        return resolve_config(
            self.entry, self.preset, suite="", settings={}, base_preset=self.preset
        )

    @cached_property
    def size(self) -> int:
        """Side of all images in pixels."""
        return self.config.image_size or IMAGE_SIZE

    @cached_property
    def sees(self) -> tuple[str, ...]:
        """What the method declares, by its spec and its settings."""
        return (*self.spec.sees, *self.config.also_sees())

    @cached_property
    def test(self) -> Samples:
        """Images to answer, which no fit has seen."""
        return drawn(TEST_IMAGES, self.size, seed=3)

    @cached_property
    def images(self) -> Tensor:
        """The same as the method gets them."""
        return torch.from_numpy(self.test.images)

    def constructed(self, strays: list[str] | None = None) -> Method:
        """A fresh object; an editor has a generator and a guide."""
        method = construct(self.entry, self.config, PARTS, self.size)
        if isinstance(method, Editor):
            generator = LinearGenerator(self.size)
            noted = [] if strays is None else strays
            generator_seen: Any = WatchedAsset(generator, "generator", self.sees, noted)
            guide_seen: Any = WatchedAsset(LinearGuide(generator), "guide", self.sees, noted)
            method.attach(generator_seen, guide_seen)
        return method

    def learn(
        self,
        name: str,
        seed: int,
        *,
        chance_seed: int = 0,
        count: int = FIT_IMAGES,
        steps: int | None = None,
    ) -> Learned:
        """One fit in a folder of its own.

        Args:
            name: of the folder.
            seed: of the run.
            chance_seed: of the global random generators, which must have no influence.
            count: images to learn on.
            steps: of every loop, in place of the usual ones.
        """
        with other_chance(chance_seed):
            watcher = Killer(set(), kills=False)
            return self._learned(name, seed, watcher, count=count, steps=steps)

    def resumed(self) -> tuple[Learned, int]:
        """A fit that is killed in the middle of every loop and goes on; and how often it was."""
        done: set[str] = set()
        kills = 0
        while True:
            try:
                with other_chance(kills + 1):
                    watcher = Killer(done, kills=True)
                    return self._learned("resumed", 0, watcher, checkpoint_seconds=0.0), kills
            except Killed:
                kills += 1

    def _learned(
        self,
        name: str,
        seed: int,
        watcher: Killer,
        *,
        count: int = FIT_IMAGES,
        steps: int | None = None,
        checkpoint_seconds: float = 1e9,
    ) -> Learned:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        strays: list[str] = []
        before, chance_before = settings(), chance()
        with writes_outside(folder, self.folder / "cache") as writes:
            method = self.constructed(strays)
            run = TrainingRun(
                folder,
                "conformance",
                seed=seed,
                device=torch.device("cpu"),
                step_limit=self.steps if steps is None else steps,
                watcher=watcher,
                checkpoint_seconds=checkpoint_seconds,
            )
            images: Any = WatchedImages(drawn(count, self.size, 1), seed, self.sees, strays)
            labelled = drawn(FIT_IMAGES, self.size, 2)
            watched: Any = WatchedRun(run, self.sees, labelled, strays)
            try:
                method.fit(images, watched)
            finally:
                run.close()
            state = method.state_dict()
        after = settings()
        return Learned(
            state={key: _copied(value) for key, value in state.items()},
            strays=list(dict.fromkeys(strays)),
            written=list(dict.fromkeys(writes.found)),
            changed=changed(before, after),
            chance=(chance_before, chance()),
            loops=watcher.loops,
            parameters=method.parameter_count(),
        )

    def fit(self, name: str) -> Learned:
        """One of three fits, made when it is first asked for.

        Args:
            name: `first`, `again` (the same seed) or `other` (another seed).
        """
        if name in self.problems:
            skip(f"The fit broke off; see the check 'learns': {self.problems[name]}")
        try:
            return self._fits[name] if name in self._fits else self._kept(name)
        except AssetMissing:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code
            self.problems[name] = unforeseen(error)
            skip(f"The fit broke off; see the check 'learns': {self.problems[name]}")

    @cached_property
    def _fits(self) -> dict[str, Learned]:
        return {}

    def _kept(self, name: str) -> Learned:
        seed, chance_seed = {"first": (0, 1), "again": (0, 2), "other": (1, 1)}[name]
        self._fits[name] = self.learn(name, seed, chance_seed=chance_seed)
        return self._fits[name]

    def loaded(self) -> Any:
        """A fresh object with the state of the first fit, ready to answer."""
        state = {name: value.clone() for name, value in self.fit("first").state.items()}
        method = self.constructed()
        method.load_state_dict(state)
        method.to(torch.device("cpu"))
        return method

    def need(self, *capabilities: str) -> None:
        """Go on where the method offers one of these capabilities."""
        if not set(capabilities) & set(self.spec.capabilities):
            skip(f"It offers {', '.join(self.spec.capabilities)}.")


def _copied(value: Any) -> Any:
    return value.detach().cpu().clone() if isinstance(value, Tensor) else value


@contextmanager
def method_subject(entry: Entry[MethodSpec], steps: int = STEPS) -> Iterator[MethodSubject]:
    """A method under test, in a temporary folder; the process is as before afterwards."""
    with TemporaryDirectory(prefix=PREFIX) as name, quiet_process(Path(name)):
        yield MethodSubject(entry, Path(name), steps)
