"""What the documents name exists: files, tests, links, commands with their options, settings."""

from importlib.util import find_spec
import json
from pathlib import Path
import re
from typing import Any, Final

from homeassistant.components.lovelace import CONFIG_SCHEMA as LOVELACE_SCHEMA
from homeassistant.util.yaml import parse_yaml
import pytest

from benchmarks.runner import CASES

from .documents import DOCUMENTS, Block, anchors, blocks, commands, links, prose, read, spans
from .house import ENGLISH, HOUSE, MANIFEST, ROOT, flat
from .share.nginx import check_config

SOURCES: Final = [
    path
    for folder in ("custom_components", "frontend/src", "tests", "demo", "benchmarks", "soak")
    for suffix in ("py", "ts", "js")
    for path in (ROOT / folder).rglob(f"*.{suffix}")
    if "dist" not in path.parts
]
each_document = pytest.mark.parametrize(
    "path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)


@each_document
def test_links_lead_somewhere(path: Path) -> None:
    for link in links(read(path)):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(read(target)), link


@each_document
def test_named_files_exist(path: Path) -> None:
    bases = {source.name for source in SOURCES}
    for span in spans(read(path)):
        is_file = re.fullmatch(r"[\w./@-]+\.(?:py|ts|js|json|ya?ml|md|txt)", span)
        if not is_file or span == "configuration.yaml":
            continue
        places = (ROOT / span, HOUSE / span, path.parent / span)
        is_source = "/" not in span and span in bases
        assert is_source or any(place.is_file() for place in places), span


@each_document
def test_named_folders_exist(path: Path) -> None:
    for span in spans(read(path)):
        if re.fullmatch(r"(?:[\w.-]+/)+", span):
            folders = (ROOT, HOUSE, HOUSE / "core", ROOT / "frontend" / "src")
            assert any((folder / span).is_dir() for folder in folders), span


@each_document
def test_named_tests_exist(path: Path) -> None:
    file = ""
    for named, name in re.findall(r"`([\w/]*(?:\.(?:py|ts))?)::(\w+)(?:\[[^`]*\])?`", read(path)):
        # `::name` is in the file of the name before it.
        file = named or file
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async )?def {name}\(", source, re.MULTILINE), (file, name)


FOREIGN: Final = {"async_migrate_entry", "call_soon_threadsafe"}
"""Names of Home Assistant and asyncio that this repository need not use."""


@pytest.mark.parametrize("name", ["architecture", "decisions"])
def test_named_classes_and_functions_exist(name: str) -> None:
    texts = [source.read_text(encoding="utf-8") for source in SOURCES]
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    classes = {
        found
        for text in texts
        for found in re.findall(r"\b(?:class|interface|type) (\w+)", text)
        if found[0].isupper()
    }
    for span in spans(read(ROOT / "docs" / f"{name}.md")):
        # Names of code only: `StreamTap.lend`, `is_relayed`, `LIMIT`.
        if not re.fullmatch(r"[A-Za-z_]\w*(?:\.[a-z_]\w*)?", span):
            continue
        owner, _, member = span.partition(".")
        if re.match(r"_?[A-Z][a-z]+[A-Z]", owner):
            assert owner in classes, span
        elif "_" in owner:
            assert owner in words | FOREIGN, span
        assert not member or member in words, span


ENDED: Final = {"cd", "git"}
"""Programs of the documents that are not this repository's."""


def check_script(words: list[str]) -> None:
    """See that a script, or the program that it runs, knows the options and names of cases."""
    script = ROOT / words[0]
    text = script.read_text(encoding="utf-8")
    for module in re.findall(r"-m ([\w.]+)", text):
        for file in (
            (ROOT / module.replace(".", "/")).with_suffix(".py"),
            ROOT / module / "__main__.py",
        ):
            text += file.read_text(encoding="utf-8") if file.is_file() else ""
    for word in words[1:]:
        option = re.escape(word.partition("=")[0])
        if word.startswith("-"):
            known = rf"add_argument\(\s*\"{option}\"|(?:case .*|\n\s*|= ){option}\b(?!-)"
            # pytest's own options, such as -k.
            is_pytest = script.name == "test" and not word.startswith("--")
            assert is_pytest or re.search(known, text), " ".join(words)
    if script.name == "bench":
        names = [word for word in words[1:] if re.fullmatch(r"[a-z_]+", word)]
        assert set(names) <= set(CASES), names
    if script.name == "test":
        for word in words[1:]:
            assert not word.startswith("tests/") or (ROOT / word.partition("::")[0]).exists(), word


def check_module(words: list[str]) -> None:
    """See that a module exists, and the paths that pytest is given."""
    module = words[2]
    assert find_spec(module) is not None, module
    for word in words[3:]:
        assert not word.startswith("tests/") or (ROOT / word.partition("::")[0]).exists(), word


@each_document
def test_commands_exist_with_their_options(path: Path) -> None:
    scripts = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / "scripts").iterdir()}
    readers = "\n".join([*scripts.values(), *(source.read_text("utf-8") for source in SOURCES)])
    for command in commands(path):
        words = command.words
        for variable in command.variables:
            assert variable in readers, variable
        if words[0].startswith("scripts/"):
            assert words[0].removeprefix("scripts/") in scripts, words
            check_script(words)
        elif words[0] == ".venv/bin/python":
            check_module(words)
        elif words[0] == "npm":
            package = json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))
            assert words[-1] in package["scripts"], words
        else:
            assert words[0] in ENDED, words
            if words[0] == "git":
                assert words[1:] == ["clone", MANIFEST["documentation"]]
    for name in re.findall(r"scripts/([\w-]+)", read(path)):
        assert name in scripts, name


