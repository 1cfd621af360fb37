"""Nouns for tests: one full example of each, and strategies that make any of them."""

from hypothesis import strategies as st

from stylus_engine.model import (
    PRESETS,
    SAMPLERS,
    Adapter,
    Choice,
    Dropped,
    Faster,
    FewStep,
    Friction,
    Liking,
    Lit,
    Manifest,
    Mask,
    Plan,
    Policy,
    Ran,
    Recipe,
    Request,
    Seen,
    Shot,
    Start,
    Strain,
    Survival,
    Task,
    Weighted,
)
from stylus_engine.model.adapter import Licence

INK = Adapter(
    card_id="folder:ink-and-wash:1",
    name="Ink & Wash",
    family_declared="sd1",
    family_detected="sd1-96",
    base="photo",
    kind="locon",
    category="style",
    description="Black ink, grey wash. 水墨画 🖌️",
    triggers=("ink wash",),
    tags=("ink", "style"),
    weight=0.8,
    weight_low=0.2,
    weight_high=1.2,
    file_sha256="ab" * 32,
    path="ink-and-wash.safetensors",
    author="somebody",
    licence=Licence(name="CC0-1.0", commercial=True, derivatives=True, credit=False),
    rating="pg",
    health="good",
    previews=("ink-and-wash.png",),
    concepts=("ink drawing", "grey wash"),
    not_for="photographs",
    described_by="rules",
    quarantine="",
    file_bytes=73_400_320,
    model_key="folder:ink-and-wash",
    popularity=1204,
)
NIGHT = Adapter(
    card_id="folder:night-city:2",
    name="Night City",
    family_declared="sd1-96",
    category="place",
    url="https://example.invalid/night-city.safetensors",
)

REQUEST = Request(
    prompt="an ink drawing of a dragon in a night city",
    negative="blurry",
    checkpoint="miniature",
    width=64,
    height=64,
    steps=12,
    guidance=5.5,
    sampler="euler_a",
    count=4,
    seed=2**32 - 1,
    preset="paper-rules",
    strength=1.5,
    strengths=(1.0, 0.75),
    bare=True,
    pinned=("folder:ink-and-wash:1",),
    banned=("folder:too-hot:1",),
    fast="folder:lcm:1",
    firm=("guidance",),
    unsaid=("steps", "sampler"),
    policy=Policy(most_rating="g", commercial_only=True, styles=1, per_task=2),
    start=Start(picture="cd" * 32, strength=0.5, mask="ef" * 32, width=640, height=480, tile=64),
)
PLAN = Plan(
    prompt=REQUEST.prompt,
    tasks=(
        Task(
            concept="ink drawing",
            start=3,
            choices=(Choice(adapter=INK, weight=0.8, reason="0.71 alike"),),
        ),
        Task(
            concept="night city",
            start=32,
            choices=(Choice(adapter=NIGHT, weight=0.6, reason="its name"),),
        ),
    ),
    uncovered=("dragon",),
    composer="offline",
    instead="a-model: no answer in 8 s",
    preset="stylus",
    seen=(Seen(card_id=INK.card_id, name=INK.name, concept="ink drawing", similarity=0.71),),
    dropped=(Dropped(what="Charcoal", why="a third style"),),
    strains=(Strain(card_id=INK.card_id, strength=0.55, saturation=0.24, scale=0.8),),
    frictions=(Friction(one=INK.card_id, other=NIGHT.card_id, clash=0.31),),
    likes=(Liking(card_id=INK.card_id, concept="inkdrawing", good=12.0, bad=3.0),),
    fast=Faster(
        adapter=NIGHT, few=FewStep(kind="LCM", steps=4, sampler="lcm", guidance=1.0, weight=1.0)
    ),
)
SHOT = Shot(
    id="01JD-2",
    job="01JD",
    index=1,
    recipe=Recipe(
        adapters=(Weighted(adapter=INK, weight=0.8, concept="ink drawing"),),
        prompt="an ink drawing of a dragon in a night city, ink wash",
        negative="blurry",
        mask=Mask.parse("1.0"),
        null_space=0.25,
        strength=0.75,
    ),
    seed=7,
    checkpoint="miniature",
    width=64,
    height=64,
    steps=12,
    guidance=5.5,
    sampler="euler_a",
    start=Start(picture="cd" * 32, width=640, height=480, tile=64, enlarge="latents"),
    preview_every=4,
)
MANIFEST = Manifest(
    shot=SHOT,
    checkpoint="01" * 32,
    adapters=(Lit(card_id=INK.card_id, name=INK.name, file_sha256="ab" * 32, weight=0.8),),
    mask="1.0",
    encoded="an ink drawing of a dragon in a night city, ink wash",
    encoded_negative="blurry",
    versions={"stylus": "0.1.0", "torch": "2.13.0"},
    how={"device": "cuda", "precision": "float16", "vae": "float32"},
    survival=Survival(by="a-clip", lost=("ink drawing",), repaired=True),
    ran=(Ran(executor="bank", steps=20, why="cheapest", over="stack"),),
)
EXAMPLES = {"request": REQUEST, "plan": PLAN, "shot": SHOT, "manifest": MANIFEST}

