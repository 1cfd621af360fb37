"""The judge reads what was drawn, refuses nothing, and is the same after a round through a file."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from miniature import judge as room
from miniature.judge import LABELS, Judge, Verdict, lessons
from miniature.world import draw

DATA = Path(room.__file__).parent / "data"
FRESH = 77  # millions: no lesson and no examination begins here


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge.load(DATA)


def test_it_reads_fresh_scenes(judge: Judge):
    scenes = lessons(300, FRESH)
    verdicts = judge.read([draw(scene) for scene in scenes])
    for part in LABELS:
        right = sum(
            getattr(s, part) == getattr(v, part) for s, v in zip(scenes, verdicts, strict=True)
        )
        assert right / len(scenes) >= 0.97, part


def test_it_reads_pictures_of_any_size_and_mode(judge: Judge):
    scene = lessons(1, FRESH)[0]
    small, large = judge.read([draw(scene), draw(scene, size=256).convert("RGBA")])
    assert small == large


def test_it_reads_no_pictures(judge: Judge):
    assert judge.read([]) == []


def test_it_does_not_mind_what_stands_beside_a_picture(judge: Judge):
    pictures = [draw(scene) for scene in lessons(6, FRESH)]
    together = judge.read(pictures)
    assert together == [judge.read([picture])[0] for picture in pictures]


def test_the_file_carries_its_labels(judge: Judge):
    with safe_open(DATA / room.FILE, framework="pt") as file:
        labels = json.loads(file.metadata()["labels"])
    assert {part: tuple(words) for part, words in labels.items()} == LABELS


def test_saving_and_loading_changes_nothing(tmp_path: Path):
    torch.manual_seed(1)
    judge = Judge().eval()
    judge.save(tmp_path)
    again = Judge.load(tmp_path)
    pictures = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    for part, logits in judge(pictures).items():
        assert torch.equal(again(pictures)[part], logits)
    assert [path.name for path in tmp_path.iterdir()] == [room.FILE]


def test_a_verdict_is_made_of_the_worlds_words(judge: Judge):
    noise = Image.frombytes("RGB", (64, 64), Random(0).randbytes(64 * 64 * 3))
    (verdict,) = judge.read([noise])
    assert isinstance(verdict, Verdict)
    assert all(getattr(verdict, part) in words for part, words in LABELS.items())


def test_lessons_show_every_word_and_no_scene_of_the_examination():
    taught, asked = lessons(400, room.TAUGHT), lessons(400, room.HELD_OUT)
    for part, words in LABELS.items():
        assert {getattr(scene, part) for scene in taught} == set(words)
    assert not {scene.seed for scene in taught} & {scene.seed for scene in asked}


def test_a_short_lesson_teaches_something(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "BATCH", 16)
    torch.manual_seed(0)
    scenes = lessons(8, room.TAUGHT)
    drawn = np.stack([np.asarray(draw(scene)) for scene in scenes])
    taught = room._taught(scenes, drawn, steps=15)
    assert room.accuracy(taught, scenes, drawn)["subject"] >= 0.5
