# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kubeconfig that a test brings into the form of another tool, and what the API server must get with the form."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import trustme
import yaml

from .connect_proxy import ConnectProxy
from .hostile_server import ReplyingServer

TOKEN = "k8s-aws-v1.mnopqrstuv"
CLIENT = "system:masters-gardener"
LIST = "/api/v1/namespaces?limit=1000"
V1, BETA = (f"client.authentication.k8s.io/{version}" for version in ("v1", "v1beta1"))
CLIENTS = trustme.CA()
LEAF = CLIENTS.issue_cert("gardener.quay", common_name=CLIENT)
CERT, KEY = LEAF.cert_chain_pems[0].bytes(), LEAF.private_key_pem.bytes()

Document = dict[str, Any]


class World(NamedTuple):
    """An API server, a proxy, and a folder for the kubeconfig and the files beside the kubeconfig."""

    server: ReplyingServer
    proxy: ConnectProxy
    folder: Path


class Expected(NamedTuple):
    """What the server gets: headers by their names, the client certificate, the path, the server name of TLS."""

    headers: dict[str, str | None]
    client: str | None = None
    path: str = LIST
    server_name: str | None = None
    is_tunneled: bool = False


BY_TOKEN = Expected({"Authorization": f"Bearer {TOKEN}"})
BY_CERTIFICATE = Expected({"Authorization": None}, CLIENT)


def encoded(data: bytes) -> str:
    """Bytes as the fields of a kubeconfig hold them that end in -data."""
    return base64.b64encode(data).decode()


def by_certificate(cert: bytes = CERT, key: bytes = KEY) -> Document:
    """A user with a client certificate in the kubeconfig itself."""
    return {"client-certificate-data": encoded(cert), "client-key-data": encoded(key)}


@dataclass
class Form:
    """One form: `more` replaces parts of the document, `render` writes the document, `paths` are further files."""

    world: World
    user: Document = field(default_factory=lambda: {"token": TOKEN})
    cluster: Document = field(default_factory=dict)
    more: Document = field(default_factory=dict)
    render: Callable[[Document], str | bytes] = yaml.safe_dump
    context: str | None = "glass"
    paths: str = "CONFIG"

    @property
    def ca(self) -> bytes:
        """The CA of the server, in PEM."""
        return base64.b64decode(self.world.server.ca_data)

    @property
    def address(self) -> str:
        """The address of the server."""
        return self.world.server.address

    def document(self) -> Document:
        """The kubeconfig; a field of the cluster that is None is left out."""
        server = self.world.server
        told = {"server": server.address, "certificate-authority-data": server.ca_data, **self.cluster}
        whole = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "glass",
            "contexts": [{"name": "glass", "context": {"cluster": "greenhouse", "user": "gardener"}}],
            "clusters": [{"name": "greenhouse", "cluster": {k: v for k, v in told.items() if v is not None}}],
            "users": [{"name": "gardener", "user": self.user}],
            **self.more,
        }
        return {key: value for key, value in whole.items() if value is not None}

    def write(self) -> str:
        """Write the kubeconfig, and return its path, or the paths of several files as KUBECONFIG has them."""
        self.file("config", self.render(self.document()))
        folder = self.world.folder
        return re.sub("[A-Z]+", lambda name: str(folder / name[0].lower()), self.paths)

    def file(self, name: str, content: bytes | str, mode: int = 0o600) -> str:
        """Write a file beside the kubeconfig, and return its name."""
        path = self.world.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return name

    def named(self, *names: str) -> None:
        """Give context, cluster and user other names."""
        context, cluster, user = names
        self.context = context
        self.more |= {
            "current-context": context,
            "contexts": [{"name": context, "context": {"cluster": cluster, "user": user}}],
            "clusters": [{**self.document()["clusters"][0], "name": cluster}],
            "users": [{"name": user, "user": self.user}],
        }

    def plugin(self, status: Document, check: str = ":", file: str = "plugin", **fields: Any) -> None:
        """Sign in with an exec plug-in, which prints a status if a check of the shell passes."""
        fields = {"apiVersion": V1, "command": f"./{file}", "interactiveMode": "Never", **fields}
        printed = json.dumps({"apiVersion": fields["apiVersion"], "kind": "ExecCredential", "status": status})
        self.file(file, f"#!/bin/sh\n{check} || exit 9\ncat <<'END'\n{printed}\nEND\n", 0o755)
        self.user = {"exec": fields}
