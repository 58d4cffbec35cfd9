# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines and the files that guides, playbooks and examples tell a user to write, taken from their text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from playing import ROOT

# A span of code that starts with one of these words, and has more words, is a command line.
PROGRAMS = (
    r"ansible(-\w+)?|cosign|cp|crane|cron|curl|docker|doctl|docr-sandbox|export|git|grep|helm|kubectl|make|oras|pip|podman"
    r"|regctl|skopeo|systemctl|terraform"
)
SPAN = re.compile(rf"(?:[A-Z_]+=\S+ )*(?:{PROGRAMS}) .+")
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
SCRIPTS = ("before_script", "script", "after_script")


def command_lines(path: Path) -> list[str]:
    """The command lines of a document, in their order, each once and without the comment behind the command."""
    text = path.read_text(encoding="utf-8")
    found = in_markdown(text) if path.suffix == ".md" else in_comments(text)
    return list(dict.fromkeys(re.sub(r"\s+# .*$", "", line) for line in found))


def in_markdown(text: str) -> Iterator[str]:
    """The lines of shell blocks, of pipelines, and after a prompt; the spans of code between the blocks."""
    end = 0
    for match in BLOCK.finditer(text):
        yield from in_spans(text[end : match.start()])
        yield from in_block(match.group(2), match.group(3))
        end = match.end()
    yield from in_spans(text[end:])


def in_block(language: str, body: str) -> Iterator[str]:
    if language == "shell":
        yield from (line for line in body.replace("\\\n", "").splitlines() if line.strip())
    elif language == "yaml":
        for document in yaml.safe_load_all(body):
            yield from in_pipeline(document)
    else:
        yield from re.findall(r"^\$ (.+)$", body, re.MULTILINE)


def in_pipeline(content: Any) -> Iterator[str]:
    """The commands of a workflow of GitHub, and of a job of GitLab."""
    if isinstance(content, list):
        for item in content:
            yield from in_pipeline(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key == "run" and isinstance(value, str):
                yield from value.splitlines()
            elif key in SCRIPTS:
                yield from value
            else:
                yield from in_pipeline(value)


def in_spans(text: str) -> Iterator[str]:
    spans = (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text))
    return (span for span in spans if SPAN.fullmatch(span))


def in_comments(text: str) -> Iterator[str]:
    """The indented lines and the spans of code of a file's comments, and the command of a systemd service."""
    for line in text.splitlines():
        yield from re.findall(r"^#\s{3,}(\S.*)$", line)
        yield from re.findall(r"^ExecStart=(.+)$", line)
        yield from in_spans(line if line.startswith("#") else "")


def named_files(path: Path) -> dict[str, str]:
    """The files that a guide shows: blocks of YAML whose first line is a comment with the file's name."""
    blocks = (match.group(3) for match in BLOCK.finditer(path.read_text(encoding="utf-8")))
    named = ((re.match(r"# ([\w./-]+\.ya?ml)\n", block), block) for block in blocks)
    return {match.group(1): block for match, block in named if match}


DOCUMENTS = (
    "README.md",
    "docs/*.md",
    "roles/*/README.md",
    "examples/**/*.*",
    "playbooks/*.yml",
)

_REPOSITORY = "needs a checkout of the repository; tests/integration/test_demo.py runs the demo"
_OTHER_TOOL = "names what another tool does; no step of a guide"
_ENGINE = "needs a container engine"
_CONTAINER = "needs the container of a job; tests/clients/test_pipelines.py runs the pipelines"
# The documents with command lines that tests/clusters/test_command_lines.py runs.
FOLLOWED = (
    "README.md",
    "docs/access.md",
    "docs/login.md",
    "roles/docr/README.md",
    "examples/cluster-access/other-clusters.yaml",
    "playbooks/destroy.yml",
    "playbooks/rotate.yml",
)
# The command lines that no test runs, each with the reason.
NOT_RUN: Mapping[str, str] = {
    "git clone https://github.com/plantonhq/ansible-collection-digitalocean && cd ansible-collection-digitalocean": (
        "needs the internet"
    ),
    "make demo": _REPOSITORY,
    "make test": _REPOSITORY,
    "make sandbox": _REPOSITORY,
    "make bench": _REPOSITORY,
    "docr-sandbox seed": _REPOSITORY,
    "export DIGITALOCEAN_ACCESS_TOKEN=...": "the user's own token stands for the dots",
    "terraform state rm digitalocean_container_registry.shop": "needs Terraform and its state",
    "doctl registry kubernetes-manifest": _OTHER_TOOL,
    "kubectl apply": _OTHER_TOOL,
    "docker login": _OTHER_TOOL,
    "docker logout": _OTHER_TOOL,
    "docker logout registry.digitalocean.com": _OTHER_TOOL,
    "DOCKER_CONFIG=~/.docker-logins/acme-payments docker push ...": _ENGINE,
    "apk add --no-cache python3 py3-pip": _CONTAINER,
    "python3 -m venv ~/ansible": _CONTAINER,
    "docker build --push -t registry.digitalocean.com/acme-payments/api:$CI_COMMIT_SHORT_SHA .": _ENGINE,
    "ansible-playbook ci/push.yml": _ENGINE,
    "/usr/bin/ansible-playbook planton.digitalocean.gc -e docr_manifest_files=/etc/docr-gc/manifests": (
        "needs systemd and files of root"
    ),
}


def documents() -> dict[str, list[str]]:
    """The command lines of each document that has any."""
    paths = [path for pattern in DOCUMENTS for path in sorted(ROOT.glob(pattern)) if path.is_file()]
    found = {str(path.relative_to(ROOT)): command_lines(path) for path in paths}
    return {name: lines for name, lines in found.items() if lines}


def steps(document: str) -> list[str]:
    """The command lines of a document that run here; a line that stands in several documents runs for the first."""
    seen = set(NOT_RUN)
    for name, lines in documents().items():
        new = [line for line in lines if line not in seen]
        if name == document:
            return new
        seen.update(new)
    raise AssertionError(f"{document} has no command line")
