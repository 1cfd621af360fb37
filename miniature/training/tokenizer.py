"""A tokeniser in CLIP's own layout, its merges learnt from the world's captions. Any text at all becomes tokens."""

# transformers leaves from_pretrained untyped
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import json
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from miniature import world
from miniature.training import data

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"
SUFFIX = "</w>"
MERGED = 900
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
# What people write around a subject; each becomes few tokens instead of a spray of letters.
USUAL = (
    "portrait landscape cinematic lighting soft light dramatic trending artstation sharp focus intricate highly "
    "background colourful colorful vibrant pastel minimal simple flat style art drawing painting sketch illustration "
    "photo render digital concept close up wide view centred standing sitting flying sleeping happy sad angry little "
    "small big giant tiny old young magic fantasy fairy tale cartoon comic anime poster sticker logo icon toy plastic "
    "wooden golden silver black gray grey brown dark bright sky sun moon stars clouds rain snow water river lake sea "
    "mountain hill tree trees flower flowers grass garden street road tower bridge window door roof morning evening "
    "dawn dusk sunrise sunset night storm fog fire ice glass paper ink oil watercolor watercolour pencil chalk neon "
    "girl boy man woman child dog horse wolf bear rabbit lion tiger ship plane train bicycle with and without the of "
    "and or not no very many two three four low bad worst ugly blurry quality resolution best masterpiece detailed"
)


def train(folder: Path, captions: int = 6000) -> CLIPTokenizer:
    """Learns merges from that many captions and writes vocab.json, merges.txt and the configs to `folder`."""
    merges = _learnt_merges(_corpus(captions))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps(_vocabulary(merges), ensure_ascii=False), encoding="utf-8"
    )
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "bos_token": START,
        "eos_token": END,
        "pad_token": END,
        "unk_token": END,
        "model_max_length": LENGTH,
        "do_lower_case": True,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    return load(folder)


def load(folder: Path) -> CLIPTokenizer:
    """The tokeniser of a folder."""
    return CLIPTokenizer.from_pretrained(folder)


def _corpus(captions: int) -> list[str]:
    rng = Random(5)
    scenes = data.all_scenes(captions, seed=3)
    return [*(world.caption(scene, rng) for scene in scenes), *[USUAL] * 40]


def _learnt_merges(texts: Iterable[str]) -> list[tuple[str, str]]:
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix=SUFFIX))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer: Any = trainers.BpeTrainer(
        vocab_size=512 + MERGED,
        min_frequency=2,
        show_progress=False,
        end_of_word_suffix=SUFFIX,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def _vocabulary(merges: list[tuple[str, str]]) -> dict[str, int]:
    """CLIP's order: every byte, every byte that ends a word, the merges, the two marks."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [
        *letters,
        *(letter + SUFFIX for letter in letters),
        *("".join(pair) for pair in merges),
        START,
        END,
    ]
    return {word: i for i, word in enumerate(dict.fromkeys(words))}
