"""One page that holds everything: tables, plots, contact sheets. No script, nothing is fetched."""

import base64
from collections.abc import Callable, Iterator, Sequence
from html import escape

from stylus_engine.evaluation import plotting
from stylus_engine.evaluation.campaign import Arm
from stylus_engine.evaluation.failures import figures
from stylus_engine.evaluation.marks import Mark
from stylus_engine.evaluation.page_style import STYLE
from stylus_engine.evaluation.statistics import FEWEST, Estimate
from stylus_engine.evaluation.tables import FIGURES, OURS, Duel, Gap, Table, Worth

SHOWN, ROOM = 24, 24 << 20  # prompts on the contact sheet, bytes of pictures at most
PERCENT = frozenset(
    name for name in FIGURES
    if name.startswith(("truth", "pictures", "the part", "lit adapters", "needs"))
)  # fmt: skip


def page(
    table: Table, marks: Sequence[Mark], arms: Sequence[Arm], read: Callable[[str], bytes]
) -> str:
    """The whole report; `read` gives a picture's file."""
    parts = [_head(table), _arms(table), _distances(table), _categories(table), _gaps(table.gaps)]
    parts += [_duels(table.duels)]
    parts += [_pareto(table), _failures(table), _sheet(marks, arms, read)]
    title = "Who draws better"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{''.join(parts)}</main></body></html>\n"
    )


def told(name: str, value: Estimate | None) -> str:
    """A figure as people read it; shares are percentages."""
    if value is None:
        return "–"
    return f"{100 * value.mean:.1f} %" if name in PERCENT else f"{value.mean:.3g}"


def gained(name: str, value: Estimate) -> str:
    """A difference as people read it; that of two shares is in points."""
    share = name in PERCENT
    said = f"{100 * value.mean:+.1f}" if share else f"{value.mean:+.3g}"
    return (said if float(said) else said[1:]) + (" points" if share else "")


def sides(away: Estimate) -> tuple[bool, bool]:
    """Whether a difference lies surely above 0, surely below it."""
    return away.sure and away.low > 0, away.sure and away.high < 0


def span(name: str, value: Estimate | None, *, signed: bool = False) -> str:
    """Its 95 % interval; of too few prompts for one, their number."""
    if value is None:
        return ""
    if not value.sure:
        return f"n = {value.n}"
    times, sign = (100 if name in PERCENT else 1), "+" if signed else ""
    digits = ".1f" if name in PERCENT else ".3g"
    return f"{times * value.low:{sign}{digits}} … {times * value.high:{sign}{digits}}"


def _head(table: Table) -> str:
    by = ", ".join(f"{what} by {name}" for what, name in table.instruments.items())
    arms = f"{len(table.arms)} arms" if len(table.arms) > 1 else "one arm"
    lost = f" {table.failed} pictures failed; what they are to be compared with is left out."
    return (
        f"<p>{table.prompts} prompts, {table.images} pictures in {arms}; the same "
        f"prompts, seeds, count, suffix and negative prompt in every arm. Measured: {escape(by)}."
        f"{lost if table.failed else ''} Behind each figure stands its 95 % interval, prompts drawn anew; "
        f"fewer than {FEWEST} prompts have none.</p>"
    )


def _arms(table: Table) -> str:
    """Figures down, arms across: there are more figures than arms."""
    head = "".join(f"<th>{escape(arm.arm)}</th>" for arm in table.arms)
    rows = [_row(name, table.arms) for name in FIGURES]
    return f"<h2>Every arm</h2>{_table(f'<th></th>{head}', rows)}"


def _row(name: str, arms: Sequence[Worth]) -> str:
    values = [arm.figures.get(name) for arm in arms]
    if not any(values):
        return ""
    cells = "".join(_cell(name, value, _mine(arm)) for arm, value in zip(arms, values, strict=True))
    return f"<tr><th>{escape(name)}</th>{cells}</tr>"


def _cell(name: str, value: Estimate | None, style: str = "") -> str:
    return f"<td{style}>{told(name, value)}<small>{span(name, value)}</small></td>"


def _mine(arm: Worth) -> str:
    return ' class="ours"' if arm.method == OURS else ""


def _distances(table: Table) -> str:
    known = [(arm, arm.distance) for arm in table.arms if arm.distance]
    if not known:
        return ""
    rows = [
        f"<tr><th>{escape(arm.arm)}</th><td>{d.fid:.3g}</td>"
        f"<td>{d.kid:.3g}<small>± {d.kid_spread:.2g}</small></td><td>{d.n}</td></tr>"
        for arm, d in known
    ]
    note = f"Features: {escape(table.instruments['features'])}. FID is biased by the number of pictures, which is the same for all; KID is not."
    head = "<th></th><th>FID</th><th>KID</th><th>pictures</th>"
    return f"<h2>Distance to the reference</h2><p>{note}</p>{_table(head, rows)}"


