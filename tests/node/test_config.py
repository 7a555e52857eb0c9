"""The node's configuration: every key from file and environment, and each thing that is refused, with its facts."""

from __future__ import annotations

import pickle
import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.errors import RollupError
from rollup.signature import derive_public_key
from sequencer.errors import FileMissing
from sequencer.node.config import NodeConfig
from sequencer.node.config_keys import ConfigInvalid, KeySpec
from sequencer.node.config_loading import list_keys, load_config, name_variable
from sequencer.node.logs import SecretInLog
from sequencer.oracle_keys import spell_public_key

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "node.toml"
KEYS = list_keys()
SIGNERS = tuple(spell_public_key(derive_public_key(bytes([n]) * 32)) for n in (1, 2, 3))
OUTSIDE = '[oracle]\nsource = "outside"\n'
MINIMAL = '[node]\ndata = "node"\n'
PLAIN = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=",/~"), min_size=1, max_size=20)
# texts of a form of their own; the others take any
TEXTS: dict[tuple[str, str], list[str]] = {
    ("base_layer", "url"): ["https://node.example/path", "http://127.0.0.1:8545", "embedded:chain.sqlite3"],
    ("base_layer", "beacon_urls"): ["https://beacon.example/path", "http://127.0.0.1:5052"],
    ("base_layer", "contract"): ["", "0x" + "aB" * 20],
    ("store", "target"): ["", "folder", "postgresql://node@db/zkmargin?options=-csearch_path%3Dname"],
    ("proving", "ray_address"): ["", "ray://head:10001"],
}


def load(tmp_path: Path, text: str, **env: str) -> NodeConfig:
    path = tmp_path / "node.toml"
    path.write_text(text)
    return load_config(path, env)


def draw_value(data: st.DataObject, where: tuple[str, str], spec: KeySpec, folder: Path) -> tuple[str, Any]:
    """Return a value as the environment spells it, and as the configuration has it."""
    one = spec.kind.removesuffix("s") if spec.kind in ("ints", "strs", "paths") else spec.kind
    if spec.choices or where in TEXTS:
        text = data.draw(st.sampled_from(spec.choices or TEXTS[where]))
        return text, (text,) if spec.kind == "strs" else text
    if where == ("oracle", "public_keys"):
        return ",".join(SIGNERS), SIGNERS
    if one != spec.kind:
        n_items = 3 if where == ("oracle", "key_files") else data.draw(st.integers(1, 3))
        drawn = [draw_one(data, one, spec, folder) for _ in range(n_items)]
        return ",".join(text for text, _ in drawn), tuple(value for _, value in drawn)
    return draw_one(data, one, spec, folder)


def draw_one(data: st.DataObject, kind: str, spec: KeySpec, folder: Path) -> tuple[str, Any]:
    if kind == "int":
        number = data.draw(st.integers(int(spec.low), int(spec.high)))
        return str(number), number
    if kind == "float":
        real = data.draw(st.floats(spec.low, spec.high))
        return repr(real), real
    if kind == "bool":
        flag = data.draw(st.booleans())
        return str(flag).lower(), flag
    text = data.draw(PLAIN)
    return text, folder / text if kind == "path" else text


