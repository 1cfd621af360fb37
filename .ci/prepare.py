"""Make the virtual environment: say what it takes, then take it.

    python .ci/prepare.py .venv
    python .ci/prepare.py --libraries /venv     for an image: no tools, not the house itself

Stands on the standard library alone, for it runs before anything is installed.
pip resolves first without downloading (`--dry-run --report`); what it found is
listed with sizes, and refused as a whole where a machine without an accelerator
would be handed CUDA packages.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import venv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

HOUSE = Path(__file__).resolve().parent.parent
MEBI = 2**20
CUDA = ("nvidia-", "cuda-", "triton")  # how the packages of an accelerator's torch begin
CARDS = (Path("/dev/nvidia0"), Path("/dev/nvidiactl"), Path("/proc/driver/nvidia/version"))

NO_CPU_BUILD = """
Nothing was installed. This machine has no NVIDIA card, but pip's index offers only
the CUDA build of torch ({count} packages, {size}). Tell pip where the CPU build is:

    make setup TORCH_INDEX=ADDRESS

ADDRESS is the one that "Get started" on pytorch.org shows for pip and CPU. It may
also stand in pip's own configuration (PIP_EXTRA_INDEX_URL). To take the CUDA build
after all: make setup TORCH_INDEX=cuda"""


NO_PIP = """
This Python cannot put pip into {folder}: its module ensurepip is not there, or fails.
Install it (on Debian and Ubuntu: apt install python3-venv), or name another Python:

    make setup PYTHON=/path/to/python3"""
NO_ANSWER = """
Nothing was installed: pip could not find all that is needed. Its reason stands above;
behind "conflicting dependencies" there is often no connection."""
NOT_ALL = """
Not all was installed; pip's reason stands above. The same command goes on."""
STOPPED = """
Stopped. The same command goes on."""


class NotReadyError(Exception):
    """What ends the preparation; its text is for the person."""


class Wheel(NamedTuple):
    """One file that pip would fetch; `size` is in bytes, None where the server does not say."""

    name: str
    version: str
    size: int | None


def main(arguments: Sequence[str]) -> int:
    """Prepare the environment in the folder named; the exit code says whether it stands."""
    parser = argparse.ArgumentParser(description="Make the virtual environment of Stylus.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--libraries", action="store_true", help="no tools, not the house itself")
    chosen = parser.parse_args(arguments)
    try:
        prepare(chosen.folder, whole=not chosen.libraries)
    except NotReadyError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(STOPPED, file=sys.stderr)
        return 130
    return 0


def prepare(folder: Path, *, whole: bool) -> None:
    """Say what is missing in `folder`, refuse CUDA for nothing, install. Raises `NotReadyError`."""
    python = environment(folder)
    wanted = requirements(whole=whole)
    wheels = resolve(python, wanted)
    announce(wheels)
    cuda = [wheel for wheel in wheels if wheel.name.startswith(CUDA)]
    if cuda and not has_card() and torch_index() != "cuda":
        raise NotReadyError(NO_CPU_BUILD.format(count=len(cuda), size=mebibytes(cuda)))
    if wheels:
        print("Downloading and installing …", flush=True)
        install(pip(python, "--quiet", *wanted))
    if whole:
        install_house(python)
    print(f"Ready: {folder}")


def environment(folder: Path) -> Path:
    """The Python of `folder`; one without pip is what a first try left behind, and is made anew."""
    python = folder / "bin" / "python"
    if python.exists() and has_pip(python):
        return python
    print(f"Making {folder} with Python {sys.version.split()[0]}.", flush=True)
    try:
        venv.create(folder, with_pip=True, symlinks=True)
    except subprocess.CalledProcessError as error:
        raise NotReadyError(NO_PIP.format(folder=folder)) from error
    except OSError as error:
        raise NotReadyError(f"{folder} cannot be made: {error.strerror}.") from error
    return python


def has_pip(python: Path) -> bool:
    """Whether this Python runs, and has pip."""
    words = [str(python), "-m", "pip", "--version"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def requirements(*, whole: bool) -> list[str]:
    """What pyproject.toml asks for, and what builds the house itself; `whole`: the tools too."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    table = project["project"]
    tools = table["optional-dependencies"]["dev"] if whole else []
    return [*project["build-system"]["requires"], *table["dependencies"], *tools]


def torch_index() -> str:
    """The extra index a person named, "cuda" for none at all on purpose, "" for nothing said."""
    return os.environ.get("TORCH_INDEX", "")


def pip(python: Path, *words: str) -> list[str]:
    """A pip command line with our pins, and with the extra index where one was named."""
    extra = ["--extra-index-url", torch_index()] if torch_index() not in {"", "cuda"} else []
    constraints = str(HOUSE / "constraints.txt")
    return [str(python), "-m", "pip", "install", "--constraint", constraints, *extra, *words]


def resolve(python: Path, wanted: Sequence[str]) -> list[Wheel]:
    """Ask pip what is missing. Only metadata is fetched where the index serves it."""
    print("Asking pip what is missing …", flush=True)
    words = pip(python, "--quiet", "--quiet", "--dry-run", "--report", "-", *wanted)
    answer = subprocess.run(words, stdout=subprocess.PIPE, check=False)
    if answer.returncode != 0:
        raise NotReadyError(NO_ANSWER)
    entries = json.loads(answer.stdout)["install"]
    with ThreadPoolExecutor(8) as pool:
        sizes = pool.map(size_of, [entry["download_info"]["url"] for entry in entries])
        found = [
            Wheel(entry["metadata"]["name"].lower(), entry["metadata"]["version"], size)
            for entry, size in zip(entries, sizes, strict=True)
        ]
    return sorted(found, key=lambda wheel: -(wheel.size or 0))


def size_of(url: str) -> int | None:
    """Bytes behind `url`, without fetching them."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(unquote(parts.path)).stat().st_size
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, method="HEAD"), timeout=30
        ) as answer:
            length = answer.headers.get("Content-Length")
    except (OSError, HTTPException):
        return None
    return int(length) if length else None


def announce(wheels: Sequence[Wheel]) -> None:
    """Print what will be downloaded, the big ones by name."""
    if not wheels:
        print("Nothing to download: every package is there.")
        return
    print(f"{len(wheels)} packages will be downloaded, {mebibytes(wheels)}:")
    big = [wheel for wheel in wheels if wheel.size is None or wheel.size > 5 * MEBI]
    for wheel in big:
        print(f"  {f'{wheel.name} {wheel.version}':<40} {mebibytes([wheel]):>12}")
    if rest := [wheel for wheel in wheels if wheel not in big]:
        print(f"  and {len(rest)} small ones, {mebibytes(rest)}")
    sys.stdout.flush()


def mebibytes(wheels: Sequence[Wheel]) -> str:
    """Their size together, in words."""
    known = sum(wheel.size or 0 for wheel in wheels) / MEBI
    unknown = sum(wheel.size is None for wheel in wheels)
    return f"{known:,.1f} MiB" + (f" and {unknown} of unknown size" if unknown else "")


def has_card() -> bool:
    """Whether an NVIDIA card is there to compute on."""
    return any(path.exists() for path in CARDS) or shutil.which("nvidia-smi") is not None


def install_house(python: Path) -> None:
    """The house itself, editable: what you change is what runs."""
    words = ["--quiet", "--no-deps", "--no-build-isolation", "--editable", str(HOUSE)]
    install(pip(python, *words))


def install(words: Sequence[str]) -> None:
    """Run pip; what it downloaded before it failed is kept in its cache."""
    if subprocess.run(words, check=False).returncode != 0:
        raise NotReadyError(NOT_ALL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