def _categories(table: Table) -> str:
    names = sorted({name for arm in table.arms for name, known in arm.categories.items() if known})
    if not names:
        return ""
    head = "".join(f"<th>{escape(arm.arm)}</th>" for arm in table.arms)
    rows = [
        f"<tr><th>{escape(name)}</th>"
        + "".join(_cell("truth", arm.categories.get(name), _mine(arm)) for arm in table.arms)
        + "</tr>"
        for name in names
    ]
    return f"<h2>Truth by kind of prompt</h2>{_table(f'<th></th>{head}', rows)}"


def _gaps(gaps: Sequence[Gap]) -> str:
    rows = [_gap(gap) for gap in gaps if gap.difference is not None]
    if not rows:
        return ""
    head = "<th>stylus less …</th><th>figure</th><th>difference</th><th>interval</th><th>ratio</th><th>prompts</th>"
    note = "Paired by prompt. Green: the whole interval lies above 0; red: below."
    return f"<h2>Ours against each</h2><p>{note}</p>{_table(head, rows)}"


def _gap(gap: Gap) -> str:
    away = gap.difference
    if away is None:
        return ""
    above, below = sides(away)
    colour = "up" if above else "down" if below else ""
    ratio = f"{gap.ratio.mean:.2f}<small>{_between(gap.ratio)}</small>" if gap.ratio else "–"
    return (
        f"<tr><th>{escape(gap.theirs)}</th><td>{escape(gap.what)}</td>"
        f'<td class="{colour}">{gained(gap.what, away)}</td>'
        f"<td>{span(gap.what, away, signed=True)}</td><td>{ratio}</td><td>{away.n}</td></tr>"
    )


def _between(ratio: Estimate) -> str:
    return f"{ratio.low:.2f} … {ratio.high:.2f}" if ratio.sure else ""


def _duels(duels: Sequence[Duel]) -> str:
    if not duels:
        return ""
    rows = [
        f"<tr><th>{escape(d.theirs)}</th><td>{d.wins}</td><td>{d.ties}</td><td>{d.losses}</td>"
        f"<td>{d.odd}</td>{_cell('truth', d.share)}</tr>"
        for d in duels
    ]
    note = f"{escape(duels[0].by)} saw both pictures in both orders; what it does not say twice is a tie."
    head = "<th>stylus against</th><th>wins</th><th>ties</th><th>losses</th><th>no answer</th><th>wins of decided</th>"
    return f"<h2>A model that sees</h2><p>{note}</p>{_table(head, rows)}"


def _pareto(table: Table) -> str:
    usual = [arm for arm in table.arms if "×" not in arm.method and "+" not in arm.method]
    up = "truth" if any(arm.figures.get("truth") for arm in usual) else "likeness"
    plot = plotting.pareto(usual, "dFID", up)
    note = f"Diversity (dFID) to the right, {up} upwards; beside each point its guidance."
    return f"<h2>Over guidance</h2><p>{note}</p><figure>{plot}</figure>"


def _failures(table: Table) -> str:
    shown = [
        f"<figure><h3>{escape(figure.title)}</h3><figcaption>{escape(figure.asks)}</figcaption>"
        f"{plotting.bars(figure)}<figcaption>{escape(figure.unit)}</figcaption></figure>"
        for figure in figures(table)
    ]
    return f'<h2>Where it fails</h2><div class="figures">{"".join(shown)}</div>' if shown else ""


def _sheet(marks: Sequence[Mark], arms: Sequence[Arm], read: Callable[[str], bytes]) -> str:
    """The first picture of each arm side by side, from one seed."""
    head = "".join(f"<th>{escape(arm.name)}</th>" for arm in arms)
    first = {(m.ask.id, m.shown.arm): m for m in marks if m.shown.index == 0}
    asks = list(dict.fromkeys(mark.ask.id for mark in marks))
    rows: list[str] = []
    room = ROOM
    for ask in asks[:: max(1, len(asks) // SHOWN)][:SHOWN]:
        row = "".join(_strip([first.get((ask, arm.name)) for arm in arms], read))
        room -= len(row)
        if room > 0:
            rows.append(f"<tr><th>{escape(_prompt(marks, ask))}</th>{row}</tr>")
    note = "One seed a row. Under a picture: how many of the named parts the judge saw, and the adapters."
    return f'<h2>Side by side</h2><p>{note}</p><div class="sheet">{_table(f"<th></th>{head}", rows)}</div>'


def _strip(row: Sequence[Mark | None], read: Callable[[str], bytes]) -> Iterator[str]:
    for mark in row:
        if mark is None:
            yield "<td>–</td>"
            continue
        data = base64.b64encode(read(mark.shown.picture)).decode()
        names = ", ".join(f"{card.split(':')[1]} {w:.2g}" for card, w in mark.shown.lit) or "base"
        seen = f"{sum(mark.parts.values())}/{len(mark.parts)} · " if mark.parts else ""
        yield (
            f'<td><img alt="" src="data:image/png;base64,{data}">'
            f"<small>{seen}{escape(names.replace('_', ' '))}</small></td>"
        )


def _prompt(marks: Sequence[Mark], ask: str) -> str:
    return next(mark.ask.prompt for mark in marks if mark.ask.id == ask)


def _table(head: str, rows: Sequence[str]) -> str:
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
