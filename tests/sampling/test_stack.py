"""One forward with a weight vector per row, against peft's `set_adapters` one image at a time."""

# diffusers exports lazily; peft keeps its layers in dicts of modules.
# pyright: reportPrivateImportUsage=false, reportArgumentType=false
# pyright: reportCallIssue=false

import copy
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import pytest
import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from stylus_engine.sampling.executors import Merging, by_row
from stylus_engine.sampling.factors import Component, Factors, Layer
from stylus_engine.sampling.merge import merged
from stylus_engine.sampling.stack import Row, Stack
from tests.sampling.judge import MAKERS
from tests.sampling.tiny import WIDTH, tiny_unet

# peft warns whenever a second adapter is added, which is what the peer is for.
pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")

TARGETS = {  # linear, 1x1, 3x3, stride 2; each adapter touches other layers
    "attention": ["to_q", "to_k", "to_v", "to_out.0", "proj_in"],
    "everything": ["to_q", "ff.net.0.proj", "conv1", "conv", "conv_shortcut", "time_emb_proj"],
    "convs": ["conv_in", "conv2", "conv_out", "proj_out"],
}
MASKS = (  # one row each
    {"attention": 0.8},
    {"attention": -0.5, "everything": 1.1},
    {},
    {"convs": 0.7, "everything": 0.3, "attention": 1.0},
)


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    torch.manual_seed(3)
    return tiny_unet().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def peers(unet) -> UNet2DConditionModel:
    """The same UNet with the adapters in peft's own layers."""
    wrapped = copy.deepcopy(unet)
    for rank, (name, targets) in enumerate(TARGETS.items(), start=2):
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets)
        wrapped.add_adapter(config, adapter_name=name)
        for layer in lora_layers(wrapped, name).values():
            nn.init.normal_(layer.lora_B[name].weight, std=0.05)
    return wrapped.eval().requires_grad_(requires_grad=False)


@pytest.fixture(scope="module")
def adapters(peers) -> dict[str, Factors]:
    return {name: factors(name, lora_layers(peers, name)) for name in TARGETS}


def lora_layers(module: nn.Module, name: str) -> dict[str, LoraLayer]:
    return {
        path: layer
        for path, layer in module.named_modules()
        if isinstance(layer, LoraLayer) and name in layer.lora_A
    }


def factors(name: str, layers: dict[str, LoraLayer]) -> Factors:
    found: dict[tuple[Component, str], Layer] = {}
    for path, layer in layers.items():
        up = layer.lora_B[name].weight.flatten(1) * layer.scaling[name]
        found["unet", path] = Layer(down=layer.lora_A[name].weight.clone(), up=up.clone())
    return Factors(id=name, file_sha256=name, layers=found)


@pytest.fixture(scope="module")
def inputs() -> tuple[Tensor, Tensor, Tensor]:
    dice = torch.Generator().manual_seed(5)
    latents = torch.randn(len(MASKS), 4, 8, 8, generator=dice)
    times = torch.tensor([999.0, 500.0, 20.0, 1.0])
    return latents, times, torch.randn(len(MASKS), 77, WIDTH, generator=dice)


@pytest.fixture
def stack(unet):
    stack = Stack(unet, "unet")
    yield stack
    stack.forget()


def draw(unet: nn.Module, inputs: Sequence[Tensor], rows: Sequence[int] = (0, 1, 2, 3)) -> Tensor:
    latents, times, texts = (tensor[list(rows)] for tensor in inputs)
    return unet(latents, times, encoder_hidden_states=texts, return_dict=False)[0]


def worn(adapters: dict[str, Factors], masks: Sequence[dict[str, float]] = MASKS) -> list[Row]:
    return [tuple((adapters[name], weight) for name, weight in mask.items()) for mask in masks]


def one_by_one(peers: UNet2DConditionModel, inputs: Sequence[Tensor]) -> Tensor:
    """What peft says of each image alone."""
    images: list[Tensor] = []
    for index, mask in enumerate(MASKS):
        weights = [mask.get(name, 0.0) for name in TARGETS]
        peers.set_adapters(list(TARGETS), weights)
        images.append(draw(peers, inputs, [index]))
    return torch.cat(images)


def hooks(module: nn.Module) -> int:
    return sum(len(each._forward_hooks) for each in module.modules())


def test_every_row_is_what_peft_draws_alone(unet, peers, adapters, inputs, stack):
    alone = one_by_one(peers, inputs)
    assert (alone - draw(unet, inputs)).abs().max() > 1e-2  # the adapters do something
    stack.wear(worn(adapters))
    assert (draw(unet, inputs) - alone).abs().max() <= 1e-5


