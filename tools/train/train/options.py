"""Values that options may have."""

from __future__ import annotations

import argparse
from collections.abc import Callable


class OptionError(ValueError):
    """Options don't fit each other; the message says what does."""


def whole(least: int, most: int | None = None, multiple_of: int = 1) -> Callable[[str], int]:
    """Reads an integer from `least` to `most`, a multiple of `multiple_of`."""
    end = "" if most is None else f" to {most}"
    step = "" if multiple_of == 1 else f", a multiple of {multiple_of}"

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= (int(text) if most is None else most):
            raise argparse.ArgumentTypeError(f"must be an integer from {least}{end}{step}, not {text}")
        if int(text) % multiple_of:
            raise argparse.ArgumentTypeError(f"must be a multiple of {multiple_of}, not {text}")
        return int(text)

    return read


def positive(text: str) -> float:
    """Reads a number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return value


def assert_shared(batch: int, workers: int) -> None:
    """
    Makes sure that a batch can be shared evenly: what is left over nobody would train on.

    @raises OptionError that says how many workers can
    """
    if batch % workers == 0:
        return
    fitting = [str(count) for count in range(1, batch + 1) if batch % count == 0]
    raise OptionError(
        f"A batch of {batch} can't be shared by {workers} workers: --workers {', '.join(fitting)}."
    )
