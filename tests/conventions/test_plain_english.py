# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that a user reads uses the usual words (CONTRIBUTING, "Style")."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conventions.source import DOCUMENTATION_NAMES, ROOT, listed_files, name_of, python_files

# What must not stand in user-visible text, as a regular expression, and what to write.
UNUSUAL = {
    r"(it|which) does nothing": "the field has no effect",
    r"is no (duration|period|time of day|file|YAML|manifest)": "is not a duration",
    r"(this|there) is no (such )?file": "the file does not exist; or: the path is not a regular file",
    r"keep one of (them|the two)": "keep one",
    r"takes? (no )?pushes": "accepts pushes, rejects pushes",
    r"is asked for differently": "has other values",
    r"it is (missing|empty|binary data|text)": "the field is missing, the value is empty",
    r"somebody|someone": "the user, another tool, another run",
    r"nobody|no one": "no user, no tool",
    r"whoever|whosever": "the user who",
    r"mend(s|ed|ing)?": "fix",
    r"(comes?|came|become) true": "takes effect; or say what is not listed yet",
    r"summer time": "daylight saving time",
    r"and no more\b": "(leave the afterthought out)",
    r"no more\.": "no longer",
    r"in vain": "without effect",
    r"(is|are|was|were) told": "is reported",
    r"faults?": "error",
    r"strays?": "leftover",
    r"troubles?": "failure",
    r"patience": "timeout",
    r"ever again": "on every run",
    r"for ever": "forever; or: never expires",
    r"take(s|n)? (it |them )?away|took (it |them )?away": "remove",
    r"(is|are) to go": "is deleted",
    r"meanwhile": "at the same time; or: since then",
    r"altogether": "(leave it out)",
    r"all is well": "no problems were found",
    r"wants? somebody": "requires a login",
    r"strike": "remove",
    r"doomed": "to be deleted",
    r"of one's own": "local",
    r"side by side": "in parallel",
    r"all else": "all other content",
    r"(stands?|standing) in the way": "is an error",
    r"for good": "permanently",
    r"will do": "is sufficient",
    r"what else there is to know": "further information",
    r"comes? by": "runs",
    r"(the )?way out": "fix",
    r"in (that|the) very": "at that moment",
    r"the very (moment|instant)": "the moment",
    r"a quarter of an hour": "15 minutes",
    r"for people": "as a sentence",
    r"how (it|that) is known": "the evidence",
    r"small letters": "lower case",
    r"bought": "obtained",
    r"at stake": "at risk",
    r"left over": "a leftover",
    r"all the same": "(leave it out)",
    r"(those|one) of ours": "of this collection",
    r"not any more": "no longer",
    r"the present one": "the current login, credential or registry",
    r"(is|was) (not )?found out": "is known; or: could not be checked",
    r"broke off": "was interrupted",
    r"stands? aside": "is set aside",
    r"count(s)? for nothing": "is ignored",
    r"made again": "recreated",
    r"under examination": "being checked",
    r"dear(er|est)": "more expensive; most expensive",
    r"exists? no longer": "no longer exists",
}
PATTERN = re.compile("|".join(rf"\b(?:{unusual})(?!\w)" for unusual in UNUSUAL), re.IGNORECASE)
# Words of other products, and of the sandbox's fault injection, whose commands and options say "fault".
ALLOWED = re.compile(r"segmentation fault|sandbox fault|faults? (?:injection|clear|--)|`[^`]*`|trouble ?shoot")
GUIDES = (
    "README.md",
    "docs/**/*.md",
    "roles/**/*.md",
    "changelogs/fragments/*.yml",
    "roles/**/*.yml",
    "playbooks/*.yml",
    "plugins/filter/*.yml",
    "examples/**/*",
)


def findings(place: str, text: str) -> Iterator[str]:
    """Each unusual word in a text, with the usual word."""
    for number, line in enumerate(text.splitlines(), 1):
        for match in PATTERN.finditer(ALLOWED.sub("", line)):
            fits = (word for unusual, word in UNUSUAL.items() if re.fullmatch(unusual, match.group(), re.IGNORECASE))
            usual = next(fits, "")
            yield f"{place}:{number}: {match.group()!r}; write: {usual}"


def docstrings(tree: ast.AST) -> set[int]:
    """The identities of the nodes that hold docstrings, which users do not read."""
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def shown_texts(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """Place and text of each string with a blank in a Python file: sentences, and parts of sentences."""
    tree = ast.parse(text)
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            is_sentence = " " in node.value.strip()
            if is_sentence:
                yield f"{name_of(path)}:{node.lineno}", node.value


def test_messages_and_module_documentation_use_the_usual_words() -> None:
    files = python_files("plugins")
    assert files
    found = [
        finding
        for path in files
        for place, text in shown_texts(path, path.read_text(encoding="utf-8"))
        for finding in findings(place, text)
    ]
    assert found == []


def test_guides_role_and_changelog_use_the_usual_words() -> None:
    listed = set(listed_files())
    files = sorted({path for pattern in GUIDES for path in ROOT.glob(pattern)} & listed)
    assert len(files) > len(GUIDES)
    found = [
        finding
        for path in files
        for finding in findings(name_of(path), path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("Run the task again once the cause is mended.", "fix"),
        ("Somebody else has the name.", "the user, another tool, another run"),
        ("Could not see the integration come true", "takes effect; or say what is not listed yet"),
        ("The change to summer time", "daylight saving time"),
        ("Nothing was changed, 2 faults", "error"),
        ("Clusters are served side by side.", "in parallel"),
    ],
)
def test_an_unusual_word_is_found(text: str, usual: str) -> None:
    (found,) = findings("README.md", text)
    assert found.endswith(usual)


def test_the_documentation_strings_of_a_module_count_as_text() -> None:
    assert "DOCUMENTATION" in DOCUMENTATION_NAMES
    path = ROOT / "plugins/modules/docr_gc.py"
    assert any("maintenance_windows" in text for _place, text in shown_texts(path, path.read_text(encoding="utf-8")))
