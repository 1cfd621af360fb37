"""Pages of lists, as they stand in buttons."""

from hypothesis import given
from hypothesis import strategies as st

from bot.cards.paging import Page
from bot.custom_ids import parse

pages = st.builds(
    Page,
    list=st.sampled_from(["history", "favourites", "adapters"]),
    number=st.integers(0, 9999),
    query=st.text(st.characters(exclude_categories=("Cs",)), max_size=80),
)


@given(pages)
def test_a_page_comes_back_from_its_button_with_the_beginning_of_its_query(page: Page):
    pressed = parse(page.pressed.custom_id)
    assert pressed is not None
    back = Page.parse(pressed.argument)
    assert back is not None
    assert (back.list, back.number) == (page.list, page.number)
    assert page.query.startswith(back.query)
    assert back.query == page.query or len(page.query.encode()) > 20


@given(st.text(max_size=60) | st.from_regex(r"(history|adapters|x)~[0-9]{0,5}(~[\w-]{0,40})?"))
def test_whatever_did_not_come_from_here_is_none(argument: str):
    page = Page.parse(argument)
    assert page is None or argument.startswith(page.list)
