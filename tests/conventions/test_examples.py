# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples run: each is loaded and checked against the options that are documented (D5).

That the options of the code are those of the documentation, ansible-test's validate-modules checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

import readme
from conventions.source import ROOT

PREFIX = f"{readme.COLLECTION}."
Options = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def documented() -> dict[str, dict[str, Any]]:
    return readme.documented("module")


def spec_of(options: Options, values: object) -> Options:
    """The documented options as an argument spec; what is a template in the example can be of any type."""
    given = values if isinstance(values, dict) else {}
    spec = {}
    for name, option in options.items():
        value = next((given[key] for key in (name, *option.get("aliases", [])) if key in given), None)
        if "{{" in str(value):
            spec[name] = {"type": "raw", "aliases": option.get("aliases", [])}
            continue
        kept = ("type", "elements", "choices", "required", "aliases", "default")
        spec[name] = {key: option[key] for key in kept if key in option}
        if spec[name].get("required"):
            spec[name].pop("default", None)
        if option.get("suboptions"):
            first = value[0] if isinstance(value, list) and value else value
            spec[name]["options"] = spec_of(option["suboptions"], first)
    return spec


def tasks_in(content: object) -> Iterator[dict[str, Any]]:
    """Every task of a list of tasks, blocks or plays."""
    for item in content if isinstance(content, list) else []:
        inner = [key for key in ("tasks", "pre_tasks", "post_tasks", "block", "rescue", "always") if key in item]
        for key in inner:
            yield from tasks_in(item[key])
        if not inner:
            yield item


def faults(content: object, documented: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong with the tasks of our own modules."""
    found = []
    for task in tasks_in(content):
        for name in (key for key in task if key.startswith(PREFIX)):
            if name not in documented:
                found.append(f"there is no module {name}")
                continue
            values = task[name] or {}
            spec = spec_of(documented[name]["doc"]["options"], values)
            result = ArgumentSpecValidator(spec).validate(dict(values))
            found += [f"{task.get('name', name)}: {message}" for message in result.error_messages]
    return found


def test_every_module_has_examples_that_fit_its_documentation(documented: dict[str, dict[str, Any]]) -> None:
    assert documented
    wrong = {}
    for name, plugin in documented.items():
        content = yaml.safe_load(plugin["examples"] or "") or []
        own = [task for task in tasks_in(content) if name in task]
        wrong[name] = faults(content, documented) or ([] if own else ["no example uses it"])
    assert {name: messages for name, messages in wrong.items() if messages} == {}


def test_examples_name_every_other_collection_that_they_require(documented: dict[str, dict[str, Any]]) -> None:
    lacking = []
    for name, plugin in documented.items():
        text = plugin["examples"] or ""
        actions = re.findall(r"^  ([a-z_]+\.[a-z_]+)\.[a-z_0-9]+:", text, re.MULTILINE)
        for collection in set(actions) - {readme.COLLECTION, "ansible.builtin"}:
            first = text.index(f"  {collection}.")
            if f"requires the collection {collection}." not in text[:first]:
                lacking.append(f"{name}: {collection}")
    assert lacking == []


def unknown_role_variables(content: object) -> list[str]:
    """Variables that examples give to our role and that it does not know."""
    specs = yaml.safe_load((ROOT / "roles/docr/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    known = {name for spec in specs.values() for name in spec["options"]}
    given = {
        name
        for task in tasks_in(content)
        for action in ("ansible.builtin.include_role", "ansible.builtin.import_role")
        if task.get(action, {}).get("name") == f"{PREFIX}docr"
        for name in task.get("vars", {})
    }
    return [f"the role has no variable {name}" for name in sorted(given - known)]


def snippets(path: Path) -> list[object]:
    """The YAML in a Markdown file that holds plays or tasks."""
    blocks = re.findall(r"^```ya?ml\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [document for block in blocks for document in yaml.safe_load_all(block)]


def test_examples_in_the_guides_fit_the_documentation(documented: dict[str, dict[str, Any]]) -> None:
    guides = [ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("roles/*/README.md"))]
    found = [
        f"{path.relative_to(ROOT)}: {fault}"
        for path in guides
        for snippet in snippets(path)
        for fault in [*faults(snippet, documented), *unknown_role_variables(snippet)]
    ]
    assert found == []


def test_a_role_variable_that_does_not_exist_is_found() -> None:
    task = {"ansible.builtin.include_role": {"name": "planton.digitalocean.docr"}, "vars": {"docr_colour": "red"}}
    assert unknown_role_variables([task]) == ["the role has no variable docr_colour"]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"planton.digitalocean.nothing": {}}, "there is no module planton.digitalocean.nothing"),
        ({"planton.digitalocean.thing": {"colour": "red"}}, "colour. Supported parameters include"),
        ({"planton.digitalocean.thing": {"state": "gone"}}, "must be one of"),
        ({"planton.digitalocean.thing": {"parts": [{"size": "many"}]}}, "cannot be converted to an int"),
    ],
)
def test_an_example_that_does_not_fit_is_found(task: dict[str, Any], message: str) -> None:
    options = {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "parts": {"type": "list", "elements": "dict", "suboptions": {"size": {"type": "int"}}},
    }
    documented = {"planton.digitalocean.thing": {"doc": {"options": options}}}
    (found,) = faults([{"block": [task]}], documented)
    assert message in found
