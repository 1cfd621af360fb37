"""Settings: four layers over each other, and a sentence for whatever does not fit."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.layers import _key, keys
from bot.sections import MINIATURE_CHECKPOINT
from bot.settings import Settings, load, usual_folder
from stylus_engine.errors import BadSettings

HOME = {"HOME": "/home/somebody"}


@pytest.fixture
def config(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No test reads the config.toml of whoever runs it."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)


def test_each_layer_covers_the_one_below(config):
    file = config("[sampling]\nslots = 5\nwaiting = 80\nthreads = 1\n")
    environment = {"STYLUS_SAMPLING__SLOTS": "6", "STYLUS_SAMPLING__WAITING": "90"}
    sampling = load(file, environment, ["sampling.slots=7"]).sampling
    assert (sampling.slots, sampling.waiting, sampling.threads) == (7, 90, 1)
    assert sampling.factor_cache_mib == Settings().sampling.factor_cache_mib


@pytest.mark.parametrize("key", sorted(".".join(key) for key in keys(Settings)))
def test_every_key_takes_its_own_value_as_a_flag_and_from_the_environment(key):
    value: object = Settings()
    for part in key.split("."):
        value = getattr(value, part)
    text = value if isinstance(value, str) else json.dumps(value)  # TOML's for what is here
    name = f"STYLUS_{key.upper().replace('.', '__')}"
    assert load(None, {}, [f"{key}={text}"]) == load(None, {name: text}) == load(None, {})


def test_a_list_within_bounds_can_be_a_flag():
    assert load(None, {}, ["selection.again=[1.0, 0.5]"]).selection.again == (1.0, 0.5)
    with pytest.raises(BadSettings, match="again"):
        load(None, {}, ["selection.again=[]"])


def test_the_file_is_the_flag_then_the_environment_then_here(config, tmp_path, monkeypatch):
    named = config("[sampling]\nslots = 5\n")
    other = tmp_path / "other.toml"
    other.write_text("[sampling]\nslots = 6\n")
    Path("config.toml").write_text("[sampling]\nslots = 7\n")
    environment = {"STYLUS_CONFIG": str(other)}
    assert load(named, environment).sampling.slots == 5
    assert load(None, environment).sampling.slots == 6
    assert load(None, {}).sampling.slots == 7


def test_tables_of_names_are_merged_and_lists_replaced(config):
    file = config('[checkpoints.folders]\na = "/a"\n[cards]\nfiles = ["/x"]\n')
    environment = {"STYLUS_CHECKPOINTS__FOLDERS__B": "/b", "STYLUS_CARDS__FILES": '["/y", "/z"]'}
    settings = load(file, environment)
    assert settings.checkpoints.by_name == {
        "miniature": MINIATURE_CHECKPOINT,
        "a": Path("/a"),
        "b": Path("/b"),
    }
    assert settings.cards.paths[1:] == (Path("/y"), Path("/z"))


def test_paths_of_a_file_are_relative_to_the_file(config, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    file = config('[paths]\ndata = "kept"\ncache = "~/c"\n[cards]\nfiles = ["mine.jsonl"]\n')
    settings = load(file, {})
    assert settings.paths.place("index") == tmp_path / "kept" / "index"
    assert settings.paths.place("cache") == Path("/home/somebody/c")
    assert settings.cards.paths[-1] == tmp_path / "mine.jsonl"


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG is of the other systems")
def test_xdg_is_respected_and_its_relative_values_are_not(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert load(None, {"XDG_DATA_HOME": "/xdg"}).paths.place("pictures") == Path(
        "/xdg/stylus/pictures"
    )
    assert usual_folder({"XDG_DATA_HOME": "xdg"}) == Path("/home/somebody/.local/share/stylus")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[sampling]\nslotts = 3", ["“sampling.slotts”", "“sampling.slots”", "config.toml"]),
        ("[smapling]\nslots = 3", ["“smapling.slots”", "“sampling.slots”"]),
        ("slots = 3", ["“slots”", "“sampling.slots”"]),
        ('[sampling]\nslots = "8"', ["config.toml, sampling.slots", "expected int, got text"]),
        ("[sampling]\nslots = 0", ["sampling.slots", ">= 1"]),
        ('[sampling]\ndtype = "float8"', ["sampling.dtype", "auto, float32, float16, bfloat16"]),
        ('[cards]\nfiles = ["a", 3]', ["cards.files.1", "expected text"]),
        ("sampling = 3", ["config.toml, sampling", "a table"]),
        ("[sampling", ["config.toml", "not TOML"]),
        ('[checkpoints]\ndefault = "dreamy"', ["checkpoints.default", "“dreamy”", "miniature"]),
        ("[drawing]\ncount = 9\nmost_count = 8", ["drawing.count", "drawing.most_count, 8"]),
        ("[drawing]\nsteps = 99\nmost_steps = 50", ["drawing.steps", "drawing.most_steps, 50"]),
        ('[drawing]\nsampler = "magic"', ["drawing.sampler", "dpmpp_2m_karras"]),
        ('[selection]\npreset = "paper"', ["selection.preset", "paper-rules"]),
        ("[drawing]\nmost_edge = 99999", ["drawing.most_edge", "4096"]),
        ("[sampling]\nwaiting = 3", ["drawing.most_count", "sampling.slots + sampling.waiting, 7"]),
        ('[sampling]\ndevice = "gpu"', ["sampling.device", "cuda"]),
        ('[sampling]\ndevice = "cpu"\ndtype = "float16"', ["sampling.dtype", "cpu"]),
        (
            '[sampling]\noffload = "blocks"\nquantised = "int8"',
            ["sampling.quantised", "int8 weights cannot come block by block"],
        ),
        (
            '[sampling]\ncompile = "blocks"\nquantised = "int8"',
            ["sampling.compile", "weights are quantised cannot be compiled"],
        ),
        (
            '[sampling]\ncompile = "blocks"\noffload = "models"',
            ["sampling.compile", "weights are offloaded cannot be compiled"],
        ),
        (
            '[sampling]\ncompile = "blocks"\nexecutor = "auto"',
            ["sampling.compile", "compiled with the stack alone, not with auto"],
        ),
        (
            '[sampling]\nquantised = "int8"\nexecutor = "merge"',
            ["sampling.executor", "merge replaces weights, and these are quantised"],
        ),
        (
            '[sampling]\noffload = "blocks"\nexecutor = "bank"',
            ["sampling.executor", "bank replaces weights, and these are offloaded"],
        ),
        ("[drawing]\nguidance = nan", ["drawing.guidance"]),
        ("[selection]\nstrength = nan", ["selection.strength"]),
        ("[workers]\nidle_minutes = inf", ["config.toml, workers.idle_minutes", "not inf"]),
        ("[selection]\nagain = [1.0, inf]", ["config.toml, selection.again.1", "not inf"]),
        ('[paths]\ndata = "~nobody-here/x"', ["config.toml, paths.data", "~nobody-here/x"]),
        ('[cards]\nfiles = ["~nobody-here/x"]', ["config.toml, cards.files.0", "~nobody-here"]),
        (
            '[drawing]\nsteps = "strong"',
            ["config.toml, drawing.steps: it must be a whole number or auto"],
        ),
        ('[drawing]\nguidance = "high"', ["drawing.guidance: it must be a number or auto"]),
        ('[discord]\napi = "http://["', ["discord.api", "no address"]),
        ('[discord]\napi = "http://127.0.0.1:door"', ["discord.api", "no address"]),
        ('[catalog]\ncivitai_url = "https://["', ["catalog.civitai_url", "no address"]),
        (
            '[embedder]\nkind = "remote"\nmodel = "m"\ndimensions = 8\nbase_url = "http://a:b/v1"',
            ["embedder.base_url", "no address"],
        ),
        (
            '[composer]\nmodel = "m"\nbase_url = "localhost:11434"',
            ["composer.base_url", "http://127.0.0.1:11434/v1"],
        ),
        ('[texts]\nlocale = "de"', ["texts.locale: “de” is none of en, en-x-long"]),
        ('[texts]\nlocale = "english"', ["texts.locale", "en, en-x-long"]),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(config, text, parts):
    with pytest.raises(BadSettings) as refused:
        load(config(text), {})
    sentence = str(refused.value)
    assert all(part in sentence for part in parts), sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("environment", "parts"),
    [
        ({"STYLUS_SAMPLING__SLOTTS": "3"}, ["environment", "“sampling.slots”"]),
        ({"STYLUS_SAMPLING_SLOTS": "3"}, ["environment", "“sampling.slots”"]),
        ({"STYLUS_SAMPLING__SLOTS": "many"}, ["environment, sampling.slots", "int"]),
        ({"STYLUS_CARDS__FILES": "a.jsonl"}, ["environment, cards.files", '["one", "two"]']),
        ({"STYLUS_SAMPLING": "x"}, ["environment, sampling", "a table"]),
        ({"STYLUS_CONFIG": "/nowhere.toml"}, ["/nowhere.toml", "cannot be read"]),
        ({"STYLUS_CONFIG": "~nobody-here/x.toml"}, ["STYLUS_CONFIG", "~nobody-here"]),
        ({"STYLUS_SAMPLING__SLOTS": "\udcff"}, ["environment, sampling.slots", "UTF-8"]),
        ({"STYLUS_PATHS__DATA": "/a\udcff"}, ["environment, paths.data", "UTF-8"]),
    ],
)
def test_a_wrong_environment_is_told_too(environment, parts):
    with pytest.raises(BadSettings) as refused:
        load(None, environment)
    assert all(part in str(refused.value) for part in parts), str(refused.value)


def test_the_topmost_layer_is_named_because_its_value_is_the_one_that_counts(config):
    file = config('[cards]\nfiles = ["a"]\n')
    with pytest.raises(BadSettings, match=r"^environment, cards\.files\.0"):
        load(file, {"STYLUS_CARDS__FILES": "[3]"})


@pytest.mark.parametrize("flag", ["sampling.slots", "sampling.slotts=1", "sampling.slots=x", "=1"])
def test_a_wrong_flag_is_told_too(flag):
    with pytest.raises(BadSettings, match="--set"):
        load(None, {}, [flag])


@pytest.mark.parametrize(
    "key", ['"a.b"', "'a.b'", '"v1.5-pruned.fp16"', '"."', '""', "''", '"ada\'s"', "'\"'", '"a b"']
)
def test_a_name_with_dots_is_quoted_as_in_toml(key):
    toml = tomllib.loads(f"checkpoints.folders.{key} = '/x'")
    folders = load(None, {}, [f"checkpoints.folders.{key}=/x"]).checkpoints.folders
    assert dict(folders) == toml["checkpoints"]["folders"]


@given(st.text(st.sampled_from("ab.'\"- "), max_size=12))
def test_a_name_without_quotes_around_its_parts_is_parted_at_every_dot(name):
    bare = re.sub(r"""(^|\.)["']""", r"\1x", name)
    assert _key(bare) == tuple(bare.split("."))


