"""Hostile bytes: whatever they are, the answer is one sentence or a header that holds together."""

import json
import os
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from stylus_engine.catalog.probe import needed, probe, probe_header, read_header
from stylus_engine.catalog.probe.header import of_bytes
from stylus_engine.catalog.probe.told import frequencies
from stylus_engine.errors import (
    AdapterFileEmpty,
    AdapterFileMissing,
    AdapterFileTruncated,
    AdapterNotSafetensors,
    AdapterUnsupported,
    BadAdapter,
)

KEY = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"


def put(raw: bytes | str, body: int = 0) -> bytes:
    raw = raw if isinstance(raw, bytes) else raw.encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(body)


def entry(begin: int, end: int, shape: str = "[2, 4]", dtype: str = '"F16"') -> str:
    return f'{{"dtype": {dtype}, "shape": {shape}, "data_offsets": [{begin}, {end}]}}'


def table(*entries: str, more: str = "") -> str:
    named = ", ".join(f'"{KEY}_{n}.lora_down.weight": {each}' for n, each in enumerate(entries))
    return f"{{{more}{named}}}"


GOOD = put(table(entry(0, 16), entry(16, 32)), 32)

NOT_ONES: dict[str, tuple[bytes, type[BadAdapter], str]] = {
    "empty": (b"", AdapterFileEmpty, "empty"),
    "three bytes": (b"\0\0\0", AdapterFileTruncated, "too early"),
    "cut in the header": (GOOD[:30], AdapterFileTruncated, "too early"),
    "cut in a tensor": (GOOD[:-1], AdapterFileTruncated, "too early"),
    "no tensor": (put("{}"), AdapterFileEmpty, "empty"),
    "only metadata": (put('{"__metadata__": {"a": "b"}}'), AdapterFileEmpty, "empty"),
    "length of 2^63": (struct.pack("<Q", 2**63) + b"{}", AdapterNotSafetensors, "absurdly long"),
    "length of 2^64-1": (b"\xff" * 8 + b"{}", AdapterNotSafetensors, "absurdly long"),
    "17 MiB": (struct.pack("<Q", 17 * 2**20) + b"{" * 100, AdapterNotSafetensors, "absurdly long"),
    "a pickle": (b"\x80\x02}q\x00(X\x05\x00", AdapterNotSafetensors, "a pickle"),
    "a zip": (b"PK\x03\x04\x14\x00\x00\x00\x08", AdapterNotSafetensors, "zip"),
    "a page": (b"<!DOCTYPE html><html>", AdapterNotSafetensors, "a web page"),
    "a page after blanks": (b"\r\n\t <html></html>", AdapterNotSafetensors, "a web page"),
    "an answer": (b'{"error":"No model with id 0"}', AdapterNotSafetensors, "a JSON answer"),
    "a short answer": (b"{}", AdapterNotSafetensors, "a JSON answer"),
    "text": (b"Entry not found", AdapterNotSafetensors, "plain text"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1", AdapterNotSafetensors, "LFS"),
    "gguf": (b"GGUF\x03\x00\x00\x00\x00", AdapterNotSafetensors, "GGUF"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", AdapterNotSafetensors, "a picture"),
    "a list": (put("[1, 2]"), AdapterNotSafetensors, "does not begin"),
    "a blank first": (put(" " + table(entry(0, 16)), 16), AdapterNotSafetensors, "not begin"),
    "no JSON": (put("{" + "x" * 20), AdapterNotSafetensors, "malformed"),
    "two documents": (put(table(entry(0, 16)) + "{}", 16), AdapterNotSafetensors, "malformed"),
    "no UTF-8": (put(b'{"\xff": 1}'), AdapterNotSafetensors, "malformed"),
    "a lone surrogate": (put(table(entry(0, 16), more='"\\ud800": 1, ')), AdapterNotSafetensors, "malformed"),
    "deep": (put('{"a": ' + "[" * 100_000), AdapterNotSafetensors, "malformed"),
    "deep objects": (put('{"a": ' * 100_000), AdapterNotSafetensors, "malformed"),
    "deep metadata": (put('{"__metadata__": ' + '{"a": ' * 100_000), AdapterNotSafetensors, "malformed"),
    "NaN": (put(table(entry(0, 16, shape="[NaN, 4]")), 16), AdapterNotSafetensors, "malformed"),
    "a fraction": (put(table(entry(0, 16, shape="[2.5, 4]")), 16), AdapterNotSafetensors, "malformed"),
    "true for 1": (put(table(entry(0, 16, shape="[true, 8]")), 16), AdapterNotSafetensors, "malformed"),
    "a number of 10^400": (put(table(entry(0, 16, shape=f"[{'9' * 400}]")), 16), AdapterNotSafetensors, "malformed"),
    "negative edges": (put(table(entry(0, 16, shape="[-2, -4]")), 16), AdapterNotSafetensors, "malformed"),
    "negative offset": (put(table(entry(-16, 0)), 16), AdapterNotSafetensors, "malformed"),
    "many edges": (put(table(entry(0, 2, shape=str([1] * 9))), 2), AdapterNotSafetensors, "malformed"),
    "edges of 2^62": (put(table(entry(0, 16, shape=str([2**62] * 8))), 16), AdapterNotSafetensors, "differ"),
    "three offsets": (put(table(entry(0, 16).replace("16]", "16, 16]")), 16), AdapterNotSafetensors, "malformed"),
    "no shape": (put('{"a": {"dtype": "F16", "data_offsets": [0, 0]}}'), AdapterNotSafetensors, "malformed"),
    "a field more": (put(table(entry(0, 16).replace("{", '{"x": 1, ')), 16), AdapterNotSafetensors, "malformed"),
    "metadata of numbers": (put(table(entry(0, 16), more='"__metadata__": {"a": 1}, '), 16), AdapterNotSafetensors, "malformed"),
    "reversed": (put(table(entry(16, 0)), 16), AdapterNotSafetensors, "hole"),
    "an overlap": (put(table(entry(0, 16), entry(8, 24)), 24), AdapterNotSafetensors, "overlap"),
    "twice the same place": (put(table(entry(0, 16), entry(0, 16)), 16), AdapterNotSafetensors, "overlap"),
    "a hole": (put(table(entry(0, 16), entry(20, 36)), 36), AdapterNotSafetensors, "a hole"),
    "a hole at the start": (put(table(entry(8, 24)), 24), AdapterNotSafetensors, "a hole"),
    "bytes after it": (put(table(entry(0, 16)), 17), AdapterNotSafetensors, "more bytes follow"),
    "beyond the file": (put(table(entry(0, 2**61, shape=f"[{2**60}]")), 16), AdapterFileTruncated, "too early"),
    "too few bytes": (put(table(entry(0, 15)), 15), AdapterNotSafetensors, "differ"),
    "half a byte": (put(table(entry(0, 2, shape="[3]", dtype='"F4"')), 2), AdapterNotSafetensors, "differ"),
    "unknown numbers": (put(table(entry(0, 16, dtype='"F17\\u202e"')), 16), AdapterUnsupported, "F17)"),
    "a name twice": (put(f'{{"a": {entry(0, 16)}, "a": {entry(0, 16)}}}', 16), AdapterNotSafetensors, "twice"),
    "a name twice, spelt differently": (put(f'{{"a": {entry(0, 16)}, "\\u0061": {entry(0, 16)}}}', 16), AdapterNotSafetensors, "twice"),
    "a field twice": (put(table(entry(0, 16).replace("{", '{"shape": [9], ')), 16), AdapterNotSafetensors, "twice"),
    "metadata twice": (put(table(entry(0, 16), more='"__metadata__": {}, "__metadata__": {"a": "b"}, '), 16), AdapterNotSafetensors, "twice"),
    "told twice": (put(table(entry(0, 16), more='"__metadata__": {"a": "\\"", "a": "\\\\"}, '), 16), AdapterNotSafetensors, "twice"),
    "50,001 tensors": (put("{" + ", ".join(f'"{n}": {entry(0, 0, shape="[0]")}' for n in range(50_001)) + "}"), AdapterNotSafetensors, "more than any adapter"),
    "a million names": (put("{" + ",".join(f'"{n}":0' for n in range(1_000_000)) + "}"), AdapterNotSafetensors, "more than any adapter"),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_ONES)
def test_what_is_no_adapter_gets_one_sentence(what: str, tmp_path: Path):
    data, error, why = NOT_ONES[what]
    path = tmp_path / "ink.safetensors"
    path.write_bytes(data)
    with pytest.raises(error) as caught:
        probe(path)
    assert why in str(caught.value)
    assert "ink.safetensors" in str(caught.value)
    assert "\u202e" not in str(caught.value)
    with pytest.raises(error):  # the same when it came by Range
        probe_header(data, len(data), "ink")


def test_quotes_and_backslashes_are_counted_right():
    told = {"a": '"', "b": "\\", "c": '\\"', "d": '\\\\"x\\', '"e\\': '{"a": {"b": 1}, "a": 2}'}
    header = table(entry(0, 16), more=f'"__metadata__": {json.dumps(told)}, ')
    assert probe_header(put(header), len(put(header)) + 16).tensors == 1


def test_a_file_that_is_none(tmp_path: Path):
    with pytest.raises(AdapterFileMissing):
        probe(tmp_path / "absent.safetensors")
    with pytest.raises(AdapterFileMissing):
        probe(Path("nul\0.safetensors"))
    os.mkfifo(tmp_path / "pipe.safetensors")
    for odd in (tmp_path, tmp_path / "pipe.safetensors", Path("/dev/zero")):
        with pytest.raises(AdapterNotSafetensors, match="no plain file"):
            probe(odd)


def test_a_name_is_shown_clean(tmp_path: Path):
    path = tmp_path / "evil\u202e\n.safetensors"
    path.touch()
    with pytest.raises(AdapterFileEmpty) as caught:
        read_header(path)
    assert str(caught.value) == "The file of adapter evil .safetensors is empty."


def test_by_range_it_is_told_how_much_is_needed():
    size = len(GOOD)
    assert needed(GOOD[:8], size, "x") == size - 32
    assert probe_header(GOOD[:-32], size) == probe_header(GOOD, size)
    with pytest.raises(AdapterFileTruncated):
        probe_header(GOOD[:-33], size)


def test_what_the_library_saves_is_read():
    arrays = {
        "a": np.zeros((3, 4), np.float16),
        "b": np.zeros((), np.float64),
        "c": np.zeros((0, 4)),
    }
    data = save(arrays, {"a": "ü" * 100, "b": '"\\'})
    found = probe_header(data, len(data))
    assert found.tensors == 3


BIG = "data:image/jpeg;base64," + "QUJD" * 50_000
MORE: dict[str, tuple[str, str]] = {  # metadata so large that its texts are read one by one
    "numbers": ('"a": 1', "malformed"),
    "a list": ('"a": ["b"]', "malformed"),
    "told twice": ('"a": "b", "a": "c"', "twice"),
    "a long one twice": (f'"big": "{BIG}"', "twice"),
    "a broken escape": ('"a": "\\x"', "malformed"),
    "cut in a backslash": ('"a": "\\"', "malformed"),
}


@pytest.mark.parametrize("what", MORE)
def test_large_metadata_is_no_way_around_what_is_refused(what: str):
    more, why = MORE[what]
    told = f'"__metadata__": {{"big": "{BIG}", {more}}}, '
    data = put(table(entry(0, 16), more=told), 16)
    with pytest.raises(AdapterNotSafetensors, match=why):
        probe_header(data, len(data))


def test_in_large_metadata_all_bytes_are_utf8_also_those_behind_a_cut():
    told = '"__metadata__": {"big": "' + "é" * 50_000
    data = put(table(entry(0, 16), more=told + 'Ü"}, ').encode().replace("Ü".encode(), b"\xff"), 16)
    with pytest.raises(AdapterNotSafetensors, match="malformed"):
        probe_header(data, len(data))
    data = put(table(entry(0, 16), more=told + '"}, ').encode(), 16)
    assert probe_header(data, len(data)).tensors == 1


@pytest.mark.parametrize("size", [10, 2000, 6000, 40_000])
@pytest.mark.parametrize("name", ["tag {}", "tag {}, with comma", "a, b, {}", "ünlaut \\( {} \\)"])
@pytest.mark.parametrize("folders", [1, 3])
def test_of_a_long_table_of_tags_the_first_are_counted(size: int, name: str, folders: int):
    """The library reads the same metadata whole: what we counted of it is its beginning."""
    counts = {f"{n}_sks": {name.format(k): size - k for k in range(size)} for n in range(folders)}
    told = {"ss_tag_frequency": json.dumps(counts), "thumb": BIG}
    data = put(table(entry(0, 16), more=f'"__metadata__": {json.dumps(told)}, '), 16)
    found = frequencies(of_bytes(data, len(data), "x").told)
    whole = [(folder, tag, n) for folder, tags in counts.items() for tag, n in tags.items()]
    ours = [(folder, tag, n) for folder, tags in found.items() for tag, n in tags.items()]
    assert ours == whole[: len(ours)]
    assert len(ours) == len(whole) or len(ours) >= 1000


PAIRS = ", ".join(f'"{KEY}_{n}": {entry(16 * n, 16 * n + 16)}' for n in range(2))


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"__metadata__": {{"a": "b"}}, {PAIRS}}}',
        f'{{"__metadata__":{{"a":"b"}} \n, {PAIRS}}}',
        f'{{{PAIRS}, "__metadata__": {{"a": "b"}}}}',
        f'{{ "__metadata__": {{"a": "b"}}, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b", "dtype": "}}"}}, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b", "dtype": "{{}}"}}, "odd}}": {entry(32, 32, "[0]")}, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b", "c": "\\"dtype\\": }}, "}}, {PAIRS}}}',
    ],
    ids=range(7),
)  # fmt: skip
def test_wherever_the_metadata_stands_it_is_read(raw: str):
    data = put(raw, 32)
    found = of_bytes(data, len(data), "x")
    assert found.told["a"] == "b"
    assert found.told == json.loads(raw)["__metadata__"]
    assert found.tensors.keys() == json.loads(raw).keys() - {"__metadata__"}
    assert deserialize(data)


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"__metadata__": {{"a": "b"}}, "x": 1, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b"}},, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b"}} {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b"}}, {{}}, {PAIRS}}}',
        f'{{"__metadata__": {{"a": "b"}}, {PAIRS}, "__metadata__": {{}}}}',
        f'{{"__metadata__": {{"a": "b"}}}}, {PAIRS}}}',
    ],
    ids=range(6),
)  # fmt: skip
def test_halves_that_are_no_whole_are_refused(raw: str):
    data = put(raw, 32)
    with pytest.raises(AdapterNotSafetensors):
        of_bytes(data, len(data), "x")


