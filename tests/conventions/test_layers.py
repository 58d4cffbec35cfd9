# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports point one way: module, _module, _service, _domain; _client knows _domain only (L1, L2, L4)."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from conventions.source import PLUGINS, name_of, python_files

COLLECTION = "ansible_collections.planton.digitalocean.plugins"

# What a layer may import beside the standard library: own layers (with a leading underscore) and others' packages.
ALLOWED = {
    "_domain": set[str](),
    "_service": {"_domain", "_service"},
    "_client": {"_domain", "_client", "pydo", "azure", "requests", "urllib3", "kubernetes", "yaml"},
    "_module": {"_domain", "_service", "_client", "_module", "ansible"},
    "modules": {"_domain", "_service", "_module", "ansible"},
    "plugin_utils": {"_domain", "_module", "plugin_utils", "ansible", "yaml"},
    "action": {"_domain", "_module", "plugin_utils", "ansible"},
    "filter": {"_domain", "_module", "ansible"},
    "doc_fragments": set[str](),
}

# The pure layer takes what time, chance and the outside world give by argument.
IMPURE_MODULES = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal",
    "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "now", "utcnow", "today", "exec", "eval"}


def layer_of(path: Path) -> str:
    parts = path.relative_to(PLUGINS).parts
    return parts[1] if parts[0] == "module_utils" and len(parts) > 2 else parts[0]


def imported(path: Path, text: str) -> list[tuple[int, str]]:
    """Line and absolute dotted name of everything that the file imports."""
    package = (COLLECTION, *path.relative_to(PLUGINS).parent.parts)
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            found += [(node.lineno, ".".join(filter(None, (base, node.module, alias.name)))) for alias in node.names]
    return found


def target_of(name: str) -> str:
    """The layer or the foreign package that an import reaches."""
    if not name.startswith(f"{COLLECTION}."):
        return name.partition(".")[0]
    parts = name.removeprefix(f"{COLLECTION}.").split(".")
    return parts[1] if parts[0] == "module_utils" and len(parts) > 1 else parts[0]


def breaches(path: Path, text: str) -> list[str]:
    layer = layer_of(path)
    allowed = {*ALLOWED.get(layer, set()), *({layer} if layer == "_domain" else set())}
    return [
        f"{name_of(path)}:{line}: {layer} imports {name}"
        for line, name in imported(path, text)
        if target_of(name) not in allowed and target_of(name) not in sys.stdlib_module_names
    ]


