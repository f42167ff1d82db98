"""Writes the prompts that text models are scored on, and real scenes of them."""

from __future__ import annotations

import json
from random import Random

import numpy as np

from ...training.checkpoint import complete_file
from ..judge.skills import SKILLS, Prompt, prompts
from ..pictures import sprites_of
from ..place import PROMPT_SCENE_SEED, TextPlace
from ..scene.backgrounds import BACKGROUNDS
from ..scene.colours import COLOURS
from ..scene.render import render_scene
from ..scene.scene import Scene, scene_of
from ..scene.sprites import SIZES, Sprites
from ..scene.things import plural, things

_PER_SKILL = 200
_PROMPT_SEED = 1
_SCENES = 2
"""Of each prompt: a reference larger than what is measured against it."""


def write_prompts(place: TextPlace) -> None:
    """
    Writes `prompts.json`: the names of things, colours, sizes and backgrounds in the order of the judge's outputs,
    with all that captions call a thing, and the prompts, each of the skill that follows the last one's; and `prompt-scenes.npy`, uint8
    [scenes, 128, 128, 3]: a scene of each prompt in turn, then another of each.
    """
    sprites = sprites_of(place.packages)
    by_skill = [prompts(skill, _PER_SKILL, _PROMPT_SEED, sprites) for skill in SKILLS]
    in_turn = [asked[k] for k in range(_PER_SKILL) for asked in by_skill]
    pixels = [
        render_scene(_scene(prompt, index, sprites), sprites, PROMPT_SCENE_SEED, index)
        for index, prompt in enumerate(in_turn * _SCENES)
    ]
    with complete_file(place.prompt_scenes) as partial, partial.open("wb") as file:
        np.save(file, np.stack(pixels))
    names = {
        "things": [
            {
                "name": thing.name,
                "colour": sprites.own_colour(place),
                "words": sorted({*thing.names, *map(plural, thing.names)}),
            }
            for place, thing in enumerate(things())
        ],
        "colours": list(COLOURS),
        "sizes": list(SIZES),
        "backgrounds": list(BACKGROUNDS),
        "skills": list(SKILLS),
        "prompts": [_to_json(prompt) for prompt in in_turn],
    }
    with complete_file(place.prompts) as partial:
        partial.write_text(json.dumps(names, ensure_ascii=False) + "\n")


def _scene(prompt: Prompt, index: int, sprites: Sprites) -> Scene:
    shown = [(wanted.thing, wanted.colour) for wanted in prompt.wanted] * (prompt.count or 1)
    return scene_of(Random(f"prompt/{PROMPT_SCENE_SEED}/{index}"), shown, prompt.relation)


def _to_json(prompt: Prompt) -> dict[str, object]:
    wanted = [
        {"thing": each.thing, **({} if each.colour is None else {"colour": each.colour})} for each in prompt.wanted
    ]
    return {
        "text": prompt.text,
        "wanted": wanted,
        **({} if prompt.count is None else {"count": prompt.count}),
        **({} if prompt.relation is None else {"relation": prompt.relation}),
        "heldOut": prompt.held_out,
    }
