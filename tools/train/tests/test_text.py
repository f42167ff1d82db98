"""The text model: scenes, captions, word pieces, the model, its training and its files."""

import json
import tempfile
import unittest
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from random import Random

import numpy as np
import torch

from tests.small_models import random_autoencoder
from train.autoencoder.model import Autoencoder
from train.mar.sample import Sampling
from train.safetensors import read_safetensors
from train.text.judge.detect import Found, cell_targets, detections
from train.text.judge.model import Findings, SceneJudge
from train.text.judge.skills import SKILLS, Prompt, Wanted, meets, prompts
from train.text.judge.training import SceneJudgeLoss, items_of
from train.text.latents import SceneLatents, allocate_latents, encode_scenes, to_latents, to_tokens
from train.text.model.config import TextEncoderConfig, TextMarConfig
from train.text.model.model import TextModel
from train.text.model.look_up_start import start_look_up
from train.text.model.parts import PART_PLACES, PARTS, parts_of_things
from train.text.model.word_pieces import BEGIN, END, PAD, WordPieces
from train.text.place import AUTOENCODER, TextPlace, text_model
from train.text.sample import sample_texts
from train.text.scene.backgrounds import BACKGROUNDS, SIDE, draw_background
from train.text.scene.captions import Captions, grammar_words
from train.text.scene.colours import COLOURS, Dye
from train.text.scene.render import render_scene
from train.text.scene.scene import CELL, Item, is_held_out, scene_at
from train.text.scene.sprites import SIZES
from train.text.scene.things import plural, things
from train.text.stages.decoder import train_decoder
from train.text.stages.packing import pack
from train.text.stages.unpacking import unpack
from train.text.training import TextLoss, read_captions
from train.training.checkpoint import load_checkpoint, save_checkpoint
from train.training.draw import Draw
from train.training.loop import Files, Limits, train
from train.training.plan import Plan

CPU = torch.device("cpu")
TOKEN = 16
PIECES = WordPieces.of_words(grammar_words(), 24)
ENCODER = TextEncoderConfig(len(PIECES.vocabulary), width=24, depth=2, heads=2, part_channels=24)
MAR = TextMarConfig(
    vae_embed_dim=24,
    side=4,
    position_side=16,
    embed_dim=32,
    encoder_depth=1,
    decoder_depth=1,
    cross_depth=2,
    num_heads=2,
    caption_channels=24,
    diffloss_d=2,
    diffloss_w=24,
)


class PlainSprites:
    """Discs instead of emoji; every third thing takes colours, and every fifth has one."""

    def colours(self, thing: int) -> tuple[str, ...]:
        return tuple(COLOURS) if thing % 3 == 0 else ()

    def own_colour(self, thing: int) -> str | None:
        return "red" if thing % 5 == 0 else None

    def sprite(self, thing: int, colour: str | None, pixels: int) -> np.ndarray:
        rows, columns = np.mgrid[0:pixels, 0:pixels] * 2 / pixels - 1
        disc = (np.hypot(rows, columns) < 0.9).astype(np.float32)
        return np.stack([disc * (thing % 7) / 7, disc * 0.5, disc * 0.2, disc], axis=-1).astype(np.float32)


SPRITES = PlainSprites()


def random_text_model(side: int = MAR.side) -> TextModel:
    """With noise on every weight, since a fresh head gives zero whatever it is asked."""
    torch.manual_seed(2)
    model = TextModel(ENCODER, replace(MAR, side=side)).eval()
    with torch.no_grad():
        for value in model.parameters():
            value += 0.05 * torch.randn_like(value)
    return model


class Things(unittest.TestCase):
    def test_every_thing_has_a_label_and_names_that_no_other_has(self) -> None:
        names = Counter(name for thing in things() for name in thing.names)
        self.assertGreater(len(things()), 380)
        self.assertEqual([name for name, count in names.items() if count > 1], [])

    def test_plurals_are_those_of_the_thing_counted(self) -> None:
        for one, many in {
            "fox": "foxes",
            "puppy": "puppies",
            "monkey": "monkeys",
            "slice of pizza": "slices of pizza",
            "loaf of bread": "loaves of bread",
            "wolf": "wolves",
        }.items():
            self.assertEqual(plural(one), many)


