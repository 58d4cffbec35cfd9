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
    "plugin_utils": {"_domain", "plugin_utils", "ansible", "yaml"},
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
