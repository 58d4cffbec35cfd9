# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's keywords around a task do the same in the controller's process and as a module, and nothing leaks.

Many tasks share a play, since a play costs more than a task. Calls of the sandbox's log tell by which token a task ran.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from canaries import require_no_secret
from docr_sandbox.testing import Sandbox
from playing import playbook_program
from support.connect_proxy import connect_proxy
from support.ways import WayName, environment_of

INFO = "planton.digitalocean.docr_registry_info"
GC_INFO = "planton.digitalocean.docr_gc_info"
UNICODE = "Äpfel, 苹果 🍏"
NOT_A_TEMPLATE = "{{ nothing }} {% if %}"
HUSH = "hush-4711"
HANGS_AFTER_S = 300


@dataclass(frozen=True)
class Tagged:
    """A text of YAML with a tag."""

    tag: str
    text: str


class Dumper(yaml.SafeDumper):
    """Writes texts with tags."""


Dumper.add_representer(Tagged, lambda dumper, one: dumper.represent_scalar(one.tag, one.text, style="|"))


def fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:12]


def tokens_in_order(sandbox: Sandbox) -> list[str]:
    """The fingerprints of the tokens of all calls, equal neighbours once."""
    return [key for key, _calls in groupby(str(entry["token"]) for entry in sandbox.log())]


@dataclass(frozen=True)
class Told:
    """What a play printed, and the results that its tasks registered, by host and name."""

    printed: str
    results: Mapping[str, Mapping[str, Any]]