# What a person may type: any letters, joiners and emoji, no control characters or lone surrogates.
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40)
words = texts.filter(lambda text: bool(text.strip()))
seeds = st.integers(0, 2**32 - 1)
finite = st.floats(-4.0, 4.0)

adapters = st.builds(
    lambda weights, **rest: Adapter(
        weight_low=weights[0], weight=weights[1], weight_high=weights[2], **rest
    ),
    weights=st.lists(finite, min_size=3, max_size=3).map(sorted),
    card_id=words,
    name=words,
    family_declared=st.sampled_from(["sd1", "sd1-96", "sdxl"]),
    description=texts,
    triggers=st.lists(texts, max_size=3).map(tuple),
    path=st.none() | texts,
    real_person=st.booleans(),
)
masks = st.builds(
    Mask, bits=st.lists(st.lists(st.booleans(), max_size=4).map(tuple), max_size=5).map(tuple)
)
starts = st.builds(
    Start,
    picture=words,
    strength=st.floats(0.0, 1.0),
    mask=st.none() | texts,
    tile=st.integers(0, 4096),
)
requests = st.builds(
    Request,
    prompt=words,
    negative=texts,
    steps=st.integers(1, 50),  # more than these not every sampler has
    guidance=st.floats(0.0, 30.0),
    sampler=st.sampled_from(SAMPLERS),
    count=st.integers(1, 64),
    seed=seeds,
    preset=st.sampled_from(PRESETS),
    pinned=st.lists(texts, max_size=2).map(tuple),
    start=st.none() | starts,
)
recipes = st.builds(
    Recipe,
    adapters=st.lists(st.builds(Weighted, adapter=adapters, weight=finite), max_size=3).map(tuple),
    prompt=texts,
    mask=masks,
)
shots = st.builds(
    Shot,
    id=words,
    job=words,
    index=st.integers(0, 63),
    recipe=recipes,
    seed=seeds,
    width=st.integers(8, 4096),
    height=st.integers(8, 4096),
    steps=st.integers(1, 150),
    guidance=st.floats(0.0, 30.0),
    sampler=st.sampled_from(SAMPLERS),
    start=st.none() | starts,
)
manifests = st.builds(
    Manifest,
    shot=shots,
    checkpoint=words,
    encoded=texts,
    versions=st.dictionaries(texts, texts, max_size=3),
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan whose concepts are words of its prompt and whose adapters are all different."""
    prompt = draw(words)
    cards = draw(st.lists(adapters, max_size=4, unique_by=lambda card: card.card_id))
    tasks: list[Task] = []
    for card in cards:
        start = draw(st.integers(0, len(prompt) - 1))
        concept = prompt[start : draw(st.integers(start + 1, len(prompt)))]
        choice = Choice(adapter=card, weight=card.weight, reason=draw(texts))
        tasks.append(Task(concept=concept, start=start, choices=(choice,)))
    return Plan(prompt=prompt, tasks=tuple(tasks), composer="offline", uncovered=(draw(texts),))
