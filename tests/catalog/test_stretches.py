"""A catalogue as something to follow and to page through: which one it is, and stretches of its names."""

import threading
from pathlib import Path

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from tests.catalog.pages import NOW, catalogue, ids, item, page

__all__ = ["catalogue"]  # a fixture


def test_a_catalogue_knows_which_one_it_is_and_one_made_anew_is_another(tmp_path: Path):
    place = tmp_path / "catalog.db"
    first = Catalogue(place).identity()
    assert first == Catalogue(place).identity()
    assert len(first) == 16
    for each in tmp_path.iterdir():
        each.unlink()
    assert Catalogue(place).identity() != first


def test_each_change_is_a_card_s_and_a_card_s_last_one_is_known(catalogue: Catalogue):
    catalogue.take("test", page(item(1), item(2)), NOW)
    for change in catalogue.after(0, 9):
        assert catalogue.card_of(change.seq) == change.card_id
        assert catalogue.number_of(change.card_id) == change.seq
    assert catalogue.card_of(catalogue.last() + 1) == ""
    assert catalogue.number_of("test:nobody") == 0


def test_changes_of_what_is_remembered_are_not_lost_between_writers(tmp_path: Path):
    def count() -> None:
        mine = Catalogue(tmp_path / "catalog.db")
        for _ in range(20):
            mine.change("n", lambda kept: str(int(kept or b"0") + 1).encode())

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Catalogue(tmp_path / "catalog.db").remembered("n") == b"80"


@pytest.mark.parametrize("text", ["", "ink", "in", "card"])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_stretch_after_stretch_is_every_card_once_in_order(
    catalogue: Catalogue, text: str, size: int
):
    """Many are as popular as each other, which is where an order by itself is not enough."""
    items = [item(n, name=f"{'Ink' if n % 2 else 'Card'} {n}", popularity=n % 3) for n in range(20)]
    catalogue.take("t", page(*items), NOW)
    wanted = sorted(
        (n for n in range(20) if text in items[n].card.name.casefold()), key=lambda n: (-(n % 3), n)
    )
    found, after = [], ""
    while stretch := catalogue.named(text, size, after):
        assert len(stretch) <= size
        found += ids(stretch)
        after = found[-1]
    assert found == [f"t:{n}:1" for n in wanted]
    some = [f"t:{n}:1" for n in (3, 4, 17, 99)]
    assert ids(catalogue.among(some, text)) == [each for each in found if each in some]
    assert catalogue.named(text, 5, "t:99:1") == []
