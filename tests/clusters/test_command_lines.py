# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command lines of guides, examples and playbooks run exactly as written.

Each document is followed in a new home folder and a new working folder, which hold the installed artifact and the
files that the document tells the user to write.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

import stages
from clusters.conftest import Planes, join
from docr_sandbox.testing import Sandbox
from playing import PLAYBOOK_PROGRAM, ROOT, playbook_program
from support.command_lines import FOLLOWED, named_files, steps
from support.control_plane import Cluster
from support.galaxy_server import galaxy_server
from support.modules import run_module
from support.role_manifests import written

INSTALLED = Path(".ansible/collections/ansible_collections/planton/digitalocean")
VERSION = str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])
# Outside the default maintenance window, since a collection takes as long as the pause between two reads.
THURSDAY = "2031-05-08T15:00:00Z"


def make_programs(folder: Path) -> Path:
    """Make a Python environment like this one, but without the checkout as an installed collection; returns its bin.

    The environments of older versions of ansible-core do not have the checkout (`locks.provide`).
    """
    if os.environ.get(PLAYBOOK_PROGRAM):
        return Path(playbook_program()).parent
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    packages, own = Path(sysconfig.get_path("purelib")), next((folder / "lib").glob("python*/site-packages"))
    for package in packages.iterdir():
        if package.name != "ansible_collections":
            (own / package.name).symlink_to(package)
    for program in (*Path(sys.executable).parent.glob("ansible*"), Path(sys.executable).parent / "pip"):
        script = program.read_text(encoding="utf-8").partition("\n")[2]
        (folder / "bin" / program.name).write_text(f"#!{python}\n{script}", encoding="utf-8")
        (folder / "bin" / program.name).chmod(0o755)
    return folder / "bin"


@dataclass(frozen=True)
class Artifact:
    """The artifact of the checkout: a Galaxy that offers it, a folder where it is installed, and Ansible's programs."""

    galaxy: str
    installed: Path
    programs: Path


@dataclass(frozen=True)
class Reader:
    """A user who follows a document: a home folder, a working folder, a team at the sandbox, and two clusters."""

    home: Path
    sandbox: Sandbox
    eu: Cluster
    us: Cluster
    artifact: Artifact
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The working folder."""
        return self.home / "work"

    def write(self, name: str, content: str) -> None:
        """Write a file of the working folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")

    def write_manifests(self, *manifests: Mapping[str, Any]) -> None:
        """Write manifests into the folder that the guides call manifests/."""
        for manifest in manifests:
            self.write(f"manifests/{manifest['metadata']['name']}.yaml", yaml.safe_dump(manifest))

    def run(self, line: str) -> str:
        """Run a command line in a shell and return its output; a failure or a misspelt variable fails the test."""
        kept = {name: value for name, value in self.sandbox.environment.items() if not name.startswith("ANSIBLE_")}
        own = {
            "HOME": str(self.home),
            "PATH": f"{self.artifact.programs}{os.pathsep}{kept['PATH']}",
            "ANSIBLE_GALAXY_SERVER": self.artifact.galaxy,
            "NO_COLOR": "1",
        }
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=kept | own | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        assert "did you mean" not in done.stderr, f"{line}\n{done.stderr}"
        return done.stdout

    def follow(self, document: str) -> dict[str, str]:
        """Run every step of a document; returns what each printed."""
        return {line: self.run(line) for line in steps(document)}


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Artifact]:
    """The artifact of this checkout, built once."""
    place = stages.Workplace(tmp_path_factory.mktemp("artifact"))
    built, said = stages.build(place)
    assert built is not None, said
    home = tmp_path_factory.mktemp("installed")
    programs = make_programs(tmp_path_factory.mktemp("programs"))
    install = [str(programs / "ansible-galaxy"), "collection", "install", str(built), "--offline"]
    status, said = place.run(install, home, HOME=str(home), ANSIBLE_COLLECTIONS_PATH=str(home / ".ansible/collections"))
    assert (home / INSTALLED / "MANIFEST.json").is_file(), f"{status} {said}"
    with galaxy_server(built, VERSION) as address:
        yield Artifact(address, home / ".ansible/collections", programs)


@pytest.fixture
def reader(sandbox: Sandbox, planes: Planes, artifact: Artifact, tmp_path: Path) -> Reader:
    """A user in an empty folder, with the artifact installed, and a team with two clusters and no registry."""
    sandbox.set_clock(THURSDAY)
    eu, us = join(sandbox, planes("first"), "orchard-eu"), join(sandbox, planes("second"), "orchard-us")
    user = Reader(tmp_path, sandbox, eu, us, artifact)
    user.folder.mkdir()
    (tmp_path / ".ansible").mkdir()
    (tmp_path / ".ansible/collections").symlink_to(artifact.installed)
    return user


def follow_readme(user: Reader) -> None:
    (user.home / ".ansible/collections").unlink()
    for name, content in named_files(ROOT / "README.md").items():
        user.write(name, content)
    scopes = {"registry": ("read", "create", "update"), "kubernetes": ("read", "create", "update", "access_cluster")}
    listed = [f"{group}:{one}" for group, names in scopes.items() for one in names]
    user.environment["DIGITALOCEAN_ACCESS_TOKEN"] = user.sandbox.mint(scopes=listed)
    printed = user.follow("README.md")
    assert (user.home / INSTALLED / "MANIFEST.json").is_file()
    assert (user.folder / "examples/manifests/shop-eu.yaml").is_file()
    assert registries(user) == {"orchard-shop-eu"}
    assert user.eu.pull_secrets("default") == user.us.pull_secrets("default") == ["orchard-shop-eu"]
    planned, created, _added, repeated = (
        text for line, text in printed.items() if line.startswith("ansible-playbook ")
    )
    assert "would be created" in planned
    assert "created" in created
    assert "changed=0 " in repeated
    assert "orchard-shop-eu" in printed["ansible localhost -m planton.digitalocean.docr_registry_info"]


