"""What a look at an adapter's header costs, and whether it is right: layouts and families of made files.

`python -m benchmarks.probe [--quick]`.  The files lie on the disk (sparse: their tensors
hold nothing), the disk's cache is warm, and each is probed as an import does it: open,
read 8 bytes and the JSON, judge.  The peer is the safetensors library, which opens the
same file and hands out names, shapes and metadata but judges nothing.  What the files are
stands in their makers' record (`tests/catalog/probe/collection.py`), never in our parser.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from safetensors import safe_open

from benchmarks.table import Report, Row, Spread, interleaved
from stylus_engine.catalog.probe import probe
from tests.catalog.probe import networks
from tests.catalog.probe.collection import everything
from tests.catalog.probe.maker import Made, Record, Shapes, kohya, sdxl_of_kohya

BAR = 5.0  # ms a file
PEER = "safetensors' safe_open: names, shapes, metadata"


def main() -> int:
    """Measure, print, write; 1 when a bar is broken."""
    asked = _arguments()
    report = Report(
        "probe",
        notes=[
            f"A file's time is the median of its rounds; the cache is warm; load average {os.getloadavg()[0]:.1f}."
        ],
    )
    made = list(everything())
    with TemporaryDirectory() as folder:
        report.rows += _usual(made, Path(folder), 3 if asked.quick else 15)
        report.rows += _large(Path(folder), 20 if asked.quick else 200)
    report.rows += _right(made)
    report.print()
    if asked.write:
        print(f"Written to {report.write()}.")
    return 0 if all(row.holds is not False for row in report.rows) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.probe", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="at most a minute, fewer rounds")
    parser.add_argument("--no-write", dest="write", action="store_false", help="print only")
    return parser.parse_args()


def _usual(made: Sequence[Made], folder: Path, rounds: int) -> list[Row]:
    """Every made file: the spread is over files, each with its median."""
    paths = [one.write(folder) for one in made]
    times = [_timed(path, rounds) for path in paths]
    ours, theirs = (Spread.of([1e3 * pair[side].median for pair in times]) for side in (0, 1))
    read = Spread.of([float(probe(path).bytes_read) for path in paths])
    whole = Spread.of([float(path.stat().st_size) for path in paths])
    case = f"{len(made)} made files"
    return [
        Row(case, "ms a file", "ms", ours, PEER, theirs),
        Row(case, "the slowest file's ms", "ms", Spread.of([ours.max]), bar=BAR),
        Row(
            case, "processor's ms", "ms", Spread.of([_busy(path, rounds).median for path in paths])
        ),
        Row(case, "bytes read", "B", read, "bytes of the file", whole),
    ]


def _large(folder: Path, rounds: int) -> list[Row]:
    """SDXL as kohya writes it, UNet and both text encoders, with and without a large metadata block."""
    shapes = _sdxl()
    rows: list[Row] = []
    for what, told in (
        ("no metadata", {}),
        ("1 MB of tags", _tags()),
        ("1 MB thumbnail", _thumbnail()),
    ):
        made = Made(f"sdxl {what}", Record("kohya", "lora", "sdxl", 16), shapes, told)
        path = made.write(folder)
        ours, theirs = _timed(path, rounds)
        case = f"kohya SDXL, {len(shapes)} tensors, {what}, header of {len(made.header)} B"
        found = probe(path)
        rows.append(Row(case, "ms a file", "ms", _ms(ours), PEER, _ms(theirs)))
        rows.append(Row(case, "median ms a file", "ms", Spread.of([1e3 * ours.median]), bar=BAR))
        rows.append(Row(case, "processor's ms", "ms", _busy(path, rounds)))
        rows.append(Row(case, "bytes read", "B", Spread.of([float(found.bytes_read)])))
    return rows


def _sdxl() -> Shapes:
    text = networks.shapes(
        networks.text_encoder(768), "q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"
    )
    names = {
        f"text_model.{path.removeprefix('text_model.')}": shape for path, shape in text.items()
    }
    layers = {
        p.replace(".0.", f".{n}."): s for n in range(12) for p, s in names.items() if ".0." in p
    }
    return kohya(sdxl_of_kohya(), 16) | kohya(layers, 16, "lora_te1_")


def _tags() -> dict[str, str]:
    """Captions of a large training: 26,000 different tags in one folder."""
    counts = {f"tag number {n}, somewhat long": 1 + 40_000 // (n + 1) for n in range(26_000)}
    return _usual_words() | {"ss_tag_frequency": json.dumps({"10_sks dog": counts})}


def _thumbnail() -> dict[str, str]:
    return _usual_words() | {"modelspec.thumbnail": "data:image/jpeg;base64," + "QUJD" * 250_000}


def _usual_words() -> dict[str, str]:
    return {"ss_network_alpha": "8", "ss_network_dim": "16", "ss_output_name": "ink"} | {
        f"ss_setting_{n}": "as usual" for n in range(80)
    }


def _right(made: Sequence[Made]) -> list[Row]:
    """How many files are taken for something else than their makers put there."""
    wrong: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        for one in made:
            found = probe(one.write(Path(folder)))
            for what in ("layout", "family", "kind", "rank", "alpha", "text_encoder"):
                wrong[what] += getattr(found, what) != getattr(one.truth, what)
    truths = [one.truth for one in made]
    met = len({(truth.layout, truth.family) for truth in truths})
    case = f"{len(made)} made files, {met} pairs of layout and family"
    return [Row(case, f"wrong: {what}", "files", _count(n), bar=0) for what, n in wrong.items()]


def _count(number: int) -> Spread:
    return Spread.of([float(number)])


def _timed(path: Path, rounds: int) -> tuple[Spread, Spread]:
    """Seconds of ours and theirs, interleaved, after one of each to warm up."""
    contenders: dict[str, Callable[[], object]] = {
        "ours": partial(probe, path),
        "theirs": partial(_by_safetensors, path),
    }
    for contender in contenders.values():
        contender()
    found = interleaved(contenders, rounds, 60)
    return found["ours"], found["theirs"]


def _busy(path: Path, rounds: int) -> Spread:
    """What the processor spends on a probe, whoever else is running."""
    taken: list[float] = []
    for _ in range(rounds):
        start = time.thread_time()
        probe(path)
        taken.append(1e3 * (time.thread_time() - start))
    return Spread.of(taken)


def _by_safetensors(path: Path) -> object:
    with safe_open(path, "np") as file:
        return file.metadata(), {name: file.get_slice(name).get_shape() for name in file.keys()}  # noqa: SIM118 - not a mapping


def _ms(spread: Spread) -> Spread:
    return Spread(1e3 * spread.median, 1e3 * spread.min, 1e3 * spread.max, spread.n)


if __name__ == "__main__":
    sys.exit(main())
