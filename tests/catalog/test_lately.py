"""Answers for a while: the newest stay, by count and by bytes, also those that lay elsewhere before."""

import pytest

from stylus_engine.catalog.catalogue import Catalogue
from stylus_engine.catalog.lately import Lately


@pytest.fixture
def place(tmp_path):
    return tmp_path / "catalog.db"


def there(store, *keys):
    return [key for key in keys if store.remembered(key) is not None]


def test_the_oldest_go_when_there_are_too_many(place):
    store = Lately(place, "c:", most=3)
    assert store.remembered("c:1") is None
    for number in range(1, 6):
        store.remember(f"c:{number}", b"x")
    assert there(store, *(f"c:{n}" for n in range(1, 6))) == ["c:3", "c:4", "c:5"]
    store.remember("c:3", b"anew")  # as new as the newest
    store.remember("c:6", b"x")
    assert there(store, *(f"c:{n}" for n in range(1, 7))) == ["c:3", "c:5", "c:6"]
    assert store.remembered("c:3") == b"anew"


def test_or_too_much_of_them_and_the_newest_always_stays(place):
    store = Lately(place, "c:", most_bytes=1000)
    for number in range(4):
        store.remember(f"c:{number}", bytes(400))
    assert there(store, *(f"c:{n}" for n in range(4))) == ["c:2", "c:3"]
    store.remember("c:9", bytes(5000))
    assert there(store, "c:2", "c:3", "c:9") == ["c:9"]


def test_those_of_an_older_version_are_taken_over_and_no_others(place):
    catalogue = Catalogue(place)
    catalogue.remember("c:old", b"1")
    catalogue.remember("refiner:paid", b"2")
    store = Lately(place, "c:", most=2)
    store.remember("c:new", b"3")
    assert there(store, "c:old", "c:new") == ["c:old", "c:new"]
    assert catalogue.remembered("c:old") is None
    assert catalogue.remembered("refiner:paid") == b"2"
    store.remember("c:newer", b"4")
    assert there(store, "c:old", "c:new", "c:newer") == ["c:new", "c:newer"]
