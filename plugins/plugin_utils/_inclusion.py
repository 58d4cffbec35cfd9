# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which host works for an inclusion of the role, and which stages the tags of the command line select."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

# The tags of the stages' tasks in roles/docr/tasks/run_stages.yml.
STAGE_TAGS: Mapping[str, str] = {
    "registry": "docr_registry",
    "gc": "docr_gc",
    "doks_integration": "docr_access",
}


def is_selected(task: Any, variables: Mapping[str, Any], tag: str | None = None) -> bool:
    """Whether --tags and --skip-tags select a task with `tag` in the place of `task`, an Ansible task.

    The tags that the task inherits count, for example the tags of the role in a play. The tags of the task itself do
    not count.
    """
    tagged = task.copy(exclude_parent=True)
    tagged._parent = task._parent
    # Else the copy has the tags of the task from before the change.
    tagged._squashed = tagged._finalized = False
    tagged.tags = [tag] if tag else []
    only, skipped = variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ())
    return bool(tagged.evaluate_tags(only, skipped, all_vars=variables))


def runs_once(task: Any) -> bool:
    """Whether the strategy of the play obeys `run_once`: `free` and what is built on `free` do not."""
    play = _play_of(task)
    return play is None or not play.strategy.endswith(("free", "host_pinned"))


def claim(task: Any, host: str, folder: str) -> str:
    """The host of the play that works for this inclusion of the role: the first host that claims the inclusion.

    The strategy `free` ignores `run_once`, and in a play with `serial` each batch of hosts runs the tasks again. Any
    other play runs the tasks once, and each run is an inclusion of its own. `folder` is a folder of this run of
    ansible-playbook alone.
    """
    play = _play_of(task)
    if play is None or not (play.serial or not runs_once(task)):
        return host
    inclusion = _fingerprint(play._uuid, *_includes_of(task))
    # A host that includes the role a second time at the same place means a second inclusion.
    count = next(number for number in range(1, 1_000_000) if _create(folder, inclusion, number, by=host))
    return host if _create(folder, inclusion, count, content=host) else _read(folder, inclusion, count)


def _play_of(task: Any) -> Any:
    parent = task
    while parent is not None:
        play = getattr(parent, "_play", None)
        if play is not None:
            return play
        parent = getattr(parent, "_parent", None)
    return None


def _includes_of(task: Any) -> Iterator[str]:
    """The places of all includes around the task, and the variables of these includes, such as the item of a loop."""
    parent: Any = task
    while parent is not None:
        if hasattr(parent, "get_path"):
            yield str(parent.get_path())
        parent = getattr(parent, "_parent", None)
    yield json.dumps(task.get_include_params(), default=str, sort_keys=True)


def _fingerprint(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode(errors="backslashreplace")).hexdigest()[:32]


def _create(folder: str, inclusion: str, count: int, *, by: str = "", content: str = "") -> bool:
    """Whether this call created the file of an inclusion; only the first call does."""
    name = _name(inclusion, count) + (f"-{_fingerprint(by)}" if by else "")
    # A link, since a host that reads the file at the same time must not find the file without its content.
    with NamedTemporaryFile("w", dir=folder, encoding="utf-8") as file:
        file.write(content)
        file.flush()
        try:
            os.link(file.name, Path(folder, name))
        except FileExistsError:
            return False
    return True


def _read(folder: str, inclusion: str, count: int) -> str:
    return Path(folder, _name(inclusion, count)).read_text(encoding="utf-8")


def _name(inclusion: str, count: int) -> str:
    return f"docr-{inclusion}-{count}"


def outputs_of(host: str, variables: Mapping[str, Any]) -> Any:
    """The outputs of the host that worked; None where the host has no outputs yet."""
    return variables.get("hostvars", {}).get(host, {}).get("_docr_outputs")