@given(data=st.data(), where=st.sampled_from(sorted(KEYS)))
def test_every_key_is_overridden_by_the_environment(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, where: tuple[str, str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text, value = draw_value(data, where, KEYS[where], folder)
    env = {name_variable(*where): text, "UNRELATED": "1"}
    # what goes together with what is drawn
    env |= {"ZKMARGIN_NODE_AUCTION_MIN_INTERVAL_S": "3600"} if where == ("auction", "tick_s") else {}
    env |= {"ZKMARGIN_NODE_AUCTION_TICK_S": "0.01"} if where == ("auction", "min_interval_s") else {}
    env |= {"ZKMARGIN_NODE_BASE_LAYER_KEY_FILE": "key"} if where[0] == "base_layer" and where[1] != "key_file" else {}
    env |= {"ZKMARGIN_NODE_ORACLE_TAPE": "tape.csv"} if where == ("oracle", "source") else {}
    if where == ("oracle", "public_keys") or value == "outside":
        env |= {"ZKMARGIN_NODE_ORACLE_SOURCE": "outside", "ZKMARGIN_NODE_ORACLE_PUBLIC_KEYS": ",".join(SIGNERS)}
    config = load(folder, MINIMAL, **env)
    assert getattr(getattr(config, where[0]), where[1]) == value


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = MINIMAL + "[api]\nport = 1000\n"
    assert load(tmp_path, text).api.port == 1000
    assert load(tmp_path, text, ZKMARGIN_NODE_API_PORT="2000").api.port == 2000


def test_a_list_may_be_emptied_by_the_environment(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL + '[api]\norigins = ["https://a"]\n', ZKMARGIN_NODE_API_ORIGINS="").api.origins == ()


def test_a_file_of_one_key_is_enough(tmp_path: Path) -> None:
    config = load(tmp_path, MINIMAL)
    assert config.node.data == tmp_path / "node"
    assert config.store_target == str(tmp_path / "node" / "store")
    assert config.receipt_key_path == tmp_path / "node" / "receipt.key"
    assert config.read_base_layer() == f"embedded:{tmp_path / 'node' / 'chain.sqlite3'}"


def test_the_store_is_a_folder_or_a_url_with_its_passfile(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL + '[store]\ntarget = "log"\n').store_target == str(tmp_path / "log")
    url = "postgresql://node@db/zkmargin"
    assert load(tmp_path, MINIMAL + f'[store]\ntarget = "{url}"\n').store_target == url
    for start, mark in ((url, "?"), (f"{url}?sslmode=require", "&")):
        config = load(tmp_path, MINIMAL + f'[store]\ntarget = "{start}"\npassword_file = "pw"\n')
        assert config.store_target == f"{start}{mark}passfile={tmp_path / 'pw'}"


def test_the_address_of_a_node_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("https://node.example/secret\n")
    config = load(tmp_path, MINIMAL + '[base_layer]\nurl_file = "url"\nkey_file = "key"\n')
    assert (config.embedded_chain, config.read_base_layer()) == (None, "https://node.example/secret")
    assert "secret" not in repr(config)
    config = load(tmp_path, MINIMAL + '[base_layer]\nurl = "http://127.0.0.1:1"\nkey_file = "key"\n')
    assert config.read_base_layer() == "http://127.0.0.1:1"


def test_addresses_of_beacon_nodes_may_be_in_a_file_too(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).read_beacons() == ()
    (tmp_path / "urls").write_text("https://one.example/secret\nhttps://two.example/?key=secret\n\n")
    text = MINIMAL + '[base_layer]\nbeacon_urls = ["http://127.0.0.1:5052"]\nbeacon_url_file = "urls"\n'
    config = load(tmp_path, text)
    in_file = ("https://one.example/secret", "https://two.example/?key=secret")
    assert config.read_beacons() == ("http://127.0.0.1:5052", *in_file)
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("text", "key", "got", "expected"),
    [
        ("", "node.data", "nothing", "a folder"),
        ('[node]\ndata = ""', "node.data", "nothing", "a folder"),
        ("[nod]\n", "nod", "an unknown section", "node, store"),
        ("node = 1\n", "node", "1", "a section"),
        ("[node\n", "file", "Expected", "TOML"),
        (MINIMAL + "dat = 1\n", "node.dat", "an unknown key", "data, shape"),
        (MINIMAL + 'withdraw_only = "yes"\n', "node.withdraw_only", "'yes'", "true or false"),
        (MINIMAL + 'shape = "huge"\n', "node.shape", "'huge'", "tiny or small or block"),
        (MINIMAL + "[api]\nport = 65536\n", "api.port", "65536", "an integer from 0 to 65535"),
        (MINIMAL + "[api]\nport = -1\n", "api.port", "-1", "an integer from 0 to 65535"),
        (MINIMAL + "[api]\nport = true\n", "api.port", "True", "an integer"),
        (MINIMAL + "[api]\nport = 1.0\n", "api.port", "1.0", "an integer"),
        (MINIMAL + '[api]\nport = "1"\n', "api.port", "'1'", "an integer"),
        (MINIMAL + '[api]\nhost = ""\n', "api.host", "nothing", "an address"),
        (MINIMAL + '[api]\nhost = "a\\u0000"\n', "api.host", "2 characters", "a text"),
        (MINIMAL + '[api]\norigins = "a"\n', "api.origins", "'a'", "a list of texts"),
        (MINIMAL + "[api]\nsend_s = nan\n", "api.send_s", "nan", "a number from 0.1 to 600"),
        (MINIMAL + "[api]\nsend_s = false\n", "api.send_s", "False", "a number"),
        (MINIMAL + "[auction]\nmin_interval_s = 0.1\n", "auction.min_interval_s", "0.1", "tick_s or more"),
        (MINIMAL + '[base_layer]\nurl = ""\n', "base_layer.url", "nothing", "an address"),
        (MINIMAL + '[base_layer]\nurl = "ftp://a"\n', "base_layer.url", "another kind of address", "a text"),
        (MINIMAL + '[base_layer]\nurl = "http://a"\n', "base_layer.key_file", "nothing", "a key file, for a node"),
        (
            MINIMAL + '[base_layer]\nbeacon_urls = ["beacon"]\n',
            "base_layer.beacon_urls",
            "another kind",
            "a list of texts",
        ),
        (MINIMAL + '[base_layer]\ncontract = "0x12"\n', "base_layer.contract", "'0x12'", "a text"),
        (MINIMAL + '[oracle]\nsource = "tape"\n', "oracle.tape", "nothing", "a tape, for this source"),
        (MINIMAL + "[oracle]\nprices_ticks = []\n", "oracle.prices_ticks", "nothing", "a price"),
        (MINIMAL + "[oracle]\nprices_ticks = [0]\n", "oracle.prices_ticks", "0", "each from 1"),
        (MINIMAL + f"[oracle]\nprices_ticks = {[1] * 17}\n", "oracle.prices_ticks", "17 prices", "at most 16"),
        (MINIMAL + '[oracle]\nkey_files = ["a", "b"]\n', "oracle.key_files", "2 files", "3, or none"),
        (MINIMAL + OUTSIDE, "oracle.public_keys", "0 different keys", "3"),
        (MINIMAL + OUTSIDE + f"public_keys = {[*SIGNERS[:2], SIGNERS[0]]}\n", "oracle.public_keys", "2 different", "3"),
        (MINIMAL + f"[oracle]\npublic_keys = {list(SIGNERS)}\n", "oracle.public_keys", "3 different", "none"),
        (MINIMAL + OUTSIDE + 'public_keys = ["0x12"]\n', "oracle.public_keys", "hexadecimal digits", "texts"),
        (MINIMAL + OUTSIDE + f'public_keys = ["0x{1:0128x}"]\n', "oracle.public_keys", "no point of prime", "texts"),
        (MINIMAL + OUTSIDE + f'public_keys = ["0x{5:0128x}"]\n', "oracle.public_keys", "no point of prime", "texts"),
        (
            MINIMAL + OUTSIDE + f'public_keys = {list(SIGNERS)}\nkey_files = ["a", "b", "c"]\n',
            "oracle.key_files",
            "files",
            "outside",
        ),
    ],
)
def test_invalid_file_is_refused_by_file_key_got_and_expected(
    tmp_path: Path, text: str, key: str, got: str, expected: str
) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load(tmp_path, text)
    error = raised.value
    assert (error.code, error.file, error.key) == ("config_invalid", str(tmp_path / "node.toml"), key)
    assert got in error.got
    assert expected in error.expected
    assert str(error) == f"{error.file}: {key}: got {error.got}, expected {error.expected}"


@pytest.mark.parametrize(
    ("variable", "text", "got"),
    [
        ("ZKMARGIN_NODE_API_PROT", "1", "an unknown key"),
        ("ZKMARGIN_NODE_API_PORT", "x", "'x'"),
        ("ZKMARGIN_NODE_API_PORT", "70000", "70000"),
        ("ZKMARGIN_NODE_LOG_JSON", "1", "'1'"),
        ("ZKMARGIN_NODE_API_SEND_S", "inf", "inf"),
        ("ZKMARGIN_NODE_ORACLE_PRICES_TICKS", "1,,2", "''"),
    ],
)
def test_invalid_environment_is_refused(tmp_path: Path, variable: str, text: str, got: str) -> None:
    with pytest.raises(ConfigInvalid) as raised:
        load(tmp_path, MINIMAL, **{variable: text})
    assert (raised.value.file, raised.value.key, raised.value.got) == ("environment", variable, got)


@pytest.mark.parametrize(
    ("section", "key", "secret"),
    [
        ("store", "target", "postgresql://node:hunter2@db/zkmargin"),
        ("store", "target", "postgresql://node@db/zkmargin?password=hunter2"),
        ("base_layer", "url", "https://hunter2@node.example"),
        ("base_layer", "url", "https://user:hunter2@node.example"),
        ("base_layer", "beacon_urls", "https://user:hunter2@node.example"),
        ("proving", "ray_address", "ray://user:hunter2@head"),
    ],
)
def test_invalid_secret_in_an_address_is_refused_and_not_repeated(
    tmp_path: Path, section: str, key: str, secret: str
) -> None:
    in_file = MINIMAL + f'[{section}]\n{key} = "{secret}"\n'
    in_list = MINIMAL + f'[{section}]\n{key} = ["{secret}"]\n'
    for text, env in ((in_file, {}), (in_list, {}), (MINIMAL, {name_variable(section, key): secret})):
        with pytest.raises(ConfigInvalid) as raised:
            load(tmp_path, text, **env)
        assert "hunter2" not in str(raised.value)


def test_invalid_file_missing(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        load_config(tmp_path / "no.toml", {})


def test_the_example_holds_every_key_with_its_default(tmp_path: Path) -> None:
    tables = tomllib.loads(EXAMPLE.read_text())
    assert [(section, name) for section, table in tables.items() for name in table] == list(KEYS)
    example, minimal = load_config(EXAMPLE, {}), load(tmp_path, MINIMAL)
    for one in fields(NodeConfig):
        if one.name not in ("file", "node"):
            assert getattr(example, one.name) == getattr(minimal, one.name)


def test_the_document_lists_every_key_with_its_default() -> None:
    section, rows = "", []
    for line in (ROOT / "docs" / "node-config.md").read_text().splitlines():
        section = match[1] if (match := re.fullmatch(r"## \[(\w+)\]", line)) else section
        if match := re.match(r"\| `(\w+)` \| `(.*?)` \| .* \| (.*) \|$", line):
            rows.append((section, match[1]))
            spec = KEYS[section, match[1]]
            assert match[3] == spec.doc
            if match[2] != "none":
                value = tomllib.loads(f"x = {match[2]}")["x"]
                example = tomllib.loads(EXAMPLE.read_text())[section][match[1]]
                assert value == example
    assert rows == list(KEYS)


@pytest.mark.parametrize("error", [ConfigInvalid("f", "k", "g", "e"), SecretInLog("event", "key")])
def test_errors_survive_pickling(error: RollupError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), copy.get_facts(), str(copy)) == (type(error), error.get_facts(), str(error))
