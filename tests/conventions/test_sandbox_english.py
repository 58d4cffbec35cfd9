# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's messages, documentation and test names use the usual words; a fault is an injected fault there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from conventions.source import ROOT, functions, name_of, python_files
from conventions.test_plain_english import findings, shown_texts

INJECTED = re.compile(r"\b(fault)s?\b", re.IGNORECASE)
DOCUMENTS = ("sandbox/README.md", "sandbox/examples/seed.yaml", "tools/sandbox")


def sandbox_findings(place: str, text: str) -> Iterator[str]:
    """Unusual words in a text of the sandbox."""
    return findings(place, INJECTED.sub("injected", text))


def names_of_tests(text: str) -> Iterator[tuple[int, str]]:
    """The line and the words of each test's name."""
    for function in functions(ast.parse(text)):
        if function.name.startswith("test_"):
            yield function.lineno, function.name.replace("_", " ")


def test_messages_of_the_sandbox_use_the_usual_words() -> None:
    shown = [pair for path in python_files("sandbox/src") for pair in shown_texts(path, path.read_text("utf-8"))]
    assert shown
    assert [found for place, text in shown for found in sandbox_findings(place, text)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_of_the_sandbox_use_the_usual_words(name: str) -> None:
    assert list(sandbox_findings(name, (ROOT / name).read_text("utf-8"))) == []


def test_names_of_the_sandboxs_tests_use_the_usual_words() -> None:
    found = [
        finding
        for path in python_files("sandbox/tests")
        for line, words in names_of_tests(path.read_text("utf-8"))
        for finding in sandbox_findings(f"{name_of(path)}:{line}", words)
    ]
    assert found == []


@pytest.mark.parametrize(
    "name", ["test_a_port_that_nobody_has", "test_all_troubles_show_at_once", "test_a_token_is_told"]
)
def test_an_unusual_word_in_a_tests_name_is_found(name: str) -> None:
    ((line, words),) = names_of_tests(f"def {name}() -> None: ...\n")
    assert len(list(sandbox_findings(str(line), words))) == 1


def test_an_injected_fault_is_a_usual_word_of_the_sandbox() -> None:
    assert list(sandbox_findings("sandbox/README.md", "Faults meet requests.")) == []
