"""The ladder of ways, as pure steps; how it goes over a socket stands in `test_model`."""

from itertools import pairwise

from stylus_engine.catalog.refiner.ways import Ladder, Way, lower

SILENT = "Bad Request"


def walk(way: Way | None, complaint: str) -> list[Way]:
    found = []
    while way is not None:
        found.append(way)
        way = lower(way, complaint)
    return found


def test_a_silent_server_is_asked_in_every_form_first_with_pictures():
    ways = walk(Way(), SILENT)
    assert [(way.form, way.sees) for way in ways] == [
        (form, sees) for sees in (True, False) for form in ("schema", "json", "plain")
    ]
    assert [way.form for way in walk(Way(sees=False), SILENT)] == ["schema", "json", "plain"]


def test_what_it_says_chooses_the_step():
    assert lower(Way(), "image_url is only supported by certain models") == Way(sees=False)
    assert lower(Way(), "Use 'max_completion_tokens' instead") == Way(modern=True)
    assert lower(Way(), "response_format of type json_schema is not supported") == Way("json")


def test_every_walk_ends():
    for complaint in (SILENT, "image", "max_tokens", "image response_format max_tokens"):
        ways = walk(Way(), complaint)
        assert len(ways) <= 8
        assert all(one != two for one, two in pairwise(ways))


def test_one_card_does_not_make_a_server_blind():
    ladder = Ladder()
    ladder.worked(Way(sees=False), pictures=True)
    assert ladder.first(pictures=True).sees
    assert not ladder.settled(pictures=True)
    ladder.worked(Way(sees=False), pictures=True)
    assert not ladder.first(pictures=True).sees
    assert ladder.settled(pictures=True)


def test_a_server_that_saw_once_sees():
    ladder = Ladder()
    ladder.worked(Way(), pictures=True)
    for _ in range(5):
        ladder.worked(Way(sees=False), pictures=True)
    assert ladder.first(pictures=True).sees
