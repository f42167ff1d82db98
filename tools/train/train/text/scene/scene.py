"""What is in a scene: chosen by seed and index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

from .backgrounds import BACKGROUNDS, SIDE, colour_of
from .sprites import SIZES, Sprites
from .things import things

STEP = 16
"""Things stand on a grid of so many pixels, that of the tokens."""
CELL = 8
"""Pixels along a side of the cells in which middles are looked for."""
RELATIONS: tuple[str, ...] = ("left of", "right of", "above", "below", "beside")
MOST = 4
"""The largest count."""
_HELD_OUT = 10
_RECOLOURED = 0.35


@dataclass(frozen=True)
class Item:
    """One thing in a scene."""

    thing: int
    """Its place among all things."""
    colour: str | None
    """The colour it was given; None for its own."""
    size: str
    """A name in `SIZES`."""
    left: int
    top: int
    """Its upper left corner in pixels."""

    @property
    def pixels(self) -> int:
        """Along its sides."""
        return SIZES[self.size]

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the cell that begins at its middle."""
        half = self.pixels // 2
        return (self.top + half) // CELL, (self.left + half) // CELL


@dataclass(frozen=True)
class Scene:
    """Everything that a picture shows."""

    kind: str
    """`one` thing, `two` different things, or a `count` of 2–4 alike."""
    items: tuple[Item, ...]
    relation: str | None
    """Of the first of two things to the second."""
    background: str

    @property
    def count(self) -> int:
        """Things in all."""
        return len(self.items)

    def to_json(self) -> dict[str, Any]:
        """With names instead of classes."""
        items = [{**asdict(item), "thing": things()[item.thing].name} for item in self.items]
        return {"kind": self.kind, "relation": self.relation, "background": self.background, "items": items}

    def combinations(self) -> list[str]:
        """The pairs of properties whose meeting is kept out of training for one in ten."""
        names = sorted({things()[item.thing].label for item in self.items})
        found = [f"{name} on {self.background}" for name in names]
        found += [f"{item.colour} {things()[item.thing].label}" for item in self.items if item.colour]
        if self.kind == "two":
            found.append(" and ".join(names))
        if self.kind == "count":
            found.append(f"{self.count} × {names[0]}")
        return found


def is_held_out(combination: str) -> bool:
    """Whether a combination is one that no training picture shows."""
    return int.from_bytes(hashlib.sha256(combination.encode()).digest()[:4], "big") % _HELD_OUT == 0


def scene_at(seed: int, index: int, sprites: Sprites, held_out: bool = False) -> Scene:
    """
    The scene at `index` of data set `seed`. Without a held-out combination, or with at least one.
    """
    for attempt in _attempts():
        scene = _propose(Random(f"text/{seed}/{index}/{attempt}"), sprites)
        if any(map(is_held_out, scene.combinations())) == held_out:
            return scene
    raise AssertionError


def _attempts() -> Iterator[int]:
    attempt = 0
    while True:
        yield attempt
        attempt += 1


def _propose(rng: Random, sprites: Sprites) -> Scene:
    background = rng.choice(BACKGROUNDS)
    kind = rng.choices(("one", "two", "count"), (0.36, 0.4, 0.24))[0]
    if kind == "one":
        size, corner = _one_place(rng)
        thing = rng.randrange(len(things()))
        return _laid([thing], [_colour(rng, sprites, thing, background)], [size], [corner], None, background)
    if kind == "two":
        pair = rng.sample(range(len(things())), 2)
        sizes, relation, corners = _two_places(rng)
        colours = [_colour(rng, sprites, thing, background) for thing in pair]
        return _laid(pair, colours, sizes, corners, relation, background)
    thing = rng.randrange(len(things()))
    colour = _colour(rng, sprites, thing, background)
    count = rng.randint(2, MOST)
    size, corners = _alike_places(rng, count)
    return _laid([thing] * count, [colour] * count, [size] * count, corners, None, background)


def scene_of(
    rng: Random, shown: list[tuple[int, str | None]], relation: str | None = None
) -> Scene:
    """
    A scene of these things, each with the colour it is given (None for its own): one, two different ones in a
    relation (None for any), or several alike. Places, sizes and background are as likely as in `scene_at`.
    """
    given = {colour for _, colour in shown}
    background = rng.choice([name for name in BACKGROUNDS if colour_of(name) not in given - {None}])
    kinds, colours = [thing for thing, _ in shown], [colour for _, colour in shown]
    if len(shown) == 1:
        size, corner = _one_place(rng)
        return _laid(kinds, colours, [size], [corner], None, background)
    if len(set(kinds)) == 2:
        sizes, relation, corners = _two_places(rng, relation)
        return _laid(kinds, colours, sizes, corners, relation, background)
    size, corners = _alike_places(rng, len(shown))
    return _laid(kinds, colours, [size] * len(shown), corners, None, background)


