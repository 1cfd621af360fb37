"""Other programs' folders are found where people put them, and left as they are."""

import shutil
from pathlib import Path

from bot.sections import MINIATURE, MINIATURE_CHECKPOINT
from bot.setup.looking import MOST_FOLDERS, look, usual_places


def pipeline(folder: Path) -> Path:
    folder.mkdir(parents=True)
    shutil.copy(MINIATURE_CHECKPOINT / "model_index.json", folder)
    return folder


def adapters(folder: Path, count: int) -> Path:
    folder.mkdir(parents=True)
    source = next((MINIATURE / "adapters").glob("*.safetensors"))
    for number in range(count):
        shutil.copy(source, folder / f"{number}.safetensors")
    return folder


def test_a1111_comfyui_and_the_hub_are_found(tmp_path: Path):
    a1111 = adapters(tmp_path / "stable-diffusion-webui/models/Lora/people", 2).parent
    comfy = adapters(tmp_path / "ComfyUI/models/loras", 1)
    adapters(tmp_path / "ComfyUI/models/checkpoints", 3)
    dreamy = pipeline(tmp_path / "ComfyUI/models/diffusers/Dreamy v8")
    snapshot = ".cache/huggingface/hub/models--someone--Sharp/snapshots/0f0f"
    sharp = pipeline(tmp_path / snapshot)
    found = look(usual_places(tmp_path))
    assert dict(found.checkpoints) == {"dreamy-v8": dreamy, "sharp": sharp}
    assert dict(found.loras) == {a1111: 2, comfy: 1}
    assert found.single_files == 3


def test_nothing_is_found_twice_and_names_differ(tmp_path: Path):
    one, two = pipeline(tmp_path / "models/a/Same"), pipeline(tmp_path / "models/b/Same")
    pipeline(tmp_path / "models/miniature")
    found = look([tmp_path, tmp_path / "models", tmp_path])
    assert dict(found.checkpoints) == {
        "same": one,
        "same-2": two,
        "miniature-2": tmp_path / "models/miniature",
    }


def test_links_in_circles_and_endless_folders_end(tmp_path: Path):
    deep = tmp_path / "models"
    for number in range(12):
        deep /= str(number)
    pipeline(deep)
    (tmp_path / "models" / "round").symlink_to(tmp_path)
    assert look([tmp_path]).checkpoints == ()
    assert MOST_FOLDERS < 10**6


def test_no_models_is_an_answer(tmp_path: Path):
    assert usual_places(tmp_path) == ()
    assert look([]) == look([tmp_path, tmp_path / "nowhere"])
