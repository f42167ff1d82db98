"""Trains the judge of scenes and scores the text model by it."""

from __future__ import annotations

import json
import math

import numpy as np
import torch

from ...judge.distance import frechet_distance, kernel_distance
from ...mar.sample import Sampling
from ...pictures import to_tensor
from ...safetensors import write_safetensors
from ...training.checkpoint import complete_file, load_average, load_checkpoint
from ...training.device import is_faster_reduced
from ...training.loop import Files, train
from ...training.plan import Plan
from ...training.workers import Exchange, run_workers
from ..judge.detect import Found, look
from ..judge.model import SceneJudge
from ..judge.skills import SKILLS, meets, prompts
from ..judge.training import SceneJudgeLoss, items_of
from ..pictures import sprites_of
from ..place import HELD_OUT_SCENE_SEED, JUDGE_SCENE_SEED, TextPlace
from ..scene.backgrounds import BACKGROUNDS
from ..scene.scene import Scene, scene_at
from .mar import BATCH
from .sampling import draw_texts

JUDGE_STEPS = 8_000
_BATCH = 32


def train_scene_judge(place: TextPlace, steps: int = JUDGE_STEPS) -> bool:
    """
    Trains for `steps` and reports how often it is right on held-out scenes; returns whether it
    is done.

    @raises OptionError where the workers can't share a batch
    """
    plan = Plan(
        batch=_BATCH,
        learning_rate=2e-3,
        steps=steps,
        hold=0.6,
        weight_decay=0.01,
        average_decay=0.998,
        seed=place.seed,
    )
    workers = place.workers_for(plan.batch)
    parameters = sum(value.numel() for value in SceneJudge().parameters())
    run_workers(workers, parameters, _train_share, place, plan, is_faster_reduced(place.device))
    saved = load_checkpoint(place.judge)
    judge = load_scene_judge(place)
    counts = {"parameters": parameters, "steps": saved["step"], "samples": saved["step"] * _BATCH}
    place.report("judge", {**reliability(judge, place), **counts})
    write_safetensors(place.model / "judge.safetensors", judge.state_dict(), torch.float32)
    return plan.progress(saved["step"], saved["minutes"]) >= 1


def _train_share(worker: int, exchange: Exchange | None, place: TextPlace, plan: Plan, reduced: bool) -> None:
    torch.manual_seed(plan.seed)
    train(
        SceneJudge(),
        SceneJudgeLoss(sprites_of(place.packages), JUDGE_SCENE_SEED, plan.batch),
        plan,
        Files(place.judge),
        settings={},
        device=place.device,
        limits=place.limits(),
        worker=worker,
        exchange=exchange,
        reduced=reduced,
    )


def load_scene_judge(place: TextPlace) -> SceneJudge:
    """The judge as averaged up to its last checkpoint, on the device."""
    judge = SceneJudge()
    load_average(judge, load_checkpoint(place.judge))
    return judge.to(place.device).eval()


def _held_out_scenes(place: TextPlace, count: int) -> list[Scene]:
    sprites = sprites_of(place.packages)
    return [scene_at(HELD_OUT_SCENE_SEED, index, sprites, held_out=True) for index in range(count)]


def reliability(judge: SceneJudge, place: TextPlace, count: int = 2_000) -> dict[str, object]:
    """
    How often the judge is right on real pictures of held-out combinations: shares of the things found where they
    are with their class, and of these with their colour; of pictures with the right count; of pairs whose
    relation is told right; of backgrounds; and of pictures in which all of this is right.
    """
    pixels = np.load(place.held_out_pictures, mmap_mode="r")[:count]
    scenes = _held_out_scenes(place, count)
    seen = look(judge, to_tensor(pixels))
    objects, colours, counts, places, whole = [], [], [], [], []
    for scene, found in zip(scenes, seen.things):
        expected = {(item.row, item.column): item for item in items_of(scene)}
        at = {(each.row, each.column): each for each in found}
        hits = [where in at and at[where].thing == item.thing for where, item in expected.items()]
        right = [at[where].colour == item.colour for where, item in expected.items() if where in at]
        objects += hits
        colours += right
        counts.append(len(found) == scene.count)
        if scene.relation in ("left of", "right of", "above", "below"):
            places.append(_same_order(scene, found))
        whole.append(all(hits) and all(right) and counts[-1])
    backgrounds = [BACKGROUNDS[kind] == scene.background for kind, scene in zip(seen.backgrounds, scenes)]
    figures = {
        "object": objects,
        "colour": colours,
        "count": counts,
        "place": places,
        "background": backgrounds,
        "all": whole,
    }
    return {name: round(sum(map(bool, values)) / max(1, len(values)), 4) for name, values in figures.items()}