class Colours(unittest.TestCase):
    def test_a_thing_of_one_hue_takes_others_and_keeps_its_light_and_shade(self) -> None:
        shade = np.linspace(0.6, 1, 32, dtype=np.float32)
        line = np.stack([shade, 0.1 * shade, 0.12 * shade, np.ones_like(shade)], axis=-1)
        red = line[:, None].repeat(32, 1)
        dye = Dye(red)
        self.assertTrue(dye.takes_colour)
        self.assertEqual(dye.own_colour, "red")
        blue = dye.dyed(red, "blue")
        self.assertGreater(float(blue[..., 2].mean()), 2 * float(blue[..., 0].mean()))
        self.assertTrue(bool((np.diff(blue[:, 0, 2]) >= 0).all()))
        self.assertGreater(float(np.ptp(blue[..., 2])), 0.1)
        self.assertTrue(np.array_equal(blue[..., 3], red[..., 3]))

    def test_a_thing_of_many_hues_takes_none(self) -> None:
        many = np.zeros((30, 30, 4), np.float32)
        for third in range(3):
            many[10 * third : 10 * third + 10, :, third] = 0.9
        many[..., 3] = 1
        self.assertFalse(Dye(many).takes_colour)


class Scenes(unittest.TestCase):
    def test_things_stand_apart_on_the_grid_within_the_picture_as_their_relation_says(self) -> None:
        for index in range(400):
            scene = scene_at(1, index, SPRITES)
            boxes = [(item.left, item.top, item.pixels) for item in scene.items]
            for left, top, pixels in boxes:
                self.assertEqual((left % TOKEN, top % TOKEN), (0, 0))
                self.assertTrue(0 <= min(left, top) and max(left, top) + pixels <= SIDE)
            for place, (left, top, pixels) in enumerate(boxes):
                for other_left, other_top, other in boxes[:place]:
                    across = min(left + pixels, other_left + other) - max(left, other_left)
                    down = min(top + pixels, other_top + other) - max(top, other_top)
                    self.assertTrue(across <= 0 or down <= 0, scene)
            if scene.relation is not None:
                first, second = (item.cell for item in scene.items)
                holds = {
                    "left of": first[1] < second[1],
                    "right of": first[1] > second[1],
                    "above": first[0] < second[0],
                    "below": first[0] > second[0],
                    "beside": first[1] != second[1],
                }
                self.assertTrue(holds[scene.relation], scene)
            if scene.kind == "count":
                self.assertEqual(len({(item.thing, item.colour, item.size) for item in scene.items}), 1)

    def test_a_scene_is_a_function_of_seed_and_index(self) -> None:
        self.assertEqual(scene_at(3, 5, SPRITES), scene_at(3, 5, SPRITES))
        self.assertNotEqual(scene_at(3, 5, SPRITES), scene_at(4, 5, SPRITES))

    def test_held_out_combinations_are_a_tenth_and_in_no_training_scene(self) -> None:
        for index in range(100):
            self.assertFalse(any(map(is_held_out, scene_at(1, index, SPRITES).combinations())))
            self.assertTrue(any(map(is_held_out, scene_at(1, index, SPRITES, held_out=True).combinations())))
        share = np.mean([is_held_out(f"blue {thing.label}") for thing in things()])
        self.assertTrue(0.05 < share < 0.15)

    def test_every_background_is_drawn(self) -> None:
        for name in BACKGROUNDS:
            picture = draw_background(name, Random(0))
            self.assertEqual(picture.shape, (SIDE, SIDE, 3))
            self.assertTrue(0 <= picture.min() <= picture.max() <= 1, name)

    def test_a_thing_covers_its_place_and_nothing_else(self) -> None:
        scene = next(
            found
            for found in (scene_at(1, index, SPRITES) for index in range(100))
            if found.kind == "one" and found.background == "black"
        )
        item = scene.items[0]
        picture = render_scene(scene, SPRITES, 1, 0).astype(int)
        outside = np.ones((SIDE, SIDE), bool)
        outside[item.top : item.top + item.pixels, item.left : item.left + item.pixels] = False
        self.assertLess(picture[outside].std(0).max(), 1)
        row, column = item.cell
        self.assertGreater(picture[row * CELL, column * CELL, 1], 100)


