# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write README's table of contents from the documentation itself: ``tools/readme.py``. A test compares the two."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "planton.digitalocean"
BEGIN = "<!-- content: written by tools/readme.py -->"
END = "<!-- end of content -->"


def documented(kind: str) -> dict[str, dict[str, Any]]:
    """Everything that ansible-doc says about the collection's plugins of one kind, by full name."""
    program = Path(sys.executable).parent / "ansible-doc"
    answer = subprocess.run(
        [str(program), "--type", kind, "--json", "--list", COLLECTION], check=True, capture_output=True, text=True
    ).stdout
    names = sorted(json.loads(answer))
    if not names:
        return {}
    answer = subprocess.run(
        [str(program), "--type", kind, "--json", *names], check=True, capture_output=True, text=True
    ).stdout
    plugins: dict[str, dict[str, Any]] = json.loads(answer)
    return plugins


# The file that documents each plugin of a kind.
PLUGIN_FILES = {"module": "plugins/modules/{}.py", "filter": "plugins/filter/{}.yml"}


def rows() -> list[tuple[str, str, str, str]]:
    """Kind, name, file with the documentation, and one line about each thing that the collection holds."""
    found = []
    for kind, file in PLUGIN_FILES.items():
        for full_name, plugin in sorted(documented(kind).items()):
            name = full_name.removeprefix(f"{COLLECTION}.")
            found.append((kind, name, file.format(name), plugin["doc"]["short_description"]))
    for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        name = path.parent.parent.name
        found.append(("role", name, f"roles/{name}/README.md", specs["main"]["short_description"]))
    for path in sorted(ROOT.glob("playbooks/*.yml")):
        plays = yaml.safe_load(path.read_text(encoding="utf-8"))
        found.append(("playbook", path.stem, str(path.relative_to(ROOT)), plays[0]["name"]))
    return found


def table() -> str:
    """The table as it stands in the README, with its marks."""
    lines = [f"| {kind} | [`{COLLECTION}.{name}`]({file}) | {text.rstrip('.')} |" for kind, name, file, text in rows()]
    return "\n".join([BEGIN, "| | name | what it does |", "| --- | --- | --- |", *lines, END])


def main() -> int:
    """Put the table between its marks in README.md."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    path.write_text(f"{before}{table()}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