@pytest.mark.parametrize("data", [b"\xff\xfe", b"[a\0b]"])
def test_bytes_that_are_no_text_are_told(tmp_path, data):
    path = tmp_path / "config.toml"
    path.write_bytes(data)
    with pytest.raises(BadSettings, match="not TOML"):
        load(path, {})


@pytest.mark.parametrize("locale", ["", "en", "EN", "en-GB", "en_US", "en-x-long"])
def test_a_language_or_a_kind_of_it_can_be_set(locale):
    assert load(None, {}, [f"texts.locale={locale}"]).texts.locale == locale


DEEP = 20_000
PARTS = 3_000


@pytest.mark.parametrize(
    ("text", "environment", "flags", "layer"),
    [
        (f"[cards]\nfiles = {'[' * DEEP}", {}, [], "config.toml"),
        (f"[cards]\nfiles = {'{a=' * DEEP}", {}, [], "config.toml"),
        (f"{'.'.join('a' * PARTS)} = 1", {}, [], "config.toml"),
        (f"[cards]\nfiles = {'[' * 40}{']' * 40}", {}, [], "config.toml"),
        ("", {"STYLUS_CARDS__FILES": "[" * DEEP}, [], "environment, cards.files"),
        ("", {f"STYLUS_{'__'.join('A' * PARTS)}": "1"}, [], "environment"),
        ("", {}, [f"cards.files={'[' * DEEP}"], "--set, cards.files"),
        ("", {}, [f"checkpoints.folders={'{a=' * DEEP}"], "--set, checkpoints.folders"),
        ("", {}, [f"{'.'.join('a' * PARTS)}=1"], "--set"),
    ],
)
def test_what_is_nested_without_end_is_told(config, text, environment, flags, layer):
    with pytest.raises(BadSettings, match="nested more than 32 deep") as refused:
        load(config(text), environment, flags)
    assert layer in str(refused.value)


def test_settings_cannot_be_changed():
    field = "slots"
    with pytest.raises(AttributeError):
        setattr(Settings().sampling, field, 9)


def test_settings_load_nothing_heavy():
    code = "import bot.settings, sys; print({'torch', 'rich', 'typer', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
