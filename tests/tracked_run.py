"""Running a toy cell that is tracked, also one that is interrupted."""

from __future__ import annotations

from toy_world import Toy

from harness.runner import Outcome, Runner
from harness.watching import CellWatcher


class StopAt(CellWatcher):
    """Ends the run, as Ctrl-C does, when so many steps are done and logged but not saved."""

    def __init__(self, step: int) -> None:
        self.step = step

    def loop_advanced(self, loop: str, step: int) -> None:
        if step == self.step:
            raise KeyboardInterrupt


class Tracked:
    """Runs one cell of the toy suite; `stop_at` interrupts it at a step that is not saved yet."""

    def __init__(self, toy: Toy) -> None:
        self.toy = toy

    def __call__(
        self,
        *track: str,
        stop_at: int = 0,
        method: str = "toy_net",
        settings: tuple[str, ...] = (),
        fresh: bool = False,
    ) -> Outcome:
        known = self.toy.known
        plugins = set(known.manager.get_plugins())
        options = self.toy.options(track=track, checkpoint_seconds=0, fresh=fresh)
        watcher = StopAt(stop_at) if stop_at else CellWatcher()
        try:
            return Runner(options, known, watcher).run(self.toy.cell(method, settings=settings))
        finally:
            assert set(known.manager.get_plugins()) == plugins