def impurities(path: Path, text: str) -> list[str]:
    tree = ast.parse(text)
    found = [
        f"{name_of(path)}:{line}: the domain imports {name}"
        for line, name in imported(path, text)
        if name.partition(".")[0] in IMPURE_MODULES and not name.startswith("urllib.parse")
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in IMPURE_CALLS:
                found.append(f"{name_of(path)}:{node.lineno}: the domain calls {called}()")
        elif isinstance(node, ast.ClassDef):
            decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            if "dataclass" in decorators and "frozen=True" not in decorators:
                found.append(f"{name_of(path)}:{node.lineno}: dataclass {node.name} is not frozen")
    return found


# The packages of each layer, from the bottom to the top. An entry may import entries of lower rows only; the rows that
# are marked may also import entries of their own row, as long as the imports make no cycle.
SHARED = "shared"
ORDER: dict[str, list[tuple[str, ...]]] = {
    "_domain": [
        (SHARED, "addresses", "durations", "errors", "field_errors", "names", "options", "plan", "raw", "times"),
        ("clusters", "credentials", "windows"),
        ("access", "gc", "login", "registry"),
        ("doctor", "images"),
        ("in_use",),
        ("retention",),
        ("manifest",),
        ("role",),
    ],
    "_service": [
        ("ports",),
        ("flow",),
        ("access", "doctor", "gc", "images", "login", "registry"),
        ("in_use",),
        ("retention",),
    ],
    "_client": [
        (SHARED, "bounds", "errors", "failures", "operations", "sdk", "secret_texts", "settings", "tls", "web"),
        ("files", "kube", "oci"),
        ("digitalocean",),
    ],
    "_module": [(SHARED, "naming", "spec", "version"), ("failure", "connect"), ("run",), ("tasks",)],
}


def entry_of(name: str) -> tuple[str, str] | None:
    """Layer and entry (a package or a file directly in the layer) that an absolute name lies in."""
    parts = name.removeprefix(f"{COLLECTION}.module_utils.").split(".")
    return (parts[0], parts[1]) if name.startswith(f"{COLLECTION}.module_utils.") and len(parts) > 1 else None


def inner_imports(files: list[tuple[Path, str]], layer: str) -> dict[tuple[str, str], str]:
    """The imports between entries of one layer, each with a place where the import stands."""
    found: dict[tuple[str, str], str] = {}
    for path, text in files:
        own = entry_of(".".join((COLLECTION, *path.relative_to(PLUGINS).with_suffix("").parts)))
        if own is None or own[0] != layer:
            continue
        for line, name in imported(path, text):
            other = entry_of(name)
            if other is not None and other[0] == layer and other[1] != own[1]:
                found.setdefault((own[1], other[1]), f"{name_of(path)}:{line}")
    return found


def misplaced(imports: dict[tuple[str, str], str], rows: list[tuple[str, ...]]) -> list[str]:
    """Imports that do not point down the rows, and entries that stand in no row."""
    place = {entry: number for number, row in enumerate(rows) for entry in row if entry != SHARED}
    found = []
    for (own, other), where in imports.items():
        unknown = [entry for entry in (own, other) if entry not in place]
        if unknown:
            found.append(f"{where}: {unknown[0]} stands in no row of ORDER")
        elif place[own] < place[other] or (place[own] == place[other] and SHARED not in rows[place[own]]):
            found.append(f"{where}: {own} imports {other}")
    return found


def in_a_cycle(imports: dict[tuple[str, str], str]) -> set[str]:
    """The entries that import each other in a circle."""
    left = set(imports)
    while True:
        leaves = {other for _own, other in left} - {own for own, _other in left}
        kept = {(own, other) for own, other in left if other not in leaves}
        if kept == left:
            return {own for own, _other in left}
        left = kept


@pytest.mark.parametrize("layer", ORDER)
def test_the_packages_of_a_layer_have_an_order(layer: str) -> None:
    files = [(path, path.read_text(encoding="utf-8")) for path in python_files(f"plugins/module_utils/{layer}")]
    imports = inner_imports(files, layer)
    assert imports
    assert misplaced(imports, ORDER[layer]) == []
    assert in_a_cycle(imports) == set()


@pytest.mark.parametrize(
    ("place", "line", "breach"),
    [
        ("_domain/registry/x.py", "from ..gc import decision", "registry imports gc"),
        ("_domain/windows/x.py", "from ..access.methods import DIRECT", "windows imports access"),
        ("_domain/errors.py", "from .manifest.schema import KIND", "errors imports manifest"),
        ("_service/flow/x.py", "from ..registry import fetch_account", "flow imports registry"),
        ("_domain/news/x.py", "from ..errors import DocrError", "news stands in no row of ORDER"),
    ],
)
def test_an_import_against_the_order_is_found(place: str, line: str, breach: str) -> None:
    path = PLUGINS / "module_utils" / place
    layer = place.partition("/")[0]
    (found,) = misplaced(inner_imports([(path, line)], layer), ORDER[layer])
    assert found.endswith(breach)


def test_a_cycle_is_found() -> None:
    imports = {("a", "b"): "", ("b", "c"): "", ("c", "a"): "", ("a", "d"): ""}
    assert in_a_cycle(imports) == {"a", "b", "c"}


def test_every_import_points_down_the_layers() -> None:
    files = python_files("plugins")
    assert files
    assert [breach for path in files for breach in breaches(path, path.read_text(encoding="utf-8"))] == []


def test_domain_is_pure_and_its_values_are_frozen() -> None:
    files = python_files("plugins/module_utils/_domain")
    assert files
    assert [found for path in files for found in impurities(path, path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("module_utils/_domain/x.py", "import pydo"),
        ("module_utils/_domain/x.py", "from .._service import wait"),
        ("module_utils/_service/x.py", "from .._client.api import Api"),
        ("module_utils/_service/x.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("module_utils/_client/x.py", "from .._service.api import Api"),
        ("modules/x.py", "from ..module_utils._client.api import Api"),
        ("modules/x.py", f"from {COLLECTION}.module_utils._client import api"),
        ("action/x.py", "import requests"),
        ("module_utils/_service/x.py", "import requests"),
        ("module_utils/_module/x.py", "from requests import Session"),
    ],
)
def test_an_import_up_or_around_the_layers_is_found(place: str, line: str) -> None:
    assert len(breaches(PLUGINS / place, line)) == 1


@pytest.mark.parametrize(
    "text",
    ["import time", "from os import environ", "when = datetime.now()", "@dataclass\nclass Thing:\n    name: str\n"],
)
def test_impurity_of_the_domain_is_found(text: str) -> None:
    assert len(impurities(PLUGINS / "module_utils/_domain/x.py", text)) == 1