ALL_BLOCKS: Final = [block for path in DOCUMENTS for block in blocks(path)]


def configured(block: Block) -> str:
    """Return the first key of a block of YAML."""
    key = re.match(r"[\w-]+", block.text)
    assert key is not None, block
    return key[0]


def test_every_block_is_tested() -> None:
    languages = {block.language for block in ALL_BLOCKS}
    # `text` is a drawing or a list; Caddy's three lines have no program here that would read them.
    assert languages == {"yaml", "sh", "nginx", "http", "text", "caddy"}
    keys = {configured(block) for block in ALL_BLOCKS if block.language == "yaml"}
    # The first two are run by test_readme.py, cards are read by test_readme_facts.py, the others below.
    assert keys == {"action", "triggers", "type", "lovelace", "http"}
    outside = {
        (block.document, configured(block))
        for block in ALL_BLOCKS
        if block.language == "yaml" and block.document != "README.md"
    }
    assert outside == {("proxies.md", "http")}
    for path in DOCUMENTS:
        for before, line in re.findall(r"^(.*)\n {4}(\S.*)$", prose(read(path)), re.MULTILINE):
            assert re.match(r"\s*(?:[-*]|\d+\.) |\s{2}", before), f"{path.name}: {line}"


def parsed(document: str, key: str) -> list[dict[str, Any]]:
    """Return the blocks of YAML of a document that begin with a key."""
    found = [
        parse_yaml(block.text)
        for block in ALL_BLOCKS
        if (block.document, block.language) == (document, "yaml") and configured(block) == key
    ]
    assert found
    return found  # type: ignore[return-value]  # a block is a mapping


def test_dashboard_resources_are_valid() -> None:
    (config,) = parsed("README.md", "lovelace")
    assert LOVELACE_SCHEMA(config)["lovelace"]["resource_mode"] == "yaml"


def test_route_of_traefik_leads_to_its_service() -> None:
    (config,) = parsed("proxies.md", "http")
    (router,) = config["http"]["routers"].values()
    assert set(router) == {"rule", "service"}
    (server,) = config["http"]["services"][router["service"]]["loadBalancer"]["servers"]
    assert re.fullmatch(r"http://[\d.]+:8123", server["url"])


NOT_OF_THE_FRONTEND: Final = {"HACS", "⋮", "Retrocam", "camera", "day"}
"""Of paths through menus: a page of HACS, a button, and names of users' own things."""
ONLY_IN_2026_11: Final = {"Marketplace", "Add from link", "Custom repositories"}


def test_labels_of_menus_exist() -> None:
    package = find_spec("hass_frontend")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0]) / "static" / "translations"
    known = {text for _, text in flat(ENGLISH)}
    for part in folder.rglob(f"en-{'[0-9a-f]' * 32}.json"):
        known |= set(json.loads(part.read_text(encoding="utf-8")).values())
    labels = {"Preload camera stream", "Trust X-Forwarded-For", "Trusted proxies"}
    labels.add("Login attempts before ban")
    for path in DOCUMENTS:
        for menus in re.findall(r"\*([^*|]+→[^*|]+)\*", prose(read(path))):
            labels |= {" ".join(menu.split()) for menu in menus.split("→")}
    assert "Devices & services" in labels
    assert labels - known - NOT_OF_THE_FRONTEND - ONLY_IN_2026_11 == set()


def test_settings_of_nginx_are_valid(tmp_path: Path) -> None:
    (block,) = [block for block in ALL_BLOCKS if block.language == "nginx"]
    check_config(tmp_path, block.text)
