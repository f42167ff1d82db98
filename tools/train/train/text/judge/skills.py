"""The six skills of GenEval (arXiv 2310.11513): prompts, and whether what is found meets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from ..scene.colours import COLOURS
from ..scene.scene import is_held_out
from ..scene.sprites import Sprites
from ..scene.things import plural, things
from .detect import Found

SKILLS: tuple[str, ...] = (
    "single object",
    "two objects",
    "counting",
    "colours",
    "position",
    "colour attribution",
)
_NUMBERS = {2: "two", 3: "three", 4: "four"}
_RELATIONS = ("left of", "right of", "above", "below")


@dataclass(frozen=True)
class Wanted:
    """A thing that a prompt asks for."""

    thing: int
    colour: str | None = None
    """None for any."""


@dataclass(frozen=True)
class Prompt:
    """What is asked for, in words and so that it can be checked."""

    skill: str
    text: str
    wanted: tuple[Wanted, ...]
    count: int | None = None
    """How many of the only wanted thing there have to be, if it matters."""
    relation: str | None = None
    """Of the first wanted thing to the second."""
    held_out: bool = False
    """Whether training never showed this combination."""


def prompts(skill: str, count: int, seed: int, sprites: Sprites) -> list[Prompt]:
    """
    `count` prompts of a skill, always the same for a seed. Where a skill joins properties, every other prompt
    joins such as no training picture did.
    """
    rng = Random(f"prompts/{seed}/{skill}")
    found: list[Prompt] = []
    while len(found) < count:
        prompt = _MAKERS[skill](rng, sprites)
        if skill == "single object" or prompt.held_out == bool(len(found) % 2):
            found.append(prompt)
    return found


def meets(prompt: Prompt, found: list[Found], sprites: Sprites) -> bool:
    """Whether a picture in which `found` is seen shows what the prompt asks for."""

    def matches(wanted: Wanted) -> list[Found]:
        return [
            each
            for each in found
            if each.thing == wanted.thing
            and wanted.colour in (None, each.colour or sprites.own_colour(each.thing))
        ]

    groups = [matches(wanted) for wanted in prompt.wanted]
    if not all(groups):
        return False
    if prompt.count is not None:
        return len(groups[0]) == prompt.count
    if prompt.relation is not None:
        return any(_stands(first, prompt.relation, second) for first in groups[0] for second in groups[1])
    return True


def _stands(first: Found, relation: str, second: Found) -> bool:
    down, across = second.row - first.row, second.column - first.column
    return {
        "left of": across > abs(down),
        "right of": -across > abs(down),
        "above": down > abs(across),
        "below": -down > abs(across),
    }[relation]


def _article(words: str) -> str:
    an = words[0] in "aeio" or words.startswith(("hourglass", "umbrella"))
    return f"{'an' if an else 'a'} {words}"


def _name(thing: int) -> str:
    return things()[thing].name


def _pair_is_held_out(first: int, second: int) -> bool:
    return is_held_out(" and ".join(sorted((things()[first].label, things()[second].label))))


def _colour_is_held_out(thing: int, colour: str) -> bool:
    return is_held_out(f"{colour} {things()[thing].label}")


def _single(rng: Random, sprites: Sprites) -> Prompt:
    thing = rng.randrange(len(things()))
    return Prompt(SKILLS[0], _article(_name(thing)), (Wanted(thing),))


def _two(rng: Random, sprites: Sprites) -> Prompt:
    pair = rng.sample(range(len(things())), 2)
    text = " and ".join(_article(_name(thing)) for thing in pair)
    return Prompt(SKILLS[1], text, tuple(map(Wanted, pair)), held_out=_pair_is_held_out(*pair))


def _counting(rng: Random, sprites: Sprites) -> Prompt:
    thing, count = rng.randrange(len(things())), rng.randint(2, 4)
    held_out = is_held_out(f"{count} × {things()[thing].label}")
    text = f"{_NUMBERS[count]} {plural(_name(thing))}"
    return Prompt(SKILLS[2], text, (Wanted(thing),), count=count, held_out=held_out)


def _coloured(rng: Random, sprites: Sprites) -> tuple[int, str]:
    while True:
        thing, colour = rng.randrange(len(things())), rng.choice(tuple(COLOURS))
        if colour in sprites.colours(thing):
            return thing, colour


def _colours(rng: Random, sprites: Sprites) -> Prompt:
    thing, colour = _coloured(rng, sprites)
    text = _article(f"{colour} {_name(thing)}")
    return Prompt(SKILLS[3], text, (Wanted(thing, colour),), held_out=_colour_is_held_out(thing, colour))


def _position(rng: Random, sprites: Sprites) -> Prompt:
    first, second = rng.sample(range(len(things())), 2)
    relation = rng.choice(_RELATIONS)
    text = f"{_article(_name(first))} {relation} {_article(_name(second))}"
    wanted = (Wanted(first), Wanted(second))
    return Prompt(SKILLS[4], text, wanted, relation=relation, held_out=_pair_is_held_out(first, second))


def _attribution(rng: Random, sprites: Sprites) -> Prompt:
    first, second = _coloured(rng, sprites), _coloured(rng, sprites)
    while second[0] == first[0] or second[1] == first[1]:
        second = _coloured(rng, sprites)
    text = " and ".join(_article(f"{colour} {_name(thing)}") for thing, colour in (first, second))
    held_out = (
        _pair_is_held_out(first[0], second[0]) or _colour_is_held_out(*first) or _colour_is_held_out(*second)
    )
    return Prompt(SKILLS[5], text, (Wanted(*first), Wanted(*second)), held_out=held_out)


_MAKERS: dict[str, Callable[[Random, Sprites], Prompt]] = dict(
    zip(SKILLS, (_single, _two, _counting, _colours, _position, _attribution))
)