@pytest.mark.parametrize(
    "raw",
    [
        "{" + ",".join(f'"{n:07}":{{"a":[' + "]}" for n in range(700_000)) + "}",
        '{"a": [' + "0," * (8 * 2**20 - 10) + "0]}",
        '{"__metadata__": {"a": "' + "x" * (16 * 2**20 - 100) + '"}}',
        "{" + '"' * (16 * 2**20 - 10) + "}",
        "{" + "\\" * (16 * 2**20 - 10) + "}",
        '{"a": ' + "9" * (16 * 2**20 - 20) + "}",
    ],
    ids=["names", "numbers", "metadata", "quotes", "backslashes", "a number"],
)
def test_the_largest_headers_cost_little(raw: str):
    data = put(raw)
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(BadAdapter):
            probe_header(data, len(data))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most <= 6 * 16 * 2**20
    assert time.process_time() - began < 3


def answered(data: bytes, size: int) -> bool:
    """Whether a header came of it; anything but a header or a `BadAdapter` fails the test."""
    try:
        found = probe_header(data, size, "x")
    except BadAdapter:
        return False
    assert found.bytes_read <= len(data)
    return True


@given(st.binary(max_size=400))
def test_random_bytes(data: bytes):
    answered(data, len(data))


@given(st.binary(max_size=300), st.integers(0, 2**64))
def test_random_headers(raw: bytes, size: int):
    answered(put(b"{" + raw), size)