def _laid(
    kinds: Sequence[int],
    colours: Sequence[str | None],
    sizes: Sequence[str],
    corners: Sequence[tuple[int, int]],
    relation: str | None,
    background: str,
) -> Scene:
    kind = "one" if len(kinds) == 1 else "two" if len(set(kinds)) == 2 else "count"
    laid = zip(kinds, colours, sizes, corners)
    return Scene(kind, tuple(Item(thing, colour, size, *at) for thing, colour, size, at in laid), relation, background)


def _one_place(rng: Random) -> tuple[str, tuple[int, int]]:
    """Size and upper left corner of a thing by itself."""
    size = rng.choices(("medium", "small", "big"), (0.6, 0.2, 0.2))[0]
    spread = {"small": 2, "medium": 1, "big": 0}[size]
    middle = (SIDE - SIZES[size]) // 2
    # Middles lie half a step beside the grid: round down.
    left, top = (
        _inside(middle // STEP * STEP + STEP * rng.randint(-spread, spread + 1), SIZES[size]) for _ in "xy"
    )
    return size, (left, top)


def _two_places(
    rng: Random, relation: str | None = None
) -> tuple[tuple[str, str], str, list[tuple[int, int]]]:
    """Sizes, relation (the given one, or any) and upper left corners of two things."""
    sizes = rng.choices(
        (("middling", "middling"), ("medium", "small"), ("small", "medium"), ("small", "small")),
        (0.6, 0.15, 0.15, 0.1),
    )[0]
    relation = relation or rng.choice(RELATIONS)
    return sizes, relation, _pair_corners(rng, relation, SIZES[sizes[0]], SIZES[sizes[1]])


def _alike_places(rng: Random, count: int) -> tuple[str, list[tuple[int, int]]]:
    """Size and upper left corners of `count` things alike."""
    size = "small" if count == MOST or rng.random() < 0.35 else "middling"
    corners = rng.choice(_ARRANGEMENTS[count, size])
    across, down = (_slack(rng, [corner[axis] for corner in corners], SIZES[size]) for axis in (0, 1))
    return size, [(left + across, top + down) for left, top in corners]


_ARRANGEMENTS: dict[tuple[int, str], list[list[tuple[int, int]]]] = {
    (2, "middling"): [[(0, 48), (64, 48)], [(0, 16), (64, 64)], [(0, 64), (64, 16)], [(48, 0), (48, 64)]],
    (2, "small"): [[(16, 48), (80, 48)], [(16, 16), (80, 80)], [(16, 80), (80, 16)], [(48, 16), (48, 80)]],
    (3, "middling"): [[(32, 0), (0, 64), (64, 64)], [(0, 0), (64, 0), (32, 64)]],
    (3, "small"): [[(0, 48), (48, 48), (96, 48)], [(48, 16), (16, 64), (80, 64)], [(16, 16), (80, 16), (48, 64)]],
    (4, "small"): [
        [(16, 16), (80, 16), (16, 80), (80, 80)],
        [(32, 32), (80, 32), (32, 80), (80, 80)],
        [(48, 0), (0, 48), (96, 48), (48, 96)],
    ],
}
"""Upper left corners by count and size, each to be moved as a whole."""


def _colour(rng: Random, sprites: Sprites, thing: int, background: str) -> str | None:
    options = [name for name in sprites.colours(thing) if name != colour_of(background)]
    if rng.random() < _RECOLOURED and options:
        return rng.choice(options)
    return None


def _pair_corners(rng: Random, relation: str, first: int, second: int) -> list[tuple[int, int]]:
    """Upper left corners (left, top) of two things of so many pixels."""
    if relation == "beside":
        relation = rng.choice(("left of", "right of"))
    swapped = relation in ("right of", "below")
    sizes = (second, first) if swapped else (first, second)
    spare = (SIDE - sum(sizes)) // STEP
    before, between = rng.randint(0, spare // 2), rng.randint(0, spare // 2)
    along = (STEP * before, STEP * before + sizes[0] + STEP * between)
    # They share a base line, or a middle, give or take a step.
    base = rng.choice((80, 96, 112))
    across = [_inside(base - size + STEP * rng.choice((0, 0, 1)), size) for size in sizes]
    if relation in ("above", "below"):
        middle = rng.choice((56, 64, 72))
        across = [
            _inside((middle - size // 2 + STEP * rng.choice((0, 0, -1, 1))) // STEP * STEP, size)
            for size in sizes
        ]
        corners = [(across[0], along[0]), (across[1], along[1])]
    else:
        corners = [(along[0], across[0]), (along[1], across[1])]
    return corners[::-1] if swapped else corners


def _inside(corner: int, pixels: int) -> int:
    return min(max(corner, 0), SIDE - pixels)


def _slack(rng: Random, corners: list[int], pixels: int) -> int:
    """A move of the whole arrangement along one axis that keeps it inside, a step at most."""
    least, most = max(-STEP, -min(corners)), min(STEP, SIDE - pixels - max(corners))
    return STEP * rng.randint(least // STEP, most // STEP)
