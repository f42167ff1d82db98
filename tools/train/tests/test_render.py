"""The renderer."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from train.pictures import labels_of, render_data_set
from train.render import CLASS_NAMES, SIZE, render

CLASSES = len(CLASS_NAMES)


class Renderer(unittest.TestCase):
    def test_seed_and_index_alone_decide_a_picture(self) -> None:
        for index in range(2 * CLASSES):
            first, second = render(5, index), render(5, index)
            np.testing.assert_array_equal(first.pixels, second.pixels)
            self.assertEqual((first.caption, first.attributes), (second.caption, second.attributes))

    def test_neighbouring_seeds_and_indices_give_different_pictures(self) -> None:
        pictures = [render(seed, index).pixels.tobytes() for seed in (1, 2) for index in range(3 * CLASSES)]
        self.assertEqual(len(set(pictures)), len(pictures))

    def test_classes_follow_one_another_and_captions_name_them(self) -> None:
        for index in range(10 * CLASSES):
            picture = render(3, index)
            self.assertEqual(picture.pixels.shape, (SIZE, SIZE, 3))
            self.assertEqual(picture.label, index % CLASSES)
            name = CLASS_NAMES[picture.label]
            words = {"tree": "tree pine", "sailboat": "boat"}.get(name, name).split()
            self.assertTrue(any(word in picture.caption for word in words), picture.caption)

    def test_a_data_set_rendered_in_parallel_holds_what_render_gives(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "few.npy"
            render_data_set(path, 7, 250, 2)
            pixels, lines = np.load(path), path.with_suffix(".jsonl").read_text().splitlines()
            self.assertEqual((len(pixels), len(lines)), (250, 250))
            for index in (0, 11, 239, 240, 249):
                picture = render(7, index)
                np.testing.assert_array_equal(pixels[index], picture.pixels)
                self.assertEqual(json.loads(lines[index])["caption"], picture.caption)
                self.assertEqual(labels_of(250)[index], picture.label)


if __name__ == "__main__":
    unittest.main()