@given(st.integers(0, len(GOOD)))
def test_truncated_anywhere(end: int):
    assert answered(GOOD[:end], end) == (end == len(GOOD))


numbers = st.integers(-(2**70), 2**70) | st.integers(0, 64) | st.floats() | st.booleans()
texts = st.sampled_from(
    [KEY + ".lora_down.weight", "dtype", "F16", "__metadata__", "lora_A"]
) | st.text(max_size=8)
values = st.recursive(
    st.none() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
shaped = st.lists(st.integers(0, 5), max_size=3)
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F16", "F32", "U8", "F8_E4M3", "F4", "X"]),
        "shape": shaped,
        "data_offsets": st.lists(st.integers(0, 40), min_size=2, max_size=2),
    }
)


@given(header=st.dictionaries(texts, values | entries, max_size=4), body=st.integers(0, 40))
def test_any_json(header: dict[str, object], body: int):
    data = put(json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogatepass"), body)
    answered(data, len(data))


@st.composite
def laid_out(draw: st.DrawFn) -> bytes:
    """A table that is right, or off by one somewhere."""
    header, at = {}, 0
    for n, shape in enumerate(draw(st.lists(shaped, max_size=4))):
        count = 2 * int(np.prod(shape)) + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
        begin = at + draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
        header[f"m{n}.lora_A.weight"] = {
            "dtype": "F16",
            "shape": shape,
            "data_offsets": [begin, begin + count],
        }
        at = begin + count
    return put(json.dumps(header), max(0, at + draw(st.sampled_from([0, 0, 0, 1, -1]))))


@settings(max_examples=300)
@given(data=laid_out() | st.builds(put, st.dictionaries(texts, entries, max_size=3).map(json.dumps), st.integers(0, 40)))  # fmt: skip
def test_what_is_taken_the_library_takes_too(data: bytes):
    """And what the library opens is refused only where we are stricter on purpose."""
    try:
        opened = len(deserialize(data)) > 0
    except SafetensorError:
        opened = False
    assert answered(data, len(data)) == opened


@given(st.dictionaries(st.sampled_from(["ss_tag_frequency", "ss_network_args", "ss_network_alpha", "ss_dataset_dirs", "lora_adapter_metadata", "modelspec.trigger_phrase", "modelspec.tags", "modelspec.title", "ss_sd_model_name"]), st.text() | values.map(json.dumps)))  # fmt: skip
def test_any_metadata(told: dict[str, str]):
    more = f'"__metadata__": {json.dumps(told, ensure_ascii=False)}, '
    data = put(table(entry(0, 16), more=more).encode("utf-8", "surrogatepass"), 16)
    answered(data, len(data))
