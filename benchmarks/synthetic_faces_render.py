"""Images per second of `render_faces`, against the same maths painted over whole images.

Both draw the same faces in the same run, and their bytes are compared. Run it alone:
other load on the cores changes the figures.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np

from harness_datasets.synthetic_faces.renderer import Faces, render_faces, render_split

SIZES = (32, 64, 128)
SEED, DIFFICULTY = 0, "mid"


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2048, help="faces at 64 px (default 2048)")
    parser.add_argument("--repeats", type=int, default=3, help="the best of so many (default 3)")
    options = parser.parse_args()
    print(
        f"{'px':>4} {'1 thread':>10} {'2 threads':>10} {'whole images':>13} {'gain':>6}  same bytes"
    )
    for size in SIZES:
        print(row(size, options.count * 64 // max(size, 64), options.repeats))


def row(size: int, count: int, repeats: int) -> str:
    """The line of one image size, images per second."""
    few = max(16, count // 4)
    common = {"seed": SEED, "size": size, "difficulty": DIFFICULTY}

    def whole() -> Faces:
        return render_faces(range(few), windowed=False, **common)

    one = count / seconds(lambda: render_faces(range(count), **common), repeats)
    two = count / seconds(lambda: render_split(count, workers=2, **common), repeats)
    slow = few / seconds(whole, repeats)
    same = np.array_equal(whole().images, render_faces(range(few), **common).images)
    return f"{size:>4} {one:>10.0f} {two:>10.0f} {slow:>13.0f} {one / slow:>5.1f}x  {same}"


def seconds(work: Callable[[], Faces], repeats: int) -> float:
    """Shortest wall time of `work`."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