def test_another_mask_is_another_vector_and_nothing_else(unet, peers, adapters, inputs, stack):
    first = worn(adapters)
    stack.wear(first)
    patches = dict(stack._patches)
    stack.wear(first[::-1])
    stack.wear(list(first))
    stack.wear(list(first))  # the same again, as in every step
    assert (stack.gathers, stack.weight_updates) == (1, 3)
    assert stack._patches == patches
    assert (draw(unet, inputs) - one_by_one(peers, inputs)).abs().max() <= 1e-5


def test_a_mask_without_one_of_the_adapters_gathers_nothing(adapters, stack):
    stack.wear(worn(adapters))
    stack.wear(worn(adapters, [{"everything": 1.0, "convs": 0.5}]))
    assert (stack.gathers, stack.weight_updates) == (1, 2)


def test_a_mask_that_lights_one_of_all_gathers_nothing(adapters, stack):
    stack.wear(worn(adapters))
    stack.wear(worn(adapters, [{"attention": 1.0}]))
    assert (stack.gathers, stack.weight_updates) == (1, 2)


def test_a_forgotten_crowd_goes(unet, adapters, stack, monkeypatch):
    monkeypatch.setattr("stylus_engine.sampling.stack.SPARE", 0)
    stack.wear(worn(adapters))
    stack.wear(worn(adapters, [{"attention": 1.0}]))
    assert stack.gathers == 2
    assert stack._patches.keys() == {path for _, path in adapters["attention"].layers}


def test_layers_hold_only_the_adapters_that_touch_them(adapters, stack):
    stack.wear(worn(adapters))
    order = sorted(TARGETS)
    for path, patch in stack._patches.items():
        touching = [name for name in order if ("unet", path) in adapters[name].layers]
        assert {order[owner] for owner in patch.columns} == set(touching)
        ranks = [adapters[name].layers["unet", path].rank for name in touching]
        assert patch.down.shape[0] == len(patch.columns) == sum(ranks)


def test_a_bare_batch_has_no_hooks_and_draws_the_same_bits(unet, adapters, inputs, stack):
    before = draw(unet, inputs)
    stack.wear(worn(adapters))
    assert hooks(unet) == len(stack._patches)
    stack.wear([(), ()])
    assert hooks(unet) == 0
    assert torch.equal(draw(unet, inputs), before)
    stack.wear(worn(adapters))
    assert stack.gathers == 1  # the bare batch in between cost nothing


def test_what_was_taken_off_is_worn_again_when_the_same_is_asked_for(unet, adapters, inputs, stack):
    """As where a turn between two of the stack's was another executor's."""
    stack.wear(worn(adapters))
    before = draw(unet, inputs)
    stack.remove()
    stack.wear(worn(adapters))
    assert torch.equal(draw(unet, inputs), before)


def test_weight_zero_changes_nothing(unet, adapters, inputs, stack):
    stack.wear(worn(adapters, [dict.fromkeys(TARGETS, 0.0)] * len(MASKS)))
    assert torch.equal(draw(unet, inputs), draw(copy.deepcopy(unet), inputs))


def test_two_cards_of_one_file_add_up(unet, adapters, inputs, stack):
    both = tuple((adapters["attention"], weight) for weight in (0.5, 0.25))
    stack.wear([both] * len(MASKS))
    twice = draw(unet, inputs)
    stack.wear([((adapters["attention"], 0.75),)] * len(MASKS))
    assert torch.equal(draw(unet, inputs), twice)


def test_a_gather_that_broke_off_is_not_believed(unet, peers, adapters, inputs, monkeypatch):
    stack = Stack(unet, "unet")
    rows = worn(adapters)
    with monkeypatch.context() as broken:
        broken.setattr(stack, "_patch", _no_memory)
        with pytest.raises(MemoryError):
            stack.wear(rows)
    stack.wear(rows)
    assert (draw(unet, inputs) - one_by_one(peers, inputs)).abs().max() <= 1e-5
    stack.forget()


def _no_memory(*_: object) -> None:
    raise MemoryError


