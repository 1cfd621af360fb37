"""The sums behind the load table, where the answer can be worked out by hand."""

import pytest

from benchmarks.load.fairness import (
    Turn,
    demands,
    fair_shares,
    jain,
    jain_of_demand,
    largest_lead,
    when_half_was_served,
)
from benchmarks.load.rows import edge_of, p99
from benchmarks.load.witness import Seen, between, sent_at

ADA, BEN, CLEO = 1, 2, 3


def served(*order: int) -> list[Turn]:
    """All asked at 0; one is served every second, in this order."""
    return [Turn(user, 0.0, float(at)) for at, user in enumerate(order, start=1)]


@pytest.mark.parametrize(
    ("shares", "index"), [((2, 2, 2), 1.0), ((1, 0, 0, 0), 0.25), ((3, 1), 0.8)]
)
def test_jains_index(shares: tuple[int, ...], index: float):
    assert jain(shares) == pytest.approx(index)


def test_half_counts_those_who_got_nothing_yet():
    half = when_half_was_served([*served(ADA, BEN, ADA, BEN), Turn(CLEO, 0.0, None)])
    assert half == {ADA: 1, BEN: 1, CLEO: 0}


def test_max_min_shares_go_round_until_nothing_is_left():
    assert fair_shares({ADA: 20, BEN: 2, CLEO: 5}, 12) == {ADA: 5, BEN: 2, CLEO: 5}
    assert fair_shares({ADA: 20, BEN: 2, CLEO: 5}, 4) == {ADA: 2, BEN: 1, CLEO: 1}
    assert sum(fair_shares({ADA: 1, BEN: 1}, 9).values()) == 2


def test_whoever_asked_more_and_got_more_first_is_unfair():
    fair = served(ADA, BEN, ADA, BEN, ADA, ADA, ADA, ADA)
    greedy = served(ADA, ADA, ADA, ADA, ADA, ADA, BEN, BEN)
    indices = [jain_of_demand(when_half_was_served(t), demands(t)) for t in (fair, greedy)]
    assert indices == pytest.approx([1.0, 0.5])


def test_the_lead_counts_only_while_both_wait():
    assert largest_lead(served(ADA, BEN, ADA, BEN)) == 1
    assert largest_lead(served(ADA, ADA, ADA, BEN)) == 3
    early = [Turn(ADA, 0.0, 1.0), Turn(ADA, 0.0, 2.0), Turn(ADA, 0.0, 3.0), Turn(BEN, 4.0, 5.0)]
    assert largest_lead(early) == 0


def test_percentiles_are_the_nearest_rank_and_the_steps_upper_edge():
    assert p99([float(n) for n in range(1, 201)]).max == 198.0
    late = {0.005: 98, 0.05: 1, 0.1: 1}
    assert [edge_of(late, share) for share in (0.5, 0.99, 1.0)] == [0.005, 0.05, 0.1]
    assert between({0.005: 90}, late) == {0.005: 8, 0.05: 1, 0.1: 1}


def row(method: str, path: str, status: int = 200, **more: object) -> dict[str, object]:
    usual = {"direction": "request", "at": 10.0, "ms": 500.0, "body": {"type": 4}, "files": []}
    return {**usual, "method": method, "path": path, "status": status, "findings": [], **more}


def test_the_journal_is_read_for_what_a_load_asks():
    seen, job = Seen(), "01M834C0TGQGX61MGH0DNVPSYK"
    seen.hear(row("POST", "/interactions/7/…/callback", interaction="7"))
    seen.hear(row("POST", "/interactions/8/…/callback", interaction="8", body={"type": 5}))
    seen.hear(row("POST", "/interactions/9/…/callback", 404, interaction="9"))
    status, end = {"components": [f"sty:1:{job}:cancel"]}, {"components": [f"sty:1:{job}:again"]}
    seen.hear(row("PATCH", "/webhooks/1/…/messages/@original", interaction="7", body=status))
    seen.hear(row("PATCH", "/webhooks/1/…/messages/@original", interaction="7", body=end))
    seen.hear(
        row(
            "PATCH",
            "/webhooks/1/…/messages/@original",
            interaction="7",
            files=[[f"{job}_1.png", 9]],
        )
    )
    seen.hear(row("POST", "/channels/5/messages", 429))
    assert seen.answered == {"7": 10.5, "8": 10.5}
    assert seen.thinking == {"8"}
    assert seen.edits["7"] == [10.0]
    assert seen.cards[job].interaction == "7"
    assert (seen.limited, len(seen.refused), seen.pings) == (1, 1, 0)


def test_an_interaction_tells_when_it_was_sent():
    assert sent_at(str(175928847299117063)) == pytest.approx(
        1462015105.796
    )  # Discord's own example
