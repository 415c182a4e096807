"""What processes that others start have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable
from multiprocessing import parent_process


def when_parent_ends(act: Callable[[], object]) -> None:
    """Do something, in a thread, once the process that started this one has ended in any way."""

    def wait() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            act()

    threading.Thread(target=wait, daemon=True).start()
