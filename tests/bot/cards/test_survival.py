"""What a look at the finished pictures said stands on the card; where nobody looked, nothing does."""

from msgspec.structs import replace

from bot.cards.result import result
from bot.cards.sheet import Sheet
from bot.texts import Texts
from stylus_engine.model import Picture, Survival
from tests.bot.cards.examples import JOB, picture, sheet
from tests.bot.cards.reading import read

SAY = Texts.load().of("en")


def looked(index: int, survival: Survival, weight: float = 0.8, **more: object) -> Sheet:
    """The sheet everybody knows, one picture of it looked at and drawn with this weight."""
    known = sheet(SAY, JOB, **more)  # pyright: ignore[reportArgumentType] - fields by name
    changed = tuple(
        replace(one, picture=_seen(one.picture, survival, weight)) if one.index == index and one.picture else one
        for one in known.positions
    )  # fmt: skip
    return sheet(SAY, JOB, positions=changed, **more)  # pyright: ignore[reportArgumentType]


def _seen(known: Picture, survival: Survival, weight: float) -> Picture:
    shot = known.manifest.shot
    lit = tuple(replace(each, weight=weight) for each in shot.recipe.adapters)
    drawn = replace(shot, recipe=replace(shot.recipe, adapters=lit))
    return replace(picture(drawn), manifest=replace(known.manifest, shot=drawn, survival=survival))


def test_a_second_drawing_is_told_and_shown_with_the_weights_it_had() -> None:
    told = read(result(SAY, looked(1, Survival(by="eye", repaired=True), weight=1.17)))
    assert "Picture 2 was drawn a second time with other weights" in told
    assert "1.17" in told
    assert "does not seem to show" not in told


def test_what_is_still_lost_is_said_and_escaped() -> None:
    survival = Survival(by="eye", lost=("dragon", "**bold**"), repaired=True)
    told = read(result(SAY, looked(0, survival)))
    assert "Picture 1 does not seem to show: dragon" in told
    assert "**bold**" not in told


def test_where_nobody_looked_nothing_is_said() -> None:
    told = read(result(SAY, sheet(SAY, JOB)))
    assert "second time" not in told
    assert "seem to show" not in told


def test_whoever_hides_words_is_told_no_words() -> None:
    told = read(result(SAY, looked(0, Survival(by="eye", lost=("dragon",)), quiet=True)))
    assert "seem to show" not in told