def run_play(
    sandbox: Sandbox, folder: Path, way: WayName, plays: Sequence[Mapping[str, Any]], *arguments: str, **variables: str
) -> Told:
    """Run plays with -vvvvv whose tasks register their results under their names."""
    names = [task["register"] for one in plays for task in one["tasks"] if "register" in task]
    told = ", ".join(f"'{name}': {name} | default(none)" for name in names)
    keep = {
        "name": "Keep the results",
        "ansible.builtin.copy": {
            "content": f"{{{{ {{{told}}} | to_json }}}}",
            "dest": f"{folder}/told-{{{{ inventory_hostname }}}}.json",
            "mode": "0600",
        },
        "delegate_to": "localhost",
        "no_log": True,
    }
    written = [*plays[:-1], {**plays[-1], "tasks": [*plays[-1]["tasks"], keep]}]
    (folder / "mine.yml").write_text(yaml.dump(written, Dumper=Dumper, allow_unicode=True), encoding="utf-8")
    done = subprocess.run(
        [playbook_program(), str(folder / "mine.yml"), "-vvvvv", *arguments],
        env={**environment_of(sandbox, way), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=HANGS_AFTER_S,
    )
    printed = done.stdout + done.stderr
    # Ansible prints the environment of a module, and with it a token that the environment gives.
    if way == "controller":
        require_no_secret("the play", printed)
    assert done.returncode == 0, printed
    results = {path.stem.removeprefix("told-"): json.loads(path.read_text()) for path in folder.glob("told-*.json")}
    return Told(printed, results)


def task(name: str, options: Mapping[str, Any] | None = None, module: str = INFO, **keys: Any) -> dict[str, Any]:
    """A task that registers its result under its name."""
    return {"name": name, module: dict(options or {}), "register": name, **keys}


def failing(name: str, options: Mapping[str, Any] | None = None, module: str = INFO, **keys: Any) -> dict[str, Any]:
    """A task whose failure does not end the play."""
    return task(name, options, module, ignore_errors=True, **keys)


TOKENS = ("given", "defaults", "group", "vault")


def seed(sandbox: Sandbox) -> dict[str, str]:
    """Two registries, one of which had many collections, and tokens that tell tasks apart."""
    times = [(f"2026-02-{1 + hour // 24:02}T{hour % 24:02}:00:00Z", hour) for hour in range(600)]
    collections = [{"started_at": at, "ended_at": at.replace(":00:00Z", ":05:00Z")} for at, _hour in times]
    kiwi = {"name": "kiwi", "region": "syd1", "garbage_collections": collections}
    sandbox.set_clock("2026-03-01T03:30:00Z")
    sandbox.seed({"tier": "professional", "registries": [kiwi, {"name": "plum"}]})
    sandbox.fault(method="GET", path="/v2/registries/plum/garbage-collections", delay=4, times=1)
    return {name: sandbox.mint(scopes=["registry:read"]) for name in TOKENS}


def tasks_of(folder: Path, tokens: Mapping[str, str], proxy: str) -> list[dict[str, Any]]:
    """A task for each keyword; each keyword belongs to one task."""
    secret = VaultSecret(b"apple")
    vaulted = VaultLib([("default", secret)]).encrypt(tokens["vault"], secret).decode()
    (folder / "password").write_text("apple", encoding="utf-8")
    (folder / "scratch").mkdir()
    locale = {"LC_ALL": "C", "LANG": "C", "TMPDIR": str(folder / "scratch")}
    return [
        task("given", environment={"DIGITALOCEAN_ACCESS_TOKEN": tokens["given"]}),
        task("afterwards"),
        task("defaults", module_defaults={INFO: {"token": tokens["defaults"]}}),
        task("group", module_defaults={"group/planton.digitalocean.docr": {"token": tokens["group"]}}),
        task("vault", {"token": Tagged("!vault", vaulted)}),
        task("omitted", {"token": "{{ omit }}"}),
        task("proxied", environment={"HTTPS_PROXY": f"http://{proxy}", "NO_PROXY": "", "no_proxy": ""}),
        failing("unsafe", {"team": Tagged("!unsafe", NOT_A_TEMPLATE)}),
        task("hidden", {"ca_path": "{{ hush }}.pem"}, no_log=True),
        failing("unicode", {"team": UNICODE}, environment=locale),
        task("folder", {"ca_path": "ca.pem"}),
        task("looped", {"registries": ["{{ item }}"]}, GC_INFO, loop=["kiwi"], throttle=1),
        failing("repeated", until=False, retries=1, delay=0),
        failing("late", {"registries": ["plum"]}, GC_INFO, timeout=2),
        task("early", {"registries": ["plum"]}, GC_INFO, timeout=120),
        {"name": "local", "local_action": {"module": INFO}, "register": "here"},
    ]


def test_keywords_of_a_task_count_for_the_task_alone(sandbox: Sandbox, tmp_path: Path, way: WayName) -> None:
    tokens = seed(sandbox)
    for name in ("ca", HUSH):
        (tmp_path / f"{name}.pem").symlink_to(sandbox.ca_file)
    with connect_proxy() as proxy:
        tasks = tasks_of(tmp_path, tokens, proxy.place)
        plays = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
        told = run_play(
            sandbox, tmp_path, way, plays, "--vault-password-file", str(tmp_path / "password"), "-e", f"hush={HUSH}"
        )
    own = fingerprint(sandbox.token)
    first, *others = (fingerprint(tokens[name]) for name in TOKENS)
    assert tokens_in_order(sandbox) == [first, own, *others, own]
    # The calls of one task, and no calls of other tasks.
    assert 1 <= len(proxy.tunnels) <= len(sandbox.calls()) / 4
    assert list((tmp_path / "scratch").iterdir()) == []
    # ansible-core 2.18 prints escapes for the other letters.
    assert "pfel" in told.printed
    require_results(told.results["localhost"])


def require_results(results: Mapping[str, Any]) -> None:
    assert NOT_A_TEMPLATE in results["unsafe"]["msg"]
    assert UNICODE in results["unicode"]["msg"]
    # More than a pipe holds.
    assert len(json.dumps(results["looped"]["results"])) > 100_000
    assert results["repeated"]["attempts"] == 1
    for name in ("unsafe", "unicode", "repeated", "late"):
        assert results[name]["failed"], name
    for name in ("given", "folder", "omitted", "here"):
        assert len(results[name]["registries"]) == 2, name
    assert results["early"]["garbage_collections"]
