"""Several rankings become one list, by hand: who is told where not everybody can be."""

import numpy as np

from stylus_engine.retrieval.fusion import Pair, chosen, clusters, fused


def told(most: int, *pairs: Pair) -> list[tuple[str, int]]:
    return [(pair.card_id, pair.part) for pair in chosen(pairs, most)]


def test_who_stands_in_two_rankings_goes_before_who_leads_one() -> None:
    assert fused(["a", "b"], ["c", "b"]) == ["b", "a", "c"]
    assert fused([1, 2, 3], [3, 1]) == [1, 3, 2]


def test_a_quiet_part_keeps_its_best_however_loud_another_is() -> None:
    loud = [Pair(name, 2, rank, 1 - rank / 10) for rank, name in enumerate("abc", start=1)]
    assert told(2, *loud, Pair("q", 1, 1, 0.1)) == [("q", 1), ("a", 2)]


def test_an_adapter_keeps_its_two_nearest_parts_and_the_whole_and_where_it_is_the_best() -> None:
    near = [Pair("a", part, 2, 0.6 + part / 10) for part in (1, 2, 3)]
    best, whole = Pair("a", 4, 1, 0.1), Pair("a", 0, 2, 0.05)
    assert told(9, *near, best, whole) == [("a", 0), ("a", 2), ("a", 3), ("a", 4)]


def test_everybody_s_nearest_part_goes_before_anybody_s_second() -> None:
    pairs = (
        Pair("a", 1, 1, 0.9),
        Pair("b", 2, 1, 0.8),
        Pair("a", 2, 2, 0.85),
        Pair("c", 2, 3, 0.3),
        Pair("d", 2, 4, 0.2),
    )
    assert told(3, *pairs) == [("a", 1), ("b", 2), ("c", 2)]
    assert told(5, *pairs) == [("a", 1), ("b", 2), ("a", 2), ("c", 2), ("d", 2)]


def test_look_alikes_of_look_alikes_are_one_cluster() -> None:
    turns = np.radians([0, 20, 40, 90])
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    assert clusters("abcd", vectors) == {"a": 0, "b": 0, "c": 0, "d": 3}
    assert clusters([], np.zeros((0, 2), np.float32)) == {}
