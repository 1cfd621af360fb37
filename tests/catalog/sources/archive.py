"""Makes StylusDocs archives in another process: the class they pickle exists nowhere in here."""

import subprocess
import sys
from pathlib import Path

NEW = "stylus.refiner.fetch_adapter_metadata"
OLD = "autoadapter.precompute.process_adapters"

MAKER = """
import dataclasses, json, pickle, sys, types
where, module, protocol, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), json.load(sys.stdin)

@dataclasses.dataclass
class AdapterInfo:
    adapter_id: int
    alias: str
    title: str
    base_model: str
    description: str
    tags: list
    trigger_words: list
    stats: dict
    download_url: str
    llm_description: object
    image_urls: list
    image_prompts: list
    image_negative_prompts: list
    weight: float = 0.8

parts = module.split(".")
for n in range(len(parts)):
    sys.modules[".".join(parts[: n + 1])] = types.ModuleType(".".join(parts[: n + 1]))
AdapterInfo.__module__ = module
sys.modules[module].AdapterInfo = AdapterInfo
made = []
for row in rows:
    one = AdapterInfo.__new__(AdapterInfo)
    one.__dict__.update(row)
    made.append(one)
with open(where, "wb") as file:
    pickle.dump(made, file, protocol=protocol)
"""


def make(where: Path, rows: list[dict], module: str = NEW, protocol: int = 4) -> Path:
    """Write a pickle of these rows as the authors' code would. Returns `where`."""
    import json

    where.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-c", MAKER, str(where), module, str(protocol)]
    subprocess.run(command, input=json.dumps(rows).encode(), check=True)
    return where


def row(number: int, **fields: object) -> dict:
    """A row as the paper's crawl made it."""
    return {
        "adapter_id": number,
        "alias": f"file_{number}",
        "title": f"Ink Style {number}",
        "base_model": "SD 1.5",
        "description": "Trained on 40 drawings.",
        "tags": ["style", "ink"],
        "trigger_words": ["inkk", "wash"],
        "stats": {"downloadCount": 1000 + number, "rating": 4.5},
        "download_url": f"https://civitai.com/api/download/models/{number * 7}",
        "llm_description": "Draws in black ink with soft washes.",
        "image_urls": ["https://image.civitai.com/a/1.jpeg", "https://image.civitai.com/a/2.jpeg"],
        "image_prompts": ["inkk, a heron", "None"],
        "image_negative_prompts": ["blurry", "None"],
        "weight": 0.8,
        **fields,
    }
