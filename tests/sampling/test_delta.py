"""The arithmetic of one layer, against LyCORIS' and peft's own modules."""

import math
from typing import cast

import pytest
import torch
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn

from stylus_engine.sampling.delta import Cut, Made, make, whole
from stylus_engine.sampling.products import Misfit

LINEAR = (48, 40)
CONV = (32, 24, 3, 3)


def base(shape: tuple[int, ...], seed: int = 0) -> nn.Linear | nn.Conv2d:
    torch.manual_seed(seed)
    if len(shape) == 2:
        return nn.Linear(shape[1], shape[0], bias=False)
    return nn.Conv2d(shape[1], shape[0], shape[2], padding=1, bias=False)


def random(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def parts_of(module: nn.Module) -> dict[str, Tensor]:
    """A LyCORIS module's own state dict, after every weight in it was made random."""
    for number, (name, weight) in enumerate(module.named_parameters()):
        noise = random(tuple(weight.shape), number)
        weight.data = weight.data * (1 + 0.1 * noise) if name == "dora_scale" else noise * 0.2
    state = module.custom_state_dict()  # pyright: ignore[reportCallIssue] - nn.Module hides it
    return {name.removesuffix(".weight"): tensor.detach() for name, tensor in state.items()}


def delta(made: Made) -> Tensor:
    return torch.einsum("or,r...->o...", made.layer.up.double(), made.layer.down.double())


def apart(ours: Tensor, theirs: Tensor) -> float:
    return ((ours - theirs.detach().double()).norm() / theirs.norm()).item()


CASES = [
    (LohaModule, shape, {"use_tucker": tucker, "lora_dim": 3})
    for shape, tucker in ((LINEAR, False), (CONV, False), (CONV, True))
] + [
    (LokrModule, shape, more)
    for shape in (LINEAR, CONV)
    for more in (
        {"lora_dim": 2, "factor": 4},
        {"lora_dim": 1, "factor": 8, "decompose_both": True},
        {"lora_dim": 100, "factor": 4},
        {"lora_dim": 2, "factor": -1, "use_tucker": True},
        {"lora_dim": 2, "factor": 4, "full_matrix": True},
        {"lora_dim": 2, "factor": 4, "rs_lora": True},
    )
]


@pytest.mark.parametrize(("kind", "shape", "more"), CASES)
def test_lycoris_modules_weigh_what_lycoris_says(kind, shape, more):
    """`get_weight` is the reference: LyCORIS 4.1.3's `get_diff_weight` scales a second time."""
    layer = base(shape)
    module = kind("m", layer, alpha=1.5, **more)
    parts = parts_of(module)
    assert whole(parts) == set(parts)
    made = make(parts, layer.weight.detach(), Cut())
    assert apart(delta(made), module.get_weight(shape)) <= 2e-6
    assert made.residual <= 1e-6


@pytest.mark.parametrize(("shape", "tucker"), [(LINEAR, False), (CONV, False), (CONV, True)])
def test_locon_modules_weigh_what_lycoris_says(shape, tucker):
    layer = base(shape)
    module = LoConModule("m", layer, lora_dim=4, alpha=3, use_tucker=tucker)
    parts = parts_of(module)
    assert ("lora_mid" in parts) == tucker
    made = make(parts, layer.weight.detach(), Cut())
    assert apart(delta(made), module.get_diff_weight()[0]) <= 2e-6
    assert made.layer.rank == 4


@pytest.mark.parametrize("kind", [LoConModule, LohaModule, LokrModule])
@pytest.mark.parametrize("shape", [LINEAR, CONV, (32, 32)])
@pytest.mark.parametrize("on_out", [True, False])
def test_decomposed_weights_are_what_lycoris_merges(kind, shape, on_out):
    """At alpha = rank, where LyCORIS' doubled scale is 1."""
    layer = base(shape)
    module = kind("m", layer, lora_dim=4, alpha=4, weight_decompose=True, wd_on_out=on_out)
    made = make(parts_of(module), layer.weight.detach(), Cut())
    wanted = module.get_merged_weight(shape=layer.weight.shape)[0] - layer.weight
    assert apart(delta(made), wanted) <= 5e-6


@pytest.mark.parametrize("shape", [LINEAR, (32, 32)])
def test_peft_magnitudes_are_what_peft_merges(shape):
    layer = base(shape)
    weight = layer.weight.detach().clone()
    config = LoraConfig(r=4, lora_alpha=6, target_modules=["0"], use_dora=True)
    model = get_peft_model(nn.Sequential(layer), config)
    lora = model.get_submodule("base_model.model.0")
    assert isinstance(lora, Linear)
    down, up = lora.lora_A["default"].weight, lora.lora_B["default"].weight
    magnitude = cast("Tensor", lora.lora_magnitude_vector["default"].weight)
    up.data = random((shape[0], 4)) * 0.2
    magnitude.data = magnitude.data * (1 + 0.1 * random(shape[:1], 1))
    parts = {"lora_down": down, "lora_up": up, "magnitude": magnitude}
    lora.merge()
    parts = {name: tensor.detach() for name, tensor in parts.items()}
    made = make(parts, weight, Cut(), scale=6 / 4)
    merged = cast("Tensor", lora.get_base_layer().weight)
    assert apart(delta(made), merged - weight) <= 5e-6


def loha(rank: int, shape: tuple[int, int] = (64, 80)) -> dict[str, Tensor]:
    names = ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")
    sizes = ((shape[0], rank), (rank, shape[1])) * 2
    return {name: random(size, n) for n, (name, size) in enumerate(zip(names, sizes, strict=True))}


@pytest.mark.parametrize("shape", [(64, 80), (80, 64)])
@pytest.mark.parametrize("keep", [0.9, 0.99, 0.999])
def test_a_cut_keeps_its_share_with_the_smallest_rank(shape, keep):
    parts = loha(7, shape)
    parts["hada_w1_a"] *= torch.logspace(0, -2, 7)  # a spectrum that falls
    wanted = (parts["hada_w1_a"] @ parts["hada_w1_b"]) * (parts["hada_w2_a"] @ parts["hada_w2_b"])
    energy = torch.linalg.svdvals(wanted.double()) ** 2
    share = energy.cumsum(0) / energy.sum()
    made = make(parts, torch.zeros(shape), Cut(exact_rank=16, keep=keep, most_rank=99))
    assert made.layer.rank == int((share < keep).sum()) + 1
    assert made.kept == pytest.approx(share[made.layer.rank - 1].item(), abs=1e-9)
    assert made.residual == pytest.approx(math.sqrt(1 - made.kept), rel=1e-4)
    assert apart(delta(made), wanted) == pytest.approx(made.residual, rel=1e-3)


def test_the_most_rank_is_kept_and_what_it_cost_is_told():
    made = make(loha(7), torch.zeros(64, 80), Cut(exact_rank=16, keep=0.9999, most_rank=8))
    assert made.layer.rank == 8
    assert made.kept < 0.9
    assert made.residual == pytest.approx(math.sqrt(1 - made.kept), rel=1e-4)


def test_small_ranks_are_exact_and_not_rediscovered():
    made = make(loha(3), torch.zeros(64, 80), Cut(exact_rank=16))
    assert (made.layer.rank, made.kept) == (9, 1.0)
    assert made.residual <= 1e-6


def test_a_layer_smaller_than_the_product_is_exact_too():
    made = make(loha(7, (20, 80)), torch.zeros(20, 80), Cut())
    assert made.layer.rank == 20
    assert made.residual <= 1e-6


def test_lokr_of_two_whole_operands_ignores_alpha():
    parts = {"lokr_w1": random((4, 2)), "lokr_w2": random((12, 20), 1)}
    wanted = torch.kron(parts["lokr_w1"], parts["lokr_w2"])
    made = make(parts | {"alpha": torch.tensor(7.0)}, torch.zeros(LINEAR), Cut())
    assert apart(delta(made), wanted) <= 1e-6


def test_lycoris_reads_alpha_zero_as_the_rank_and_diffusers_as_zero():
    zero = {"alpha": torch.tensor(0.0)}
    made = make(loha(3) | zero, torch.zeros(64, 80), Cut())
    assert apart(delta(made), delta(make(loha(3), torch.zeros(64, 80), Cut()))) == 0
    plain = {"lora_down": random((4, 40)), "lora_up": random((48, 4), 1)}
    assert not delta(make(plain | zero, torch.zeros(LINEAR), Cut())).any()


def test_an_update_of_nothing_is_nothing():
    parts = {name: torch.zeros_like(tensor) for name, tensor in loha(7).items()}
    made = make(parts, torch.zeros(64, 80), Cut(exact_rank=4))
    assert not delta(made).any()
    assert (made.kept, made.residual) == (1.0, 0.0)


def test_a_decomposed_row_of_nothing_is_not_nan():
    parts = {
        "lora_down": torch.zeros(2, 40),
        "lora_up": torch.zeros(48, 2),
        "dora_scale": torch.ones(48, 1),
    }
    weight = random(LINEAR)
    weight[3] = 0
    assert torch.isfinite(delta(make(parts, weight, Cut()))).all()


@pytest.mark.parametrize(
    ("part", "shape"),
    [
        ("hada_w1_a", (64, 4)),
        ("hada_w1_b", (3, 81)),
        ("hada_w2_a", (65, 3)),
        ("alpha", (2,)),
        ("dora_scale", (3, 1)),
    ],
)
def test_shapes_that_do_not_go_together(part, shape):
    with pytest.raises(Misfit) as caught:
        make(loha(3) | {part: torch.ones(shape)}, torch.zeros(64, 80), Cut())
    assert caught.value.found != caught.value.needed


@pytest.mark.parametrize("gone", ["hada_w1_a", "hada_w2_b"])
def test_half_an_update_is_no_update(gone):
    parts = loha(3) | {"alpha": torch.tensor(1.0)}
    assert whole(parts) == set(parts)
    del parts[gone]
    assert whole(parts) == set()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("alpha", [4.0, 1.0, 0.3, 0.0])
def test_the_short_way_of_plain_layers_gives_the_bits_of_the_long_one(dtype, alpha):
    dice = torch.Generator().manual_seed(3)
    parts = {
        "lora_down": torch.randn(4, 5, 3, 3, generator=dice).to(dtype),
        "lora_up": torch.randn(6, 4, 1, 1, generator=dice).to(dtype),
        "alpha": torch.tensor(alpha),
    }
    short = make(parts, torch.zeros(6, 5, 3, 3), Cut())
    up, down = parts["lora_up"].double().flatten(1), parts["lora_down"].double()
    assert torch.equal(short.layer.up, (up * (parts["alpha"].item() / 4)).float())
    assert torch.equal(short.layer.down, down.float())
    assert (short.kept, short.residual) == (1.0, 0.0)
