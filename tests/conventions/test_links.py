# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links between documents lead to files and headings, in the repository and in the artifact."""

from __future__ import annotations

import fnmatch
import re
from pathlib import Path

import yaml

from conventions.source import ROOT, listed_files, name_of

GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Blocks and spans of code.
CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
# Links to files that the artifact does not contain name the repository.
IN_REPOSITORY = re.compile(re.escape(GALAXY["repository"]) + r"/(?:blob|tree)/main/(.+)")


def is_in_artifact(path: Path) -> bool:
    """Whether the builder puts a file, or the files of a folder, into the artifact."""
    name = path.relative_to(ROOT)
    places = [str(name), *map(str, name.parents)]
    return not any(fnmatch.fnmatch(place, ignored) for place in places for ignored in GALAXY["build_ignore"])


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    titles = HEADING.findall(FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(document: Path, text: str) -> list[str]:
    """The links of a document that lead nowhere; those of the artifact's documents must not leave the artifact."""
    found = []
    for target in LINK.findall(CODE.sub("", text)):
        elsewhere = IN_REPOSITORY.fullmatch(target)
        if re.match(r"[a-z]+:", target) and not elsewhere:
            continue
        name, _sign, anchor = (elsewhere.group(1) if elsewhere else target).partition("#")
        path = ((ROOT if elsewhere else document.parent) / name).resolve() if name else document
        if not path.exists():
            found.append(f"{name_of(document)}: {target} does not exist")
        elif not elsewhere and is_in_artifact(document) and not is_in_artifact(path):
            found.append(f"{name_of(document)}: {target} is not in the artifact; link to {GALAXY['repository']}")
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8")):
            found.append(f"{name_of(document)}: {target} names no heading")
    return found


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    documents = [path for path in listed_files() if path.suffix == ".md"]
    texts = {path: path.read_text(encoding="utf-8") for path in documents}
    assert sum(len(LINK.findall(text)) for text in texts.values()) > len(documents)
    assert [broken for path, text in texts.items() for broken in broken_links(path, text)] == []


def test_the_readme_links_to_every_guide_and_to_the_folders_of_examples() -> None:
    guides = [*ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md")]
    folders = {path.parent for path in ROOT.glob("examples/*/*.yaml")}
    linked = set(LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert {name_of(path) for path in [*guides, *folders]} - linked == set()


def test_a_link_that_leads_nowhere_is_found() -> None:
    wrong = ("docs/none.md", "sandbox/README.md", "docs/gc.md#none", f"{GALAXY['repository']}/blob/main/none.md")
    right = ("docs/gc.md#windows", "https://example.org/none", f"{GALAXY['repository']}/blob/main/sandbox/README.md")
    text = " ".join(f"[text]({target})" for target in (*wrong, *right))
    found = broken_links(ROOT / "README.md", text)
    assert len(found) == len(wrong)
    assert all(target in message for target, message in zip(wrong, found, strict=True))
