"""Jobs for tests of cards: the one everybody knows, and the one with too much of everything."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from ulid import ULID

from bot.cards.letter import Enclosure
from bot.cards.result import alts
from bot.cards.sheet import Sheet
from bot.jobs.nouns import Job, Origin, Position, Seen
from bot.texts import Say
from stylus_engine.model import (
    Adapter,
    Choice,
    Dropped,
    Liking,
    Lit,
    Manifest,
    Mask,
    Picture,
    Plan,
    Ran,
    Readied,
    Recipe,
    Request,
    Shot,
    Task,
    Weighted,
)
from stylus_engine.model import Seen as SeenCandidate
from stylus_engine.model.adapter import Licence

NOW = 1_800_000_000.0
ADA, BEN = 100000000000000001, 100000000000000002
ROOT = str(ULID.from_timestamp(NOW))
CHILD = str(ULID.from_timestamp(NOW + 60))
HIDDEN = "never-shown"
ORIGIN = Origin(
    interaction=900000000000000001, token=HIDDEN, token_until=NOW + 900, user=ADA,
    user_name="Ada", guild=300000000000000001, channel=400000000000000001,
)  # fmt: skip
PROMPT = "a pencil sketch of a dragon on the beach at sunset"

# Fifteen hundred characters of all that may do harm.
HOSTILE = (
    "@everyone **bold** __u__ ~~s~~ ||spoiler|| `code` [x](https://evil.example) <@1> <#2> <@&3> "
    "\u200b\u202e\u2066<t:0:R> :smile: 👩\u200d🚀🐉 ``` # h\n> q\n- l\n1. n\n-# s @here discord.gg/x * --ar @here --seed __u__ --no_such --tile --q 5 --stylize 100"
    * 9
)[:1500]


def card(name: str, **more: object) -> Adapter:
    """A card, by default of the miniature's kind."""
    known: dict[str, object] = {
        "card_id": f"miniature:{name.lower().replace(' ', '_')}:1",
        "name": name,
        "family_declared": "sd1-96",
        "path": f"/home/somebody/adapters/{name}.safetensors",
        "description": f"Teaches the checkpoint {name.lower()}.",
        "author": "inkling",
        "licence": Licence(name="CC0-1.0", commercial=True, derivatives=True, credit=False),
        "weight_high": 1.2,
        "triggers": (name.lower(),),
        "tags": ("drawing",),
    }
    return Adapter(**(known | more))  # pyright: ignore[reportArgumentType] - the noun checks itself


SKETCH = card("Graphite", category="style")
INK = card("Ink & Wash", category="style", author="aya", licence=Licence(name="CC BY 4.0"))
DRAGON = card("Storybook Dragon", category="subject")
DUSK = card("Golden Hour", category="light", author="", licence=Licence())


def task(prompt: str, words: str, *adapters: Adapter) -> Task:
    choices = tuple(Choice(adapter=one, weight=0.8, reason="its trigger") for one in adapters)
    return Task(concept=words, start=prompt.index(words), choices=choices)


PLAN = Plan(
    prompt=PROMPT,
    composer="offline",
    tasks=(
        task(PROMPT, "pencil sketch", SKETCH, INK),
        task(PROMPT, "dragon", DRAGON),
        task(PROMPT, "sunset", DUSK),
    ),
    uncovered=("on the beach",),
    seen=tuple(
        SeenCandidate(
            card_id=f"m:{n}:1", name=f"Candidate {n}", concept=words, similarity=0.7 - n / 99
        )
        for n, words in enumerate(["pencil sketch"] * 9 + ["dragon"] * 9 + [""] * 4)
    ),
    dropped=(Dropped(what="Charcoal", why="a third style"),),
)
MASKS = ("10.1.1", "01.1.1", "11.1.0", "10.0.1")
JOB = Job(
    id=ROOT, root=ROOT, source=None, action="imagine", index=None, state="drawn", origin=ORIGIN,
    private=False, request=Request(prompt=PROMPT, seed=1234), plan=PLAN, order=MASKS, total=26,
    made_at=NOW, planned_at=NOW + 1, drawn_at=NOW + 14,
)  # fmt: skip


def shot(job: Job, index: int, code: str) -> Shot:
    """Position `index` of `job` under the mask `code`."""
    bits = [bit for group in Mask.parse(code).bits for bit in group]
    plan = job.plan or Plan(prompt=job.request.prompt, composer="offline")
    lit = [choice for choice, bit in zip(plan.choices, bits, strict=True) if bit]
    weighted = tuple(Weighted(adapter=one.adapter, weight=one.weight) for one in lit)
    prompt = ", ".join([job.request.prompt, *(t for one in lit for t in one.adapter.triggers)])
    return Shot(
        id=f"{job.id}-{index + 1}", job=job.id, index=index,
        recipe=Recipe(adapters=weighted, prompt=prompt[:2000], mask=Mask.parse(code)),
        seed=(job.request.seed + index) % 2**32, width=64, height=64, steps=20, guidance=5.0,
        sampler="euler_a",
    )  # fmt: skip


