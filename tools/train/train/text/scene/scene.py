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

CELL = 8
"""Pixels along a side of the cells in which middles are looked for."""
RELATIONS: tuple[str, ...] = ("left of", "right of", "above", "below", "beside")
MOST = 4
"""The largest count."""
_HELD_OUT = 10
_RECOLOURED = 0.5
_SMALL = 0.15
_RELATION_WEIGHTS = (2, 1, 1, 1, 3)
"""Of "beside" most: it is what "and" means, and two things are mostly named so."""


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
        return _laid([thing], [_colour(rng, sprites, thing, background)], size, [corner], None, background)
    if kind == "two":
        pair = rng.sample(range(len(things())), 2)
        relation = rng.choices(RELATIONS, _RELATION_WEIGHTS)[0]
        colours = [_colour(rng, sprites, thing, background) for thing in pair]
        return _laid(pair, colours, "middling", _PAIRS[relation], relation, background)
    thing = rng.randrange(len(things()))
    colour = _colour(rng, sprites, thing, background)
    count = rng.randint(2, MOST)
    return _laid([thing] * count, [colour] * count, "middling", _ARRANGEMENTS[count], None, background)


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
        return _laid(kinds, colours, size, [corner], None, background)
    if len(set(kinds)) == 2:
        relation = relation or rng.choices(RELATIONS, _RELATION_WEIGHTS)[0]
        return _laid(kinds, colours, "middling", _PAIRS[relation], relation, background)
    return _laid(kinds, colours, "middling", _ARRANGEMENTS[len(shown)], None, background)


def _laid(
    kinds: Sequence[int],
    colours: Sequence[str | None],
    size: str,
    corners: Sequence[tuple[int, int]],
    relation: str | None,
    background: str,
) -> Scene:
    kind = "one" if len(kinds) == 1 else "two" if len(set(kinds)) == 2 else "count"
    items = (Item(thing, colour, size, *at) for thing, colour, at in zip(kinds, colours, corners))
    return Scene(kind, tuple(items), relation, background)


def _one_place(rng: Random) -> tuple[str, tuple[int, int]]:
    """Size and upper left corner of a thing by itself: in the middle."""
    size = "small" if rng.random() < _SMALL else "big"
    corner = (SIDE - SIZES[size]) // 2
    return size, (corner, corner)


_LEFT, _RIGHT, _ABOVE, _BELOW = (0, 32), (64, 32), (32, 0), (32, 64)
_PAIRS: dict[str, list[tuple[int, int]]] = {
    "left of": [_LEFT, _RIGHT],
    "right of": [_RIGHT, _LEFT],
    "above": [_ABOVE, _BELOW],
    "below": [_BELOW, _ABOVE],
    "beside": [_LEFT, _RIGHT],
}
_ARRANGEMENTS: dict[int, list[tuple[int, int]]] = {
    2: [_LEFT, _RIGHT],
    3: [_ABOVE, (0, 64), (64, 64)],
    4: [(0, 0), (64, 0), (0, 64), (64, 64)],
}
"""Upper left corners by count."""


def corners_of(size: str, named: int) -> list[tuple[int, int]]:
    """Every upper left corner at which things of a size stand that captions name first (0) or second (1)."""
    if size != "middling":
        corner = (SIDE - SIZES[size]) // 2
        return [(corner, corner)] if named == 0 else []
    groups = [*_PAIRS.values(), *(_ARRANGEMENTS.values() if named == 0 else ())]
    return list(dict.fromkeys(corner for corners in groups for corner in corners))


def _colour(rng: Random, sprites: Sprites, thing: int, background: str) -> str | None:
    options = [name for name in sprites.colours(thing) if name != colour_of(background)]
    if rng.random() < _RECOLOURED and options:
        return rng.choice(options)
    return None
