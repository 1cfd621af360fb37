"""What this machine has, found out without importing torch or touching a driver.

Everything is looked up below `root`, so that a test can show another machine.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path("/")
NVIDIA = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/dxg")  # dxg: a card through WSL
TOOLS = ("usr/bin/nvidia-smi", "usr/local/bin/nvidia-smi", "usr/lib/wsl/lib/nvidia-smi")
AMD = ("dev/kfd",)
ASK_TORCH = "import torch; print(torch.cuda.is_available())"
PATIENCE = 60.0  # seconds; a first import of torch from a slow disk


class Torch(msgspec.Struct, frozen=True):
    """The torch that is installed; `cuda` and `rocm` name what it was built for, "" = not."""

    version: str
    cuda: str = ""
    rocm: str = ""


class Machine(msgspec.Struct, frozen=True):
    """Cores and bytes that this process may use."""

    system: str
    python: str
    cores: int
    memory: int
    free_memory: int
    torch: Torch | None
    nvidia: bool
    amd: bool


def observe(root: Path = ROOT) -> Machine:
    """Look at the machine. Takes milliseconds."""
    memory = _meminfo(root)
    limit = _number(root / "sys/fs/cgroup/memory.max") or memory["MemTotal"]
    return Machine(
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        cores=_cores(root),
        memory=min(memory["MemTotal"], limit),
        free_memory=min(memory["MemAvailable"], limit),
        torch=find_torch(),
        nvidia=_nvidia(root),
        amd=any((root / path).exists() for path in AMD),
    )


def find_torch() -> Torch | None:
    """From torch's own files: importing it takes seconds and may wake a card."""
    try:
        version = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    return torch_of(version, Path(spec.origin).parent / "version.py")


def torch_of(version: str, facts: Path) -> Torch:
    """torch/version.py has lines such as `cuda: Optional[str] = '12.8'`."""
    text = facts.read_text(errors="replace") if facts.is_file() else ""
    built = dict(re.findall(r"^(cuda|hip)\b[^=\n]*= *'([^']+)'", text, re.MULTILINE))
    return Torch(version, cuda=built.get("cuda", ""), rocm=built.get("hip", ""))


def torch_sees_card() -> bool:
    """Ask torch itself, in another process: a broken driver can hang or end it."""
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, a constant text
            [sys.executable, "-c", ASK_TORCH],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == "True"


def _nvidia(root: Path) -> bool:
    """A driver, a device or the driver's tool: each of them means that there is a card."""
    named = any((root / path).exists() for path in (*NVIDIA, *TOOLS))
    return named or any((root / "dev").glob("nvidia[0-9]*"))


def _cores(root: Path) -> int:
    """The cores this process may run on, no more than a container's share."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    share = _text(root / "sys/fs/cgroup/cpu.max").split()
    if len(share) == 2 and share[0].isdecimal():
        return max(1, min(allowed or 1, int(share[0]) // int(share[1])))
    return allowed or 1


def _meminfo(root: Path) -> dict[str, int]:
    """Bytes; zeros where the system has no /proc."""
    lines = re.findall(r"^(\w+): +(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE)
    return {"MemTotal": 0, "MemAvailable": 0} | {name: int(kib) * 1024 for name, kib in lines}


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
