"""Captions of scenes, by a grammar with paraphrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from .backgrounds import PLAIN, colour_of
from .colours import COLOURS
from .scene import Item, Scene
from .sprites import Sprites
from .things import plural, things

_SIZES: dict[str, tuple[str, ...]] = {
    "small": ("small", "small", "little", "tiny"),
    "big": ("big", "big", "large", "huge"),
}
_NUMBERS: dict[int, tuple[str, ...]] = {
    2: ("two", "two", "2", "a couple of"),
    3: ("three", "three", "3"),
    4: ("four", "four", "4"),
}
_RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of", "on the left of"),
    "right of": ("right of", "to the right of", "on the right of"),
    "above": ("above", "over", "on top of"),
    "below": ("below", "under", "beneath"),
    "beside": ("beside", "and", "and", "and", "next to", "with", "by"),
}
_OPPOSITE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
_ENDS = {
    "left of": ("{} on the left and {} on the right", "{} left, {} right"),
    "right of": ("{} on the right and {} on the left", "{} right, {} left"),
    "above": ("{} at the top and {} at the bottom",),
    "below": ("{} at the bottom and {} at the top",),
}
_PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sky": (("in the sky", "in a blue sky with clouds", "among the clouds"), ("sky", "a cloudy sky")),
    "meadow": (("on a meadow", "on the grass", "in a green field"), ("meadow", "a green meadow", "grass")),
    "sand": (("on sand", "on the beach", "in the desert"), ("sand", "a desert", "a beach")),
    "sea": (("at sea", "in the sea", "on the water"), ("sea", "the sea", "the ocean")),
    "snow": (("on snow", "in the snow", "in winter"), ("snow", "a snowy field", "winter")),
    "night": (("at night", "in the night sky", "under the stars"), ("night", "a night sky", "a starry night")),
}
"""How a place is said after a thing, and before it."""
_OPENINGS = ("a picture of", "an image of", "a drawing of", "there is")
_HALF_SAID = 0.3
_BIG_SAID = 0.15
"""A thing by itself is big unless it is said to be small."""
_OWN_COLOUR_SAID = 0.3
_VOWELS = tuple("aeiou")
_LIKE_CONSONANTS = ("unicorn", "ufo", "one")


def grammar_words() -> Iterator[str]:
    """Every phrase that captions are made of; their words are all that captions hold."""
    for thing in things():
        yield from thing.names
        yield from map(plural, thing.names)
    yield from COLOURS
    yield from PLAIN
    for table in (_SIZES, _NUMBERS, _RELATIONS, _ENDS):
        for phrases in table.values():
            yield from phrases
    for after, before in _PLACES.values():
        yield from (*after, *before)
    yield from _OPENINGS
    yield from ("a", "an", "one", "on", "against", "with", "in front", "and", ",")
    yield from ("background", "gradient", "graded")


class Caption(NamedTuple):
    """A caption, and what it names."""

    text: str
    things: tuple[int, ...]
    """Places among all things, in the order in which they are named."""


class Captions:
    """Says what scenes show."""

    def __init__(self, sprites: Sprites) -> None:
        """`sprites` know which colours things have by themselves."""
        self._sprites = sprites

    def plain(self, scene: Scene) -> str:
        """All of it in the plainest words, always the same."""
        parts = [_with_article(self._words(item, None)) for item in scene.items]
        background = _background(scene.background, None)[0]
        if scene.kind == "count":
            core = f"{_NUMBERS[scene.count][0]} {self._words(scene.items[0], None, many=True)}"
        elif scene.kind == "two":
            core = f"{parts[0]} {_RELATIONS[scene.relation or 'beside'][0]} {parts[1]}"
        else:
            core = parts[0]
        return f"{core} {background}"

    def varied(self, scene: Scene, rng: Random) -> Caption:
        """One of many ways to say it, which may leave out the background."""
        core, things = self._core(scene, rng)
        opened = rng.random() < 0.06 and scene.kind != "count"
        if opened:
            core = f"{rng.choice(_OPENINGS)} {core}"
        if rng.random() < _HALF_SAID:
            return Caption(core, things)
        after, before = _background(scene.background, rng)
        form = rng.random()
        if form < 0.7 or opened:
            return Caption(f"{core} {after}", things)
        if form < 0.85:
            return Caption(f"{before}, {core}" + (" in front" if rng.random() < 0.3 else ""), things)
        return Caption(f"{before} with {core}", things)

    def _core(self, scene: Scene, rng: Random) -> Caption:
        if scene.kind == "count":
            item = scene.items[0]
            return Caption(f"{rng.choice(_NUMBERS[scene.count])} {self._words(item, rng, many=True)}", (item.thing,))
        parts = [_with_article(self._words(item, rng), rng) for item in scene.items]
        things = tuple(item.thing for item in scene.items)
        if scene.kind == "one":
            return Caption(parts[0], things)
        relation = scene.relation or "beside"
        if rng.random() < 0.12 and relation in _ENDS:
            return Caption(rng.choice(_ENDS[relation]).format(*parts), things)
        if relation != "beside" and rng.random() < 0.35:
            return Caption(f"{parts[1]} {rng.choice(_RELATIONS[_OPPOSITE[relation]])} {parts[0]}", things[::-1])
        return Caption(f"{parts[0]} {rng.choice(_RELATIONS[relation])} {parts[1]}", things)

    def _words(self, item: Item, rng: Random | None, many: bool = False) -> str:
        """Size, colour and name; without `rng` the first of each."""
        names = things()[item.thing].names
        name = names[0] if rng is None or rng.random() < 0.7 else rng.choice(names)
        words = [plural(name) if many else name]
        own = self._sprites.own_colour(item.thing)
        if item.colour is not None:
            words.insert(0, item.colour)
        elif rng is not None and own is not None and rng.random() < _OWN_COLOUR_SAID:
            words.insert(0, own)
        if item.size == "small" or (item.size == "big" and rng is not None and rng.random() < _BIG_SAID):
            words.insert(0, _choose(_SIZES[item.size], rng))
        return " ".join(words)


def _background(name: str, rng: Random | None) -> tuple[str, str]:
    """What is said of a background after the things, and before them."""
    if name in _PLACES:
        after, before = _PLACES[name]
        return _choose(after, rng), _choose(before, rng)
    colour = colour_of(name)
    if name.startswith("graded"):
        graded = _with_article(f"{colour} gradient")
        after = (f"on {graded}", f"on a graded {colour} background")
        return _choose(after, rng), _choose((f"{colour} gradient", graded), rng)
    article = _with_article(f"{colour} background")
    after = (f"on {article}", f"on {colour}", f"against {article}", f"on {article}")
    return _choose(after, rng), _choose((f"{colour} background", article), rng)


def _choose(options: Sequence[str], rng: Random | None) -> str:
    return options[0] if rng is None else rng.choice(options)


def _with_article(words: str, rng: Random | None = None) -> str:
    if rng is not None:
        chance = rng.random()
        if chance < 0.08:
            return f"one {words}"
        if chance < 0.14:
            return words
    vowel = words.startswith((*_VOWELS, "hourglass")) and not words.startswith(_LIKE_CONSONANTS)
    return f"{'an' if vowel else 'a'} {words}"
