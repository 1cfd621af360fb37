"""The options that several commands share, each with its one sentence."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from stylus_engine.model import PRESETS, SAMPLERS

Prompt: TypeAlias = Annotated[str, typer.Argument(help="What the picture should show.")]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print one JSON value on stdout and nothing else.")
]
Count: TypeAlias = Annotated[
    int | None, typer.Option("--count", "-n", help="How many pictures, each with another mask.")
]
Seed: TypeAlias = Annotated[
    int | None,
    typer.Option("--seed", "-s", help="Picture i takes seed + i - 1. Random when left out."),
]
Preset: TypeAlias = Annotated[
    str | None, typer.Option("--preset", help=f"How adapters are chosen: {', '.join(PRESETS)}.")
]
CheckpointName: TypeAlias = Annotated[
    str, typer.Option("--checkpoint", help="Name or id of the checkpoint that draws.")
]
Pin: TypeAlias = Annotated[
    list[str] | None, typer.Option("--pin", help="An adapter that must be considered; repeatable.")
]
Ban: TypeAlias = Annotated[
    list[str] | None, typer.Option("--ban", help="An adapter that must not be used; repeatable.")
]
Fast: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--fast/--no-fast",
        help="Draw in few steps with the adapter of drawing.fast; --pin one to choose it.",
    ),
]
Strength: TypeAlias = Annotated[
    float | None, typer.Option("--style-strength", help="One dial over all adapter weights.")
]
Image: TypeAlias = Annotated[
    Path | None,
    typer.Option("--image", help="A picture to start from: PNG, JPEG, WebP, GIF or BMP."),
]
MaskFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--mask", help="With --image: white is drawn anew, black stays. Same size."),
]
Redo: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--strength", help="With --image: how much of it is redone, from 0 to 1 (all of it)."
    ),
]
Bare: TypeAlias = Annotated[
    bool, typer.Option("--bare", help="Also draw one picture without any adapter.")
]
Explain: TypeAlias = Annotated[
    bool,
    typer.Option("--explain", help="Also say how the adapters came and were worn, and why so."),
]
Steps: TypeAlias = Annotated[int | None, typer.Option("--steps", help="Denoising steps.")]
Guidance: TypeAlias = Annotated[
    float | None, typer.Option("--guidance", help="How strictly the prompt is followed.")
]
SamplerName: TypeAlias = Annotated[
    str | None, typer.Option("--sampler", help=f"One of {', '.join(SAMPLERS)}.")
]
Width: TypeAlias = Annotated[int, typer.Option("--width", help="Pixels; 0 = the checkpoint's own.")]
Height: TypeAlias = Annotated[
    int, typer.Option("--height", help="Pixels; 0 = the checkpoint's own.")
]
Negative: TypeAlias = Annotated[
    str | None, typer.Option("--negative", help="What the picture should not show.")
]
Out: TypeAlias = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Folder that also gets grid.png and 1.png, 2.png, …"),
]