def _same_order(scene: Scene, found: list[Found]) -> bool:
    first, second = (
        next((each for each in found if each.thing == item.thing), None) for item in scene.items
    )
    if first is None or second is None:
        return False
    axis = 1 if scene.relation in ("left of", "right of") else 0
    before = scene.relation in ("left of", "above")
    difference = (second.row, second.column)[axis] - (first.row, first.column)[axis]
    return difference > 0 if before else difference < 0


@torch.no_grad()
def score(place: TextPlace, per_skill: int, pictures: int, sampling: Sampling) -> None:
    """
    Reports GenEval's six skills over `per_skill` prompts each, for combinations seen and held out apart, and the
    distances of `pictures` drawn of held-out scenes' captions to real ones.
    """
    judge, sprites = load_scene_judge(place), sprites_of(place.packages)
    skills: dict[str, object] = {}
    means = []
    for skill in SKILLS:
        asked = prompts(skill, per_skill, 0, sprites)
        drawn = draw_texts(place, [prompt.text for prompt in asked], sampling, f"score {skill}")
        seen = look(judge, to_tensor(drawn))
        met = np.array([meets(prompt, found, sprites) for prompt, found in zip(asked, seen.things)])
        apart = np.array([prompt.held_out for prompt in asked])
        means.append(float(met.mean()))
        skills[skill] = {
            name: round(float(met[chosen].mean()), 4)
            for name, chosen in (("seen", ~apart), ("held out", apart))
            if chosen.any()
        }
        skills[skill]["both"] = round(means[-1], 4)
    figures: dict[str, object] = {
        "samples": load_checkpoint(place.mar)["step"] * BATCH,
        "prompts a skill": per_skill,
        "skills": skills,
        "overall": round(float(np.mean(means)), 4),
        "error of overall": round(math.sqrt(sum(m * (1 - m) / per_skill for m in means)) / len(means), 4),
    }
    if pictures:
        figures.update(_distances(place, judge, pictures, sampling))
    place.report("score", figures)
    with complete_file(place.folder / "score.json") as partial:
        partial.write_text(json.dumps(figures, indent=2) + "\n")


def _distances(place: TextPlace, judge: SceneJudge, count: int, sampling: Sampling) -> dict[str, object]:
    real_pixels = np.load(place.held_out_pictures, mmap_mode="r")
    with place.held_out_pictures.with_suffix(".jsonl").open() as file:
        captions = [json.loads(line)["caption"] for line, _ in zip(file, range(count))]
    real = look(judge, to_tensor(real_pixels)).features
    drawn = look(judge, to_tensor(draw_texts(place, captions, sampling, "score scenes"))).features
    autoencoder = place.load_autoencoder()
    rebuilt = [
        autoencoder.decode(autoencoder.encode(part)[0]).clamp(-1, 1)
        for part in to_tensor(real_pixels[:count], place.device).split(50)
    ]
    coded = look(judge, torch.cat(rebuilt)).features
    return {
        "pictures": count,
        "frechet": frechet_distance(drawn, real[count:]),
        "frechet of the autoencoder": frechet_distance(coded, real[count:]),
        "frechet floor": frechet_distance(real[:count], real[count:]),
        "kernel": kernel_distance(drawn, real[count:]),
        "kernel floor": kernel_distance(real[:count], real[count:]),
    }