class CaptionGrammar(unittest.TestCase):
    def test_no_caption_holds_a_word_that_the_vocabulary_lacks_or_is_cut(self) -> None:
        captions = Captions(SPRITES)
        vocabulary = set(PIECES.vocabulary)
        for index in range(400):
            scene = scene_at(1, index, SPRITES)
            for caption in (captions.plain(scene), captions.varied(scene, Random(index)).text):
                words = caption.replace(",", " , ").replace("-", " - ").split()
                self.assertLessEqual(set(words), vocabulary, caption)
                pieces = PIECES.encode(caption)
                self.assertLess(pieces.index(END), PIECES.max_length - 1)

    def test_the_plain_caption_says_count_colour_size_relation_and_background(self) -> None:
        captions = Captions(SPRITES)
        for index in range(100):
            scene = scene_at(1, index, SPRITES)
            caption = captions.plain(scene)
            for item in scene.items:
                self.assertIn(item.colour or "", caption)
                self.assertEqual(item.size == "small", "small" in caption)
            if scene.relation:
                self.assertIn(scene.relation, caption)
            if scene.kind == "count":
                self.assertIn({2: "two", 3: "three", 4: "four"}[scene.count], caption)


    def test_a_caption_names_its_things_in_the_order_that_it_tells(self) -> None:
        captions, turned = Captions(SPRITES), 0
        for index in range(400):
            scene = scene_at(1, index, SPRITES)
            text, named = captions.varied(scene, Random(index))
            self.assertEqual(set(named), {item.thing for item in scene.items})
            turned += len(named) == 2 and named[0] != scene.items[0].thing
            places = [
                min(at for name in things()[thing].names for form in (name, plural(name)) if (at := text.find(form)) >= 0)
                for thing in named
            ]
            self.assertEqual(places, sorted(places), text)
        self.assertGreater(turned, 10)


