"""Work in pieces comes to the same numbers, ends when nobody waits, and leaves no hook behind."""

from threading import active_count

import pytest
import torch
from torch import nn

from stylus_engine.sampling.darkroom import Darkroom
from stylus_engine.sampling.factors import Factors, Layer
from stylus_engine.sampling.pausing import in_pieces
from stylus_engine.sampling.phrasebook import Phrasebook
from stylus_engine.sampling.text import Encoded, Words
from tests.sampling.tiny import tiny_vae


@pytest.fixture(scope="module")
def vae():
    return tiny_vae()


def hooks(module: nn.Module) -> int:
    return sum(len(each._forward_pre_hooks) for each in module.modules())


def decode(vae, latents):
    return vae.decode(latents, return_dict=False)[0]


def test_in_pieces_is_bit_for_bit_the_same(vae):
    latents = torch.randn(1, 4, 8, 8)
    with torch.inference_mode():
        whole = decode(vae, latents)
    work, pieces = in_pieces(lambda: decode(vae, latents), vae.decoder), 0
    while True:
        try:
            next(work)
        except StopIteration as ended:
            drawn = ended.value
            break
        pieces += 1
        with torch.inference_mode():  # others decode meanwhile: a preview
            assert torch.equal(decode(vae, latents), whole)
    assert torch.equal(drawn, whole)
    assert pieces == sum(isinstance(each, nn.Conv2d) for each in vae.decoder.modules())
    assert hooks(vae) == 0


def test_closed_early_it_ends_and_leaves_nothing(vae):
    before = active_count()
    work = in_pieces(lambda: decode(vae, torch.randn(1, 4, 8, 8)), vae.decoder)
    next(work)
    assert active_count() == before + 1
    work.close()
    assert (active_count(), hooks(vae)) == (before, 0)


def test_what_goes_wrong_in_a_piece_is_raised_to_whoever_waits(vae):
    def fails() -> None:
        decode(vae, torch.randn(1, 4, 8, 8))
        raise ZeroDivisionError

    work = in_pieces(fails, vae.decoder)
    with pytest.raises(ZeroDivisionError):
        list(work)
    assert hooks(vae) == 0


def walked(work) -> tuple[int, str]:
    pieces = 0
    while True:
        try:
            next(work)
        except StopIteration as ended:
            return pieces, ended.value
        pieces += 1


def test_what_took_longer_than_a_step_goes_in_pieces_the_next_time():
    now = 0.0
    stops = nn.Conv2d(1, 1, 1)

    def work() -> str:
        nonlocal now
        for _ in range(4):
            stops(torch.zeros(1, 1, 1, 1))
            now += 1.0
        return "picture"

    room = Darkroom(stops, clock=lambda: now)
    assert walked(room.develop(work, area=64, seconds=1.0)) == (0, "picture")  # measured: 4 s
    assert walked(room.develop(work, area=64, seconds=5.0)) == (0, "picture")
    assert walked(room.develop(work, area=64, seconds=1.0)) == (4, "picture")
    assert walked(room.develop(work, area=16, seconds=1.5)) == (0, "picture")


def book(most: int = 2**20) -> tuple[Phrasebook, list[list[str]]]:
    asked: list[list[str]] = []

    def encode(words):
        asked.append([each.text for each in words])
        return [Encoded(torch.full((1, 2, 4), float(len(each.text))), each.text) for each in words]

    return Phrasebook(encode, "unet", most), asked


def worn(*components) -> Factors:
    layer = Layer(torch.zeros(2, 4), torch.zeros(4, 2))
    return Factors("a", "", {(component, "x"): layer for component in components})


def test_a_grid_with_one_text_encodes_it_once():
    phrases, asked = book()
    row = ((worn("unet"), 0.5),)
    told = phrases.encode([Words("cat", row), Words("cat", ()), Words("cat", row), Words("", ())])
    assert asked == [["cat", ""]]
    assert [each.text for each in told] == ["cat", "cat", "cat", ""]
    phrases.encode([Words("cat", ()), Words("dog", ())])
    assert asked == [["cat", ""], ["dog"]]
    assert (phrases.forwards, phrases.hits) == (2, 3)


def test_adapters_of_the_text_encoder_and_their_weights_make_another_phrase():
    phrases, asked = book()
    both = worn("unet", "text_encoder")
    phrases.encode([Words("cat", ()), Words("cat", ((both, 0.5),)), Words("cat", ((both, 0.6),))])
    assert asked == [["cat", "cat", "cat"]]


def test_the_book_is_bounded_in_bytes_and_forgets_the_oldest():
    phrases, asked = book(most=2 * 32)
    for text in ("a", "b", "a", "c", "a", "b"):
        assert phrases.encode([Words(text, ())])[0].text == text
    assert asked == [["a"], ["b"], ["c"], ["b"]]
    small, _ = book(most=0)
    assert [each.text for each in small.encode([Words("x", ()), Words("x", ())])] == ["x", "x"]
