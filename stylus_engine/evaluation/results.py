"""From a journal to the table, on one page: measure, split by arm, compare with ours."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from stylus_engine.evaluation import tables
from stylus_engine.evaluation.campaign import Arm
from stylus_engine.evaluation.distances import distances
from stylus_engine.evaluation.journal import Shown, whole
from stylus_engine.evaluation.marks import Instruments, Mark, Vectors, measure
from stylus_engine.evaluation.questions import Ask
from stylus_engine.evaluation.tables import OURS, Distance, Gap, Grids, Table, Worth
from stylus_engine.ports import Pixels


def marks_of(
    shown: Sequence[Shown],
    asks: Sequence[Ask],
    arms: Sequence[Arm],
    by: Instruments,
    tell: Callable[[int], None],
) -> list[Mark]:
    """Every picture of the prompts that all arms have."""
    names = [arm.name for arm in arms]
    paired = list(whole(shown, [ask.id for ask in asks], names))
    return measure(paired, {ask.id: ask for ask in asks}, by, tell)


def table(
    marks: Sequence[Mark],
    arms: Sequence[Arm],
    by: Instruments,
    reference: Sequence[Pixels],
    failed: int,
) -> Table:
    """All rows. `reference`: what FID and KID are measured to; without any there are none."""
    found = {arm.name: tables.grids(marks, arm.name) for arm in arms}
    real = by.features.of(reference) if reference else None
    return Table(
        instruments=_names(by),
        prompts=len({mark.ask.id for mark in marks}),
        images=len(marks),
        failed=failed,
        arms=[_worth(arm, found[arm.name], real) for arm in arms],
        gaps=_gaps(found, arms),
    )


def _worth(arm: Arm, found: Grids, real: Vectors | None) -> Worth:
    features = [mark.feature for grid in found.values() for mark in grid]
    away = distances(np.stack(features), real) if features and real is not None else None
    told = (
        Distance(fid=away.fid, kid=away.kid, kid_spread=away.kid_spread, n=away.n) if away else None
    )
    return tables.worth(arm, found, told)


def _gaps(found: Mapping[str, Grids], arms: Sequence[Arm]) -> list[Gap]:
    """Ours against every other arm of the same guidance."""
    ours = {arm.guidance: arm for arm in arms if arm.method == OURS}
    return [
        gap
        for arm in arms
        if (own := ours.get(arm.guidance)) and own != arm
        for gap in tables.gaps(found[own.name], found[arm.name], arm)
    ]


def _names(by: Instruments) -> dict[str, str]:
    named = {"features": by.features.name, "truth": by.judge.name if by.judge else "none"}
    return named | {"likeness": by.scorer.name if by.scorer else "none"}