class Pieces(unittest.TestCase):
    def test_known_words_are_one_piece_and_others_are_letters_in_any_case_and_with_any_accents(self) -> None:
        names = [PIECES.vocabulary[number] for number in PIECES.encode("A Piñata, qzx")]
        self.assertEqual(names[:8], ["[CLS]", "a", "pinata", ",", "q", "##z", "##x", "[SEP]"])
        self.assertEqual(set(names[8:]), {"[PAD]"})

    def test_long_texts_are_cut_before_the_end(self) -> None:
        pieces = PIECES.encode("a fox " * 40)
        self.assertEqual((len(pieces), pieces[0], pieces[-1]), (24, BEGIN, END))

    def test_some_words_can_be_taken_apart(self) -> None:
        self.assertGreater(PIECES.encode("fox", Random(0), 1.0).index(END), PIECES.encode("fox").index(END))

    def test_the_file_says_all_and_is_read_back(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tokenizer.json"
            PIECES.save(path)
            again = WordPieces.load(path)
            self.assertEqual(again.encode("two foxes on snow"), PIECES.encode("two foxes on snow"))
            self.assertEqual(json.loads(path.read_text())["model"]["type"], "WordPiece")


class Model(unittest.TestCase):
    def test_rows_of_padding_are_zeros_and_change_nothing(self) -> None:
        encoder = random_text_model().text_encoder
        pieces = torch.tensor([PIECES.encode("a fox on snow")])
        with torch.no_grad():
            features = encoder(pieces)
            end = int((pieces != PAD).sum())
            words = features[:, : ENCODER.max_length]
            self.assertTrue(bool((words[:, end:] == 0).all()))
            # Attention may round to bfloat16.
            torch.testing.assert_close(encoder.read(pieces[:, :end])[0], words[:, :end], atol=1e-2, rtol=1e-2)

    def test_the_memory_gives_the_entries_that_slots_score_highest_or_are_told(self) -> None:
        encoder, config = random_text_model().text_encoder, ENCODER
        pieces = torch.tensor([PIECES.encode(text) for text in ("a fox", "two cats on snow")])
        with torch.no_grad():
            words, slots = encoder.read(pieces)
            scores = encoder.memory_scores(slots)
            self.assertEqual(scores.shape, (2, 2, len(things()) + 1))
            features = encoder(pieces)
            self.assertEqual(features.shape, (2, config.rows, config.width))
            self.assertTrue(torch.equal(features, encoder.features(words, slots, scores.argmax(2))))
            # Of the second slot the rows that follow the first one's.
            told = torch.tensor([[3, 5], [3, 6]])
            first, second = encoder.features(words, slots[:1].expand(2, -1, -1), told)[:, config.max_length :].split(config.parts, dim=1)
            self.assertTrue(torch.equal(first[0], first[1]))
            self.assertFalse(torch.allclose(second[0], second[1]))

    def test_the_memory_begins_as_the_tokens_of_each_thing_in_each_size(self) -> None:
        autoencoder = random_autoencoder()
        thing, (size, row, column) = 4, PART_PLACES[-1]
        parts = parts_of_things(autoencoder, SPRITES, 2)
        self.assertEqual(parts.shape, (len(things()), PARTS, 4 * autoencoder.config.z_channels))
        item = Item(thing, None, size, *[(SIDE - SIZES[size]) // 2] * 2)
        grey = np.full((SIDE, SIDE, 3), 0.55, np.float32)
        inside = slice(item.left, item.left + item.pixels)
        sprite = SPRITES.sprite(thing, None, item.pixels)
        grey[inside, inside] = grey[inside, inside] * (1 - sprite[..., 3:]) + sprite[..., :3]
        tokens = to_tokens(encode_scenes(autoencoder, np.rint(grey * 255).astype(np.uint8)[None]), 2)
        torch.testing.assert_close(parts[thing, -1], tokens[0, 8 * row + column])

    def test_a_look_up_attends_to_the_part_that_stands_at_a_position(self) -> None:
        torch.manual_seed(0)
        wide = replace(MAR, side=8, position_side=8, embed_dim=256, num_heads=4, caption_channels=96)
        model = TextModel(replace(ENCODER, width=96), wide)
        scenes = [scene_at(1, index, SPRITES) for index in range(80)]
        pieces, entries = read_captions(Captions(SPRITES), PIECES, scenes, list(range(80)), 2)
        tokens = torch.randn(80, 64, MAR.vae_embed_dim)
        start_look_up(model, pieces, entries, tokens)
        seen: list[torch.Tensor] = []

        def note(_: object, inputs: tuple[torch.Tensor, torch.Tensor]) -> None:
            stage = model.mar.cross_attn_blocks[0].attn
            queries = stage.query_linear(inputs[0]).unflatten(2, (4, 64))[:, :, 1]
            keys = stage.kv(inputs[1])[..., 64:128]
            seen.append(torch.softmax(queries @ keys.transpose(1, 2) / 8, 2))

        model.mar.cross_attn_blocks[0].attn.register_forward_pre_hook(note)
        with torch.no_grad():
            text, _ = model.told_text(pieces, entries)
            known, wanted = torch.zeros(80, 0, dtype=torch.int64), torch.arange(64).expand(80, -1)
            model.mar.conditions_at(tokens, text, known, wanted)
        # The second head looks up a big thing, each of whose parts stands at one position.
        shares = [
            float(seen[0][:, 8 * row + column, ENCODER.max_length + part].mean())
            for part, (size, row, column) in enumerate(PART_PLACES)
            if size == "big"
        ]
        self.assertEqual(len(shares), 36)
        self.assertGreater(min(shares), 0.5)

    def test_conditions_depend_on_known_tokens_and_the_text_alone(self) -> None:
        model = random_text_model()
        tokens, other = torch.randn(2, 2, MAR.length, MAR.vae_embed_dim, generator=torch.Generator().manual_seed(1))
        known = torch.tensor([[3, 7], [0, 15]])
        wanted = torch.tensor([[1, 2, 3], [4, 5, 6]])
        mixed = other.clone()
        for row in range(2):
            mixed[row, known[row]] = tokens[row, known[row]]
        with torch.no_grad():
            text = model.text(torch.tensor([PIECES.encode(each) for each in ("a fox", "two cats")]))
            z = model.mar.conditions_at(tokens, text, known, wanted)
            self.assertTrue(torch.equal(z, model.mar.conditions_at(mixed, text, known, wanted)))
            self.assertFalse(torch.allclose(z, model.mar.conditions_at(other, text, known, wanted)))
            self.assertFalse(torch.allclose(z, model.mar.conditions_at(tokens, text.flip(0), known, wanted)))

    def test_the_names_are_the_published_ones(self) -> None:
        names = random_text_model().mar.state_dict()
        self.assertEqual(len(names), 37 + 12 * 3 + 16 * 2 + 8 * 2)
        for name in ("text_emb.text_proj.linear_1.weight", "cross_attn_blocks.1.attn.kv.bias"):
            self.assertIn(name, names)

    def test_the_shipped_sizes_stay_within_fourteen_million_parameters(self) -> None:
        model = TextModel(TextEncoderConfig(len(PIECES.vocabulary)), TextMarConfig())
        parts = (model, Autoencoder(AUTOENCODER).decoder)
        count = sum(value.numel() for part in parts for value in part.parameters())
        self.assertLessEqual(count, 14_000_000)

    def test_sampling_is_a_function_of_caption_and_seed(self) -> None:
        model, sampling = random_text_model(), Sampling(4, 3, limits=[1.0] * 24)
        first = sample_texts(model, PIECES, ["a fox", "two cats"], sampling, 1)
        self.assertEqual(first.shape, (2, MAR.length, 24))
        self.assertTrue(torch.equal(first, sample_texts(model, PIECES, ["a fox", "two cats"], sampling, 1)))
        self.assertFalse(torch.equal(first, sample_texts(model, PIECES, ["a fox", "a dog"], sampling, 1)))
        self.assertLessEqual(float(first.abs().max()), 1 + 1e-5)


class Training(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def latents(self, name: str) -> SceneLatents:
        autoencoder = random_autoencoder()
        path = self.folder / name
        side = SIDE // autoencoder.config.stride
        allocate_latents(path, 24, 6, side)
        return SceneLatents(path, 1, SPRITES, autoencoder)

    def test_a_token_has_the_patch_of_each_channel_in_a_row(self) -> None:
        latents = torch.arange(2 * 4 * 4).reshape(1, 2, 4, 4)
        tokens = to_tokens(latents, 2)
        self.assertEqual(tokens[0, 1].tolist(), [2, 3, 6, 7, 18, 19, 22, 23])
        self.assertTrue(torch.equal(to_latents(tokens, 2), latents))

    def test_latents_are_the_same_whether_computed_or_kept(self) -> None:
        latents = self.latents("latents.npy")
        indices = np.array([3, 20])
        first = latents.latents(indices, latents.scenes(indices))
        self.assertGreater(float(first.std()), 0)
        again = self.latents("latents.npy")
        again._autoencoder = None
        self.assertTrue(torch.equal(again.latents(indices, latents.scenes(indices)), first))

    def test_a_training_that_is_cut_off_goes_on_as_if_it_were_not(self) -> None:
        plan = Plan(batch=4, learning_rate=1e-3, steps=6, hold=0.6, muon_from=24, average_decay=0.9)
        weights = []
        for name, stops in (("whole", (6,)), ("cut", (3, 6))):
            for stop in stops:
                torch.manual_seed(0)
                model = TextModel(ENCODER, replace(MAR, side=16))
                loss = TextLoss(self.latents(f"{name}.npy"), Captions(SPRITES), PIECES, 4, 1)
                train(
                    model,
                    loss,
                    plan,
                    Files(self.folder / f"{name}.pt"),
                    settings={},
                    device=CPU,
                    limits=Limits(stop_after=stop),
                )
            weights.append(load_checkpoint(self.folder / f"{name}.pt")["average"])
        for name, value in weights[0].items():
            self.assertTrue(torch.equal(value, weights[1][name]), name)

    def test_an_embedding_is_not_orthogonalised(self) -> None:
        model = random_text_model(side=16)
        plan = Plan(batch=4, learning_rate=1e-2, steps=1, warmup=0, muon_from=8)
        loss = TextLoss(self.latents("latents.npy"), Captions(SPRITES), PIECES, 4, 1)
        before = model.text_encoder.token_embedding.weight.detach().clone()
        train(model, loss, plan, Files(self.folder / "one.pt"), settings={}, device=CPU)
        moved = (model.text_encoder.token_embedding.weight - before).abs().amax(1) > 0
        # The words of four captions, not all of them.
        self.assertLess(int(moved.sum()), 60)
        self.assertGreater(int(moved.sum()), 4)

    def test_the_rate_holds_and_then_falls(self) -> None:
        plan = Plan(batch=1, learning_rate=1.0, steps=100, hold=0.6)
        self.assertEqual([plan.rate(share) for share in (0.1, 0.4, 0.6)], [1.0, 1.0, 1.0])
        self.assertLess(plan.rate(0.8), 0.6)
        self.assertAlmostEqual(plan.rate(1.0), plan.floor)


class JudgeOfScenes(unittest.TestCase):
    def test_what_a_scene_holds_is_what_a_judge_that_says_so_finds(self) -> None:
        scenes = [scene_at(1, index, SPRITES) for index in range(40)]
        items = [items_of(scene) for scene in scenes]
        targets = cell_targets(items)
        picture, row, column = targets["places"].unbind(1)

        def logits(kinds: int, name: str) -> torch.Tensor:
            found = torch.zeros(len(scenes), kinds, 16, 16)
            found[picture, targets[name], row, column] = 1
            return found

        nothing = torch.zeros(len(scenes), 1)
        findings = Findings(
            targets["present"] * 2 - 1,
            logits(len(things()), "classes"),
            logits(1 + len(COLOURS), "colours"),
            logits(len(SIZES), "sizes"),
            *[nothing] * 5,
        )
        for found, expected in zip(detections(findings), items, strict=True):
            self.assertEqual(sorted(map(repr, found)), sorted(map(repr, expected)))

    def test_a_step_of_its_training_reaches_every_part(self) -> None:
        judge = SceneJudge()
        loss, figures = SceneJudgeLoss(SPRITES, 3, 6)(judge, Draw(0, 0, 0, 1, CPU))
        loss.backward()
        self.assertTrue(all(value.grad is not None for value in judge.parameters()))
        self.assertTrue(all(np.isfinite(float(value)) for value in figures.values()))


class Skills(unittest.TestCase):
    def test_half_of_the_prompts_join_what_no_training_picture_joins(self) -> None:
        for skill in SKILLS:
            asked = prompts(skill, 20, 0, SPRITES)
            self.assertEqual(asked, prompts(skill, 20, 0, SPRITES))
            self.assertEqual(sum(prompt.held_out for prompt in asked), 0 if skill == "single object" else 10)

    def test_a_prompt_is_met_by_what_it_asks_for_and_by_nothing_less(self) -> None:
        def found(thing: int, row: int, column: int, colour: str | None = None) -> Found:
            return Found(thing, colour, "small", row, column)

        two = Prompt("counting", "", (Wanted(3),), count=2)
        self.assertTrue(meets(two, [found(3, 4, 4), found(3, 4, 10)], SPRITES))
        self.assertFalse(meets(two, [found(3, 4, 4)], SPRITES))
        self.assertFalse(meets(two, [found(3, 4, 4), found(3, 4, 10), found(3, 10, 4)], SPRITES))
        left = Prompt("position", "", (Wanted(3), Wanted(4)), relation="left of")
        self.assertTrue(meets(left, [found(4, 6, 10), found(3, 5, 4)], SPRITES))
        self.assertFalse(meets(left, [found(3, 6, 10), found(4, 5, 4)], SPRITES))
        self.assertFalse(meets(left, [found(3, 2, 4), found(4, 12, 6)], SPRITES))
        blue = Prompt("colours", "", (Wanted(6, "blue"),))
        self.assertTrue(meets(blue, [found(6, 4, 4, "blue")], SPRITES))
        self.assertFalse(meets(blue, [found(6, 4, 4, "red")], SPRITES))
        self.assertFalse(meets(blue, [found(7, 4, 4, "blue")], SPRITES))
        # Thing 5 is red by itself.
        self.assertTrue(meets(Prompt("colours", "", (Wanted(5, "red"),)), [found(5, 4, 4)], SPRITES))


class FilesOfAModel(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.place = TextPlace(Path(folder.name) / "work", CPU, 1, 0)
        self.model, autoencoder = random_text_model(), random_autoencoder()
        weights = self.model.state_dict()
        settings = {"text_encoder": asdict(ENCODER), "mar": asdict(MAR)}
        begun = {"weights": weights, "average": weights, "optimizer": None, "step": 7, "minutes": 1.0}
        save_checkpoint(self.place.mar, {**begun, "settings": settings})
        sizes = autoencoder.config.to_settings()
        save_checkpoint(self.place.autoencoder, {"weights": autoencoder.state_dict(), "settings": sizes})
        self.place.save_limits([1.0] * 6)
        PIECES.save(self.place.tokenizer)

    def test_a_packed_model_has_the_published_names_and_what_sampling_needs(self) -> None:
        pack(self.place)
        mar = read_safetensors(self.place.model / "mar.safetensors")
        self.assertEqual(set(mar), set(self.model.mar.state_dict()))
        text = read_safetensors(self.place.model / "text-encoder.safetensors")
        self.assertEqual(set(text), set(self.model.text_encoder.state_dict()))
        config = json.loads((self.place.model / "config.json").read_text())
        self.assertEqual(config["mar"]["family"], "lightgen")
        self.assertEqual(len(config["sampling"]["x0_clamp"]), 24)
        self.assertTrue((self.place.model / "tokenizer.json").exists())

    def test_a_decoder_that_is_trained_further_leaves_latents_as_they_are(self) -> None:
        pixels = np.random.default_rng(1).integers(256, size=(16, 32, 32, 3), dtype=np.uint8)
        for path in (self.place.training_pictures, self.place.held_out_pictures):
            np.save(path, pixels)
        before = self.place.load_autoencoder()
        self.assertTrue(train_decoder(self.place, 0.005, reduced=False))
        after = self.place.load_autoencoder()
        self.assertTrue(torch.equal(encode_scenes(after, pixels), encode_scenes(before, pixels)))
        latents = encode_scenes(before, pixels)
        self.assertFalse(torch.equal(after.decode(latents), before.decode(latents)))
        report = json.loads((self.place.folder / "report.json").read_text())["autoencoder"]
        self.assertGreater(report["steps"], 0)


if __name__ == "__main__":
    unittest.main()