def picture(shot: Shot) -> Picture:
    """As if it had been drawn."""
    lit = tuple(
        Lit(card_id=w.adapter.card_id, name=w.adapter.name, file_sha256="f" * 64, weight=w.weight)
        for w in shot.recipe.adapters
    )
    manifest = Manifest(
        shot=shot, checkpoint="c" * 64, adapters=lit, mask=shot.recipe.mask.code,
        encoded=shot.recipe.prompt, versions={"stylus": "0.1.0", "torch": "2.13.0", "diffusers": "0.42.0"},
        **_told_too(shot.index, lit),
    )  # fmt: skip
    address = f"{shot.index + 10:064x}"
    return Picture(
        id=address, path=f"/home/somebody/pictures/{address}.png", width=64, height=64, manifest=manifest,
        readied=tuple(Readied(name=one.name, how="converted", seconds=12.345) for one in lit),
    )  # fmt: skip


def _told_too(index: int, lit: Sequence[Lit]) -> Mapping[str, Any]:
    """What a picture with many adapters says besides: a base in int8, some shortened, several executors."""
    if len(lit) < 10:
        return {}
    kept = ", ".join(f"97.{index} % of {one.name}" for one in lit)
    whys = ("quantised", "offloaded", "cheapest", "first")
    ran = tuple(Ran(executor="core+slots", steps=20, why=why, over="stack") for why in whys)
    return {"how": {"quantised": "int8", "kept": kept}, "ran": ran}


def positions(
    job: Job, masks: tuple[str, ...], failed: tuple[int, ...] = ()
) -> tuple[Position, ...]:
    """One for each mask, drawn unless its index is among `failed`."""
    return tuple(_position(job, index, code, index in failed) for index, code in enumerate(masks))


def _position(job: Job, index: int, code: str, failed: bool) -> Position:
    known = Position(job=job.id, index=index, mask=code, serial=index, shot=shot(job, index, code))
    if failed:
        why = "The picture could not be drawn: its latents are not finite (NaN)."
        return msgspec.structs.replace(known, error="DrawFailed", sentence=why)
    return msgspec.structs.replace(known, picture=picture(shot(job, index, code)))


def sheet(
    say: Say,
    job: Job = JOB,
    masks: tuple[str, ...] = MASKS,
    failed: tuple[int, ...] = (),
    **more: object,
) -> Sheet:
    """All there is to show, files with their alt texts included."""
    known = Sheet(
        job=job,
        positions=positions(job, masks, failed),
        seen=Seen(seen=4, of=26),
        checkpoint="miniature",
    )
    known = replace(known, **more)
    files = {
        index: Enclosure(name=f"{job.id}_{index + 1}.png", alt=alt, data=b"png")
        for index, alt in alts(say, known).items()
    }
    return replace(known, files=files)


# --- too much of everything ----------------------------------------------------------

LONG_NAME = (
    "**Extremely_Long~Name** @everyone `of` an ||adapter|| with [markdown](https://x.y) " * 2
)


def many(prompt: str, tasks: int = 12, each: int = 3) -> Plan:
    """Twelve tasks of three adapters, forty candidates, sixty things struck out, a model that did not choose."""
    words = [prompt[at : at + 60] for at in range(0, tasks * 60, 60)]
    return Plan(
        prompt=prompt,
        composer="offline",
        tasks=tuple(
            Task(
                concept=concept,
                start=number * 60,
                choices=tuple(
                    Choice(adapter=_crowd(number, n), weight=0.85, reason=HOSTILE[:200])
                    for n in range(each)
                ),
            )
            for number, concept in enumerate(words)
        ),
        uncovered=tuple(prompt[at : at + 50] for at in range(800, 1400, 50)),
        seen=tuple(
            SeenCandidate(
                card_id=f"civitai:{n}:{n}",
                name=f"{n} {LONG_NAME}",
                concept=words[n % tasks],
                similarity=0.5,
            )
            for n in range(40)
        ),
        dropped=tuple(Dropped(what=f"civitai:{n}:{n}", why=HOSTILE[:300]) for n in range(60)),
        likes=tuple(
            Liking(card_id=f"civitai:{task}{n}:{'9' * 60}", concept=words[task], good=1e6, bad=1e6)
            for task in range(tasks)
            for n in range(each)
        ),
        instead=HOSTILE[:400],
    )


def _crowd(task: int, number: int) -> Adapter:
    name = f"{task}-{number} {LONG_NAME}"
    return card(
        name,
        card_id=f"civitai:{task}{number}:{'9' * 60}",
        author=HOSTILE[:120],
        description=HOSTILE * 2,
        triggers=(HOSTILE[:90],) * 9,
        tags=(HOSTILE[:90],) * 9,
        licence=Licence(name=HOSTILE[:120]),
    )


EVERYTHING = msgspec.structs.replace(
    JOB,
    id=CHILD,
    source=ROOT,
    action="mask",
    round=3,
    request=Request(
        prompt=HOSTILE, negative=HOSTILE, seed=2**32 - 1, aspect="16:9", checkpoint="c" * 90,
        pinned=tuple(f"civitai:{n}:{n}" for n in range(20)),
    ),
    plan=many(HOSTILE),
    total=4**12,
    drawn_at=NOW + 99_999,
    attempts=99,
    error="DrawFailed",
    sentence=HOSTILE,
    cancelled_by=BEN,
    message=2**63 - 1,
)  # fmt: skip
ALL_LIT = ".".join(["111"] * 12)
LIT_MASKS = (ALL_LIT, ".".join(["100"] * 12), ".".join(["010"] * 12), ".".join(["001"] * 12))