def follow_access(user: Reader) -> None:
    user.sandbox.seed({"tier": "basic", "registries": [{"name": "kiwi", "region": "syd1"}]})
    user.environment["KUBECONFIG"] = user.eu.kubeconfig(user.home)
    given: dict[str, Any] = {"kubeconfig": user.environment["KUBECONFIG"], "registries": ["kiwi"], "method": "direct"}
    result = run_module(user.sandbox, "docr_doks_integration", **given, rotate_every="30d")
    assert result["changed"], result
    (line,) = steps("docs/access.md")
    # Kubernetes decides what a selector and a path mean, and kubectl only prints the answer.
    (selector,), (path,) = re.findall(r" -l (\S+)", line), re.findall(r"EXPIRES:\.metadata\.annotations\.(\S+)'", line)
    expiry = path.replace("\\.", ".")
    secrets = user.eu.secrets("docr-direct-kiwi")
    assert set(secrets) >= {"default", "kube-system"}
    for secret in secrets.values():
        label, _sign, value = selector.partition("=")
        assert secret["metadata"]["labels"][label] == value
        assert secret["metadata"]["annotations"][expiry].startswith("20")
    if shutil.which("kubectl"):
        heading, *rows = user.run(line).splitlines()
        assert heading.split() == ["NAMESPACE", "EXPIRES"]
        assert {row.split()[0] for row in rows} == set(secrets)
        assert not any("<none>" in row for row in rows)


def follow_login(user: Reader) -> None:
    user.sandbox.seed({"tier": "basic", "registries": [{"name": "acme-payments", "region": "fra1"}]})
    # The guide asks for the expiry of a login before it shows the pipelines, which log in.
    (login,) = [line for line in steps("docs/login.md") if "read_write=true" in line]
    user.run(login)
    printed = user.follow("docs/login.md")
    (expiry,) = [text for line, text in printed.items() if line.startswith("grep ")]
    assert re.search(r'"expires_at": "20', expiry)
    assert not (user.home / ".docker/config.json").exists()


def follow_role(user: Reader) -> None:
    user.sandbox.seed({"tier": "basic", "registries": [{"name": "orchard-shop-eu", "region": "ams3"}]})
    user.write_manifests(rotated("orchard-shop-eu"))
    user.follow("roles/docr/README.md")
    assert user.eu.pull_secrets("default") == ["docr-direct-orchard-shop-eu"]
    assert "GET /v2/registries/orchard-shop-eu/garbage-collections" in user.sandbox.calls()


def follow_rotate(user: Reader) -> None:
    user.sandbox.seed({"tier": "basic", "registries": [{"name": "acme-shop", "region": "ams3"}]})
    user.write_manifests(rotated("acme-shop"))
    user.follow("playbooks/rotate.yml")
    assert user.eu.pull_secrets("default") == ["docr-direct-acme-shop"]


def follow_destroy(user: Reader) -> None:
    token = user.sandbox.mint(team="acme")
    body = {"name": "acme-old", "subscription_tier_slug": "basic", "region": "fra1"}
    assert user.sandbox.request("POST", "/v2/registries", body, token=token)[0] == 201
    user.environment["DIGITALOCEAN_ACCESS_TOKEN"] = token
    user.follow("playbooks/destroy.yml")
    assert user.sandbox.request("GET", "/v2/registries/acme-old", token=token)[0] == 404


def follow_other_clusters(user: Reader) -> None:
    shutil.copytree(user.home / INSTALLED / "examples", user.folder / "examples")
    farm: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, cluster in (("farm-north", user.eu), ("farm-south", user.us)):
        cluster.add_namespaces("edge", labels={"orchard.example/pulls": "edge"})
        own = json.loads(Path(cluster.kubeconfig(user.home)).read_text(encoding="utf-8"))
        farm["clusters"].append({**own["clusters"][0], "name": name})
        farm["users"].append({**own["users"][0], "name": name})
        farm["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    user.write("farm.kubeconfig", yaml.safe_dump(farm))
    user.follow("examples/cluster-access/other-clusters.yaml")
    assert registries(user) == {"orchard-payments", "orchard-base", "orchard-edge"}
    assert "docr-direct-orchard-edge" in user.eu.pull_secrets("edge")
    assert user.us.pull_secrets("edge") == ["docr-direct-orchard-edge"]


def rotated(name: str) -> dict[str, Any]:
    """A manifest of a registry whose garbage is collected, and whose credentials this collection renews."""
    access = {"clusters": ["orchard-eu"], "method": "direct", "rotate_every": "30d"}
    plan = {"subscription_tier": "basic", "region": "ams3", "garbage_collection_enabled": True}
    return written(name, **plan, doks_integration=access)


def registries(user: Reader) -> set[str]:
    return {one["name"] for one in user.sandbox.account()["registries"]}


FOLLOW: Mapping[str, Callable[[Reader], None]] = {
    "README.md": follow_readme,
    "docs/access.md": follow_access,
    "docs/login.md": follow_login,
    "roles/docr/README.md": follow_role,
    "examples/cluster-access/other-clusters.yaml": follow_other_clusters,
    "playbooks/destroy.yml": follow_destroy,
    "playbooks/rotate.yml": follow_rotate,
}


@pytest.mark.parametrize("document", FOLLOWED)
def test_the_command_lines_of_a_document_run_as_written(reader: Reader, document: str) -> None:
    FOLLOW[document](reader)