@pytest.mark.parametrize("shape", [(3, 6), (3, 5, 6), (3, 2, 4, 6)])
def test_linear_layers_may_have_any_leading_dimensions(shape):
    torch.manual_seed(0)
    base, x = nn.Linear(6, 7), torch.randn(shape)
    layer = Layer(down=torch.randn(2, 6), up=torch.randn(7, 2))
    stack = Stack(nn.Sequential(base), "unet")
    rows = [((Factors("a", "", {("unet", "0"): layer}), weight),) for weight in (0.0, 1.0, -2.0)]
    with torch.no_grad():
        stack.wear(rows)
        drawn = base(x)
        stack.remove()
        change = x @ layer.down.T @ layer.up.T
        weights = torch.tensor([0.0, 1.0, -2.0]).view(3, *(1 for _ in shape[1:]))
        assert torch.allclose(drawn, base(x) + weights * change, atol=1e-5)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_convs_slide_as_their_base_in_any_memory_format(memory):
    torch.manual_seed(0)
    base = nn.Conv2d(4, 6, 3, stride=2, padding=2, dilation=2).to(memory_format=memory)
    x = torch.randn(2, 4, 9, 9).to(memory_format=memory)
    layer = Layer(down=torch.randn(3, 4, 3, 3), up=torch.randn(6, 3))
    row: Row = ((Factors("a", "", {("unet", "0"): layer}), 0.5),)
    with torch.no_grad():
        stack = Stack(nn.Sequential(base), "unet")
        stack.wear([row, row])
        drawn = base(x)
        stack.remove()
        with merged({"unet": nn.Sequential(base)}, row):
            assert torch.allclose(drawn, base(x), atol=1e-5)


def test_merging_gives_back_every_bit_even_when_it_breaks(unet, adapters):
    before = {name: weight.clone() for name, weight in unet.state_dict().items()}
    row = worn(adapters)[3]
    with suppress(KeyboardInterrupt), merged({"unet": unet}, row):
        assert not torch.equal(unet.state_dict()["conv_in.weight"], before["conv_in.weight"])
        raise KeyboardInterrupt
    after = unet.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("kind", MAKERS)
def test_all_executors_draw_what_peft_draws(kind, unet, peers, adapters, inputs):
    executor = MAKERS[kind]({"unet": unet})
    bare = copy.deepcopy(unet.state_dict())
    rows = worn(adapters)
    alone = one_by_one(peers, inputs)
    for order in (range(4), (0, 2), (3, 2, 1, 0), (1, 1), (2, 2)):
        mine = [rows[index] for index in order]
        images = by_row(executor, "unet", mine, partial(some, unet, inputs, list(order)))
        assert (torch.stack(images) - alone[list(order)]).abs().max() <= 1e-5
        executor.restore()
    executor.close()
    assert hooks(unet) == 0
    assert all(torch.equal(weight, bare[name]) for name, weight in unet.state_dict().items())


def some(
    unet: nn.Module, inputs: Sequence[Tensor], order: Sequence[int], group: Sequence[int]
) -> Tensor:
    return draw(unet, inputs, [order[index] for index in group])


def test_merging_draws_equal_recipes_together_and_merges_each_once(unet, adapters):
    a, b, c, d = worn(adapters)
    executor = Merging({"unet": unet})
    rows = [a, b, a, c, d, b]
    assert executor.groups("unet", rows) == [[0, 2], [1, 5], [3], [4]]
    for _ in range(3):
        for row in (a, c, b):
            with executor.applied("unet", [row, row]):
                pass
        executor.restore()
    assert executor.merges == 2  # of what is bare nothing is made
    executor.close()


def loud(path: str, down: Tensor, up: Tensor) -> Factors:
    return Factors("loud", "00", {("unet", path): Layer(down, up)})


@pytest.mark.parametrize(
    ("down", "up"), [(6e4, 1.0), (1.0, 1e6), (1e6, 1e6)], ids=["activations", "up", "both"]
)
@pytest.mark.parametrize("kind", ["linear", "conv"])
def test_what_overflows_half_precision_harms_only_who_wears_it(kind, down, up) -> None:
    torch.manual_seed(5)
    layer = nn.Linear(8, 8) if kind == "linear" else nn.Conv2d(8, 8, 1)
    module = nn.ModuleDict({"layer": layer.half()})
    inner, x = ((), torch.rand(3, 4, 8)) if kind == "linear" else ((1, 1), torch.rand(3, 8, 4, 4))
    tame = Factors(
        "tame", "11", {("unet", "layer"): Layer(torch.rand(2, 8, *inner), torch.rand(8, 2))}
    )
    wild = loud("layer", torch.full((1, 8, *inner), down), torch.full((8, 1), up))

    def drawn(*rows: Row) -> Tensor:
        stack = Stack(module, "unet")
        stack.wear(rows)
        with torch.inference_mode():
            told = layer(x.half() * 100)
        stack.remove()
        return told

    calm = drawn((), ((tame, 0.5),), ())
    crowd = drawn(((wild, 1.0),), ((tame, 0.5),), ())
    assert not crowd[0].isfinite().all()
    assert torch.equal(crowd[2], calm[2])
    assert torch.allclose(crowd[1], calm[1], rtol=2e-3)
