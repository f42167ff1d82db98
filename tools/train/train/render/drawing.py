"""What a class's function gives back."""

from __future__ import annotations

from dataclasses import dataclass

from .canvas import Canvas

Attributes = dict[str, str | int | bool]
"""What was drawn: colours, counts, kinds, and whether an extra is there."""


@dataclass(frozen=True)
class Drawing:
    """A canvas, what is on it by attribute, and in a sentence."""

    canvas: Canvas
    attributes: Attributes
    caption: str


def with_article(words: str) -> str:
    """The words after "a" or "an"."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
