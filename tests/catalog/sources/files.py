"""Adapter files and what other tools put beside them, as small as they can be."""

import json
import struct
import zlib
from pathlib import Path

KEY = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"


def lora(seed: int = 0, told: dict[str, str] | None = None, width: int = 768) -> bytes:
    """A whole kohya file of rank 2: its numbers are finite, and others for another seed."""
    rank, out = 2, 32
    parts = {f"{KEY}.lora_down.weight": (rank, width), f"{KEY}.lora_up.weight": (out, rank)}
    header: dict[str, object] = {"__metadata__": told} if told else {}
    at, body = 0, b""
    for number, (name, shape) in enumerate(parts.items()):
        count = shape[0] * shape[1]
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [at, at + 2 * count]}
        at += 2 * count
        body += struct.pack("<e", 0.01 * (1 + seed % 50) + number) * (count - 1)
        body += struct.pack("<e", (seed // 50) * 0.25)
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + body


def put(path: Path, data: bytes | dict | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(data, dict):
        data = json.dumps(data)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def png(width: int = 64, height: int = 64) -> bytes:
    """A whole grey picture, however large it says it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * width) * height if width * height < 10**6 else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def a1111(**fields: object) -> dict:
    """As A1111's editor of user metadata writes `X.json`."""
    return {
        "description": "My own ink LoRA",
        "sd version": "SD1",
        "activation text": "inkk, wash",
        "preferred weight": 0.7,
        "negative text": "photo",
        "notes": "go down to 0.5 for portraits",
    } | fields


def civitai_info(**fields: object) -> dict:
    """As Civitai-Helper writes `X.civitai.info`: the model version, by hash."""
    return {
        "id": 1050496,
        "modelId": 706978,
        "name": "V.3",
        "createdAt": "2024-11-11T11:46:50.924Z",
        "status": "Published",
        "trainedWords": ["aesthetic_pos3, dynamic_pos3", "x" * 90],
        "baseModel": "Illustrious",
        "earlyAccessEndsAt": None,
        "description": "<p>New Triggers:</p><ul><li>aesthetic_pos3</li></ul>",
        "stats": {"downloadCount": 3426, "ratingCount": 0, "rating": 0, "thumbsUpCount": 355},
        "model": {
            "name": "Aesthetic Poses", "type": "LORA", "nsfw": False, "poi": False,
            "description": "<p>Poses &amp; light</p>", "tags": ["poses", "style"],
            "allowNoCredit": True, "allowCommercialUse": ["Image", "RentCivit", "Rent"],
            "allowDerivatives": False,
        },
        "files": [{
            "id": 956231, "sizeKB": 167938.88, "name": "aeshteticv5.safetensors", "type": "Model",
            "hashes": {"AutoV2": "21437EC266", "SHA256": "21437EC2" * 8}, "primary": True,
            "downloadUrl": "https://civitai.com/api/download/models/1050496",
        }],
        "images": [
            {
                "url": "https://image.civitai.com/x/1.jpeg", "nsfwLevel": 2, "width": 768,
                "height": 1280, "type": "image",
                "meta": {
                    "prompt": "aesthetic_pos3, street", "negativePrompt": "blurry", "seed": 1,
                    "additionalResources": [{"name": "aeshteticv5", "type": "lora", "strength": 0.9}],
                },
            },
            {"url": "https://image.civitai.com/x/2.mp4", "nsfwLevel": 1, "type": "video", "meta": None},
            {"url": "https://image.civitai.com/x/3.jpeg", "nsfwLevel": 1, "type": "image", "meta": None},
        ],
        "creator": {"username": "somebody", "image": None},
        "extensions": {"sd_civitai_helper": {"version": "1.8.3"}},
    } | fields  # fmt: skip


def lora_manager(**fields: object) -> dict:
    """As ComfyUI-Lora-Manager writes `X.metadata.json`."""
    return {
        "file_name": "ink",
        "model_name": "Ink as I call it",
        "file_path": "/models/loras/ink.safetensors",
        "size": 171969408,
        "modified": 1731325000.0,
        "sha256": "21437ec2" * 8,
        "base_model": "Illustrious",
        "preview_url": "/models/loras/../../../etc/passwd.png",
        "preview_nsfw_level": 1,
        "notes": "for covers",
        "from_civitai": True,
        "civitai": civitai_info(),
        "tags": ["covers", "style"],
        "modelDescription": "<p>Poses, <b>managed</b></p>",
        "civitai_deleted": False,
        "favorite": True,
        "exclude": False,
        "db_checked": False,
        "last_checked_at": 0,
        "usage_tips": '{"strength": 0.65, "strength_min": 0.4, "strength_max": 1.1}',
    } | fields
