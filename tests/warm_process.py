"""A process that has imported the harness and runs its command in forked children.

An import of torch costs seconds; a fork of a process that has it costs milliseconds, so that a test
can kill a command as often as it likes. The process has one thread, as forking asks for.

It is started as a script and reads one request a line: a working folder, the arguments of the
command, and a fate, which says how the child ends before its time. It answers with one line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: Where a child writes how much it did, and what the command prints.
COUNTS, PRINTED = "counts.json", "printed.txt"
#: Exit status of a child that was to be killed and was not.
UNTOUCHED = 0


@dataclass(frozen=True)
class Fate:
    """How a command is ended before its time; nothing ends it by default.

    Attributes:
        step: killed at the beginning of so many training steps, counted from 1.
        operation: killed before so many changes of the file system, counted from 1.
        size: killed by the kernel in the middle of the first write beyond so many bytes of a file.
        cpu_seconds: killed by the kernel when it has computed for so long.
        full: from so many changes of the file system on, the disk is full.
        signals: signals sent at the beginning of a training step, as (step, number).
    """

    step: int = 0
    operation: int = 0
    size: int = -1
    cpu_seconds: float = 0.0
    full: int = 0
    signals: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        code: its exit code, or minus the number of the signal that killed it.
        text: what it printed.
        steps: training steps it began.
        operations: changes of the file system it made.
        cpu_seconds: how long it computed.
    """

    code: int
    text: str
    steps: int = 0
    operations: int = 0
    cpu_seconds: float = 0.0


@dataclass
class Warm:
    """The process, seen from a test.

    Args:
        environment: its environment variables.
    """

    environment: dict[str, str]
    _process: Any = field(init=False)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, folder: Path, *arguments: str, fate: Fate | None = None) -> Ended:
        """Run the command in a working folder to its end."""
        return self.wait(self.start(folder, *arguments, fate=fate), folder)

    def start(self, folder: Path, *arguments: str, fate: Fate | None = None, name: str = "") -> int:
        """Start the command and do not wait for it; the number of its process.

        Args:
            folder: its working folder.
            arguments: of the command.
            fate: how it ends before its time.
            name: tells its notes from those of another one in the same folder.
        """
        request = {"folder": str(folder), "arguments": arguments, "name": name}
        return int(self._ask({**request, "fate": asdict(fate or Fate())})["pid"])

    def wait(self, pid: int, folder: Path, name: str = "") -> Ended:
        """Wait for a started command."""
        code = os.waitstatus_to_exitcode(self._ask({"wait": pid})["status"])
        counts = folder / f"{name}{COUNTS}"
        done = json.loads(counts.read_text()) if counts.exists() and code >= 0 else {}
        return Ended(code, (folder / f"{name}{PRINTED}").read_text(), **done)

    def close(self) -> None:
        """End the process."""
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def serve() -> None:
    """Answer requests until there are no more; children are forked from here."""
    _import_everything()
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            answer = {"status": status}
        else:
            pid = os.fork()
            if not pid:
                _child(request)
            answer = {"pid": pid}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)  # taking all these modules down takes longer than a test


def _import_everything() -> None:
    import importlib
    import pkgutil

    import matplotlib.figure  # noqa: F401
    import sklearn.decomposition
    import sklearn.linear_model
    import sklearn.svm  # noqa: F401

    import harness
    from harness.registry import registry

    skipped = ("harness.__main__", "harness.edit", "harness.training.devices")
    for module in pkgutil.walk_packages(harness.__path__, "harness."):
        if not module.name.startswith(skipped):
            importlib.import_module(module.name)
    for method in registry().methods:
        method.load(method.spec.target)
    registry.cache_clear()


def _child(request: dict[str, Any]) -> None:
    """Run the command and leave; never returns."""
    import signal

    name = request["name"]
    os.chdir(request["folder"])
    os.environ.update(
        HARNESS_CACHE=str(Path("cache").resolve()), HARNESS_DATA=str(Path("data").resolve())
    )
    printed = os.open(f"{name}{PRINTED}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(printed, stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 99
    try:
        counter = _Counter(**request["fate"])
        from harness.cli.main import main

        sys.argv = ["harness", *request["arguments"]]
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        counter.write(name)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class _Counter:
    """Counts training steps and changes of the file system, and brings about a fate."""

    def __init__(self, **fate: Any) -> None:
        import resource
        import signal

        from harness.training.run import TrainingRun

        self.fate = Fate(**fate)
        self.here = os.getcwd()
        self.steps, self.operations = 0, 0
        self.counting = True
        if self.fate.size >= 0:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.fate.size, resource.RLIM_INFINITY))
        if self.fate.cpu_seconds:
            signal.setitimer(signal.ITIMER_PROF, self.fate.cpu_seconds)
        original, counter = TrainingRun.steps, self

        def counted(run: Any, *given: Any, **named: Any) -> Any:
            for step in original(run, *given, **named):
                counter.begin_step()
                yield step

        TrainingRun.steps = counted  # type: ignore[method-assign]
        self._count_syncs()
        sys.addaudithook(self._heard)

    def begin_step(self) -> None:
        import signal

        self.steps += 1
        if self.steps == self.fate.step:
            os.kill(os.getpid(), signal.SIGKILL)
        for step, number in self.fate.signals:
            if step == self.steps:
                os.kill(os.getpid(), number)

    def write(self, name: str) -> None:
        import time

        self.counting = False
        done = {"steps": self.steps, "operations": self.operations}
        used = time.process_time()
        Path(f"{name}{COUNTS}").write_text(json.dumps({**done, "cpu_seconds": used}))

    def _count_syncs(self) -> None:
        sync = os.fsync

        def counted(handle: int) -> None:
            self._operation(fills=True)
            sync(handle)

        os.fsync = counted

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        """Python's own news of what is done to files."""
        changes = event in ("os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir")
        writes = (
            event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if not (changes or writes) or not self.counting:
            return
        if isinstance(given[0], str | bytes | os.PathLike):
            path = os.path.abspath(os.fsdecode(given[0]))
            if path.startswith(self.here + os.sep):
                self._operation(fills=bool(writes) or event == "os.mkdir")

    def _operation(self, *, fills: bool) -> None:
        import errno
        import signal

        if not self.counting:
            return
        self.operations += 1
        if self.operations == self.fate.operation:
            os.kill(os.getpid(), signal.SIGKILL)
        if fills and 0 < self.fate.full <= self.operations:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


if __name__ == "__main__":
    serve()
