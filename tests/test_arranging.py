"""Shots for the masks that were asked for, in an order that the root's seed decides."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stylus_engine.engine import Arrangement, Engine, Method
from stylus_engine.errors import AdapterWithdrawn, UnknownName
from stylus_engine.model import Adapter, Candidate, Checkpoint, Event, Plan, Query, Request
from stylus_engine.planning.masks import MOST_CODES, mask_of, sizes
from stylus_engine.planning.presets import presets
from stylus_engine.planning.weights import Budgets
from tests.planning.plans import plan

CHECKPOINT = Checkpoint(id="c", name="tiny", path="/c", family="sd1-32", size=64, multiple=8)
PLAN = plan(2, 2, 2)


class Rooms:
    """Every port the engine needs for planning; counts what is composed."""

    def __init__(self) -> None:
        self.composed = 0
        self.today: dict[str, Adapter] = {}

    def find(self, name: str) -> Checkpoint:
        return CHECKPOINT

    def get(self, card_id: str) -> Adapter:
        """The card as it is known today; nobody knows any unless a test says so."""
        if card_id not in self.today:
            raise UnknownName(kind="adapter", name=card_id, known="")
        return self.today[card_id]

    def fits(self, checkpoint: Checkpoint, text: str, adapters: Sequence[Adapter] = ()) -> bool:
        return True

    async def recall(self, query: Query) -> Sequence[Candidate]:
        return ()

    async def compose(
        self, request: Request, query: Query, candidates: Sequence[Candidate]
    ) -> Plan:
        self.composed += 1
        return PLAN

    async def draw(self) -> AsyncGenerator[Event, None]:
        raise AssertionError
        yield


def arranged(request: Request, rooms: Rooms | None = None, **given: object) -> Arrangement:
    rooms = rooms or Rooms()
    method = Method(rooms, rooms, presets(Budgets())["stylus"])
    engine = Engine(
        checkpoints=rooms,
        cards=rooms,  # pyright: ignore[reportArgumentType] - nothing is pinned here
        methods={"stylus": method},
        tokens=rooms,
        walker=rooms,  # pyright: ignore[reportArgumentType] - nothing is drawn here
    )
    return asyncio.run(engine.arrange(request, "job", **given))  # pyright: ignore[reportArgumentType] - named by the tests


def request(**fields: int) -> Request:
    return Request(prompt=PLAN.prompt, **({"seed": 5} | fields))  # pyright: ignore[reportArgumentType] - numbers all


def codes(made: Arrangement) -> list[str]:
    return [shot.recipe.mask.code for shot in made.shots]


def test_a_root_gets_a_plan_its_order_and_the_first_masks() -> None:
    rooms = Rooms()
    made = arranged(request(count=4), rooms)
    assert rooms.composed == 1
    assert (made.plan, made.total, len(made.order)) == (PLAN, 63, 63)
    assert codes(made) == list(made.order[:4])
    assert len(set(made.order)) == 63


def test_a_plan_that_is_given_is_not_composed_again() -> None:
    rooms = Rooms()
    made = arranged(request(), rooms, plan=PLAN, masks=("10.10.10",))
    assert rooms.composed == 0
    assert codes(made) == ["10.10.10"]


def test_the_masks_asked_for_are_drawn_in_their_order_with_seeds_by_position() -> None:
    asked = ("01.01.01", "11.10.01", "01.01.01")
    made = arranged(request(count=8, seed=2**32 - 2), plan=PLAN, masks=asked)
    assert codes(made) == list(asked)
    assert [shot.seed for shot in made.shots] == [2**32 - 2, 2**32 - 1, 0]
    assert [shot.id for shot in made.shots] == ["job-1", "job-2", "job-3"]


def test_the_order_is_the_root_s_whatever_seed_the_request_has() -> None:
    root = arranged(request(seed=5))
    derived = arranged(request(seed=99), plan=PLAN, masks=(root.order[7],), order_seed=5)
    other = arranged(request(seed=99), plan=PLAN, masks=(root.order[7],))
    assert derived.order == root.order
    assert derived.shots[0].seed == 99
    assert other.order != root.order


def test_a_large_plan_tells_only_the_first_codes() -> None:
    large = plan(3, 3, 3, 3, 3, 3)
    made = arranged(Request(prompt=large.prompt), plan=large)
    assert len(made.order) == MOST_CODES
    assert made.total > 10_000


@pytest.mark.parametrize(
    "code", ["", "1", "10.10", "10.10.1", "10.10.12", "10.10.10.10", "x" * 300]
)
def test_a_mask_of_another_plan_is_refused(code: str) -> None:
    with pytest.raises(UnknownName):
        arranged(request(), plan=PLAN, masks=(code,))


def test_a_plan_without_adapters_has_the_one_empty_mask() -> None:
    bare = plan()
    made = arranged(Request(prompt=bare.prompt, count=2), plan=bare)
    assert (made.order, made.total, codes(made)) == (("",), 1, ["", ""])
    assert codes(arranged(Request(prompt=bare.prompt), plan=bare, masks=("",))) == [""]


@given(
    shape=st.lists(st.integers(1, 3), max_size=4),
    data=st.data(),
)
def test_every_code_of_an_order_is_read_back(shape: list[int], data: st.DataObject) -> None:
    of = plan(*shape)
    made = arranged(Request(prompt=of.prompt, seed=data.draw(st.integers(0, 99))), plan=of)
    for code in made.order:
        mask = mask_of(code, of)
        assert mask.code == code
        assert tuple(map(len, mask.bits)) == sizes(of)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"real_person": True}, "it shows a real person or a minor"),
        ({"minor": True}, "it shows a real person or a minor"),
        ({"health": "quarantined", "quarantine": "it is burnt"}, "it is burnt"),
    ],
)
def test_an_old_plan_is_held_against_what_is_known_of_its_adapters_today(
    known: dict[str, object], why: str
):
    rooms = Rooms()
    chosen = PLAN.choices[-1].adapter
    rooms.today[chosen.card_id] = replace(chosen, **known)
    with pytest.raises(AdapterWithdrawn, match=f"{chosen.name} is no longer drawn with: {why}"):
        arranged(Request(prompt=PLAN.prompt), rooms, plan=PLAN)
    rooms.today[chosen.card_id] = chosen
    assert arranged(Request(prompt=PLAN.prompt), rooms, plan=PLAN).plan == PLAN
