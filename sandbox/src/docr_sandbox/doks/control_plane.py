# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Kubernetes control plane as processes of this machine: etcd, API server and controller manager.

    with ControlPlane.start(programs, folder, sandbox=("https://localhost:40001", "sandbox-ca.pem")) as plane:
        sandbox.control("PUT", f"control-planes/{plane.name}", plane.to_json())

RBAC is on. The API server sends other tokens than its own to the sandbox for review. So tokens that the sandbox mints
for a cluster are valid there, and expire by the sandbox's clock.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import http.client
import json
import secrets
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import trustme

from docr_sandbox.kept_connections import KeptConnections
from docr_sandbox.model.cluster import ApiServerAddress

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
ADMIN = ("sandbox-admin", "system:masters")
CONTROLLERS = (
    "serviceaccount,namespace,serviceaccount-token,root-ca-cert-publisher,garbagecollector,deployment,replicaset,"
    "cronjob,job"
)


class ControlPlaneError(RuntimeError):
    """A process did not start; the text has the end of its log."""


@dataclass
class ControlPlane:
    """A running control plane; ``token`` is an administrator's, ``ca`` is PEM text."""

    name: str
    folder: Path
    port: int
    ca: str
    token: str = field(repr=False)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)
    _ports: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, repr=False)

    @classmethod
    def start(
        cls, programs: Mapping[str, Path], folder: Path, *, name: str = "plane", sandbox: tuple[str, str] | None = None
    ) -> Self:
        """Start a control plane in ``folder``; return when it answers and creates service accounts.

        ``programs`` are the paths of etcd, kube-apiserver and kube-controller-manager; ``sandbox`` is the address and
        the CA file of the sandbox that reviews tokens. Raises :class:`ControlPlaneError`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        ports = contextlib.ExitStack()
        etcd, peers, port = (_take_port(ports) for _ in range(3))
        authority = trustme.CA(organization_name="docr-sandbox-cluster")
        plane = cls(name, folder, port, authority.cert_pem.bytes().decode(), secrets.token_hex(24), _ports=ports)
        plane._write_files(authority, sandbox)
        try:
            plane._launch(programs["etcd"], _etcd_flags(folder, etcd, peers))
            plane._launch(programs["kube-apiserver"], plane._api_server_flags(etcd, has_sandbox=sandbox is not None))
            plane._await("/readyz")
            plane._launch(programs["kube-controller-manager"], plane._manager_flags())
            plane._await("/api/v1/namespaces/default/serviceaccounts/default")
        except BaseException:
            plane.stop()
            raise
        return plane

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End all processes, the last one first."""
        for process in reversed(self._processes):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            if process.poll() is None:
                process.kill()
                process.wait()
        self._processes.clear()
        self._ports.close()

    @property
    def server(self) -> str:
        """The API server's address."""
        return f"https://127.0.0.1:{self.port}"

    def to_json(self, front: ApiServerAddress | None = None) -> dict[str, Any]:
        """The body that connects the control plane to the sandbox; with a front, clients use the front."""
        return {"server": self.server, "ca": self.ca, "token": self.token, "front": front and asdict(front)}

    def kubeconfig(self, token: str | None = None, front: ApiServerAddress | None = None) -> dict[str, Any]:
        """A kubeconfig for a token, by default the administrator's; its context has the plane's name."""
        address = front or ApiServerAddress(self.server, self.ca)
        cluster = {
            "server": address.server,
            "certificate-authority-data": base64.b64encode(address.ca.encode()).decode(),
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": self.name, "cluster": cluster}],
            "users": [{"name": self.name, "user": {"token": token or self.token}}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": self.name}}],
            "current-context": self.name,
        }

    def request(
        self, method: str, path: str, body: object = None, *, content_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Send a request as administrator; returns the status and the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        sent = None if body is None else json.dumps(body)
        status, answered, content = self._connections.send(method, path, sent, headers)
        is_json = answered.get_content_type() == "application/json"
        return status, json.loads(content) if is_json else content.decode(errors="replace")

    @cached_property
    def _connections(self) -> KeptConnections:
        context = ssl.create_default_context(cadata=self.ca)
        return KeptConnections("127.0.0.1", self.port, context, START_TIMEOUT_S)

    def _write_files(self, authority: trustme.CA, sandbox: tuple[str, str] | None) -> None:
        certificate = authority.issue_cert("127.0.0.1", "localhost", "10.96.0.1")
        (self.folder / "ca.pem").write_text(self.ca, encoding="utf-8")
        certificate.private_key_pem.write_to_path(self.folder / "server.key")
        (self.folder / "server.pem").write_bytes(b"".join(one.bytes() for one in certificate.cert_chain_pems))
        # Any private key can sign the tokens of service accounts.
        authority.private_key_pem.write_to_path(self.folder / "accounts.key")
        with (self.folder / "tokens.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerow([self.token, ADMIN[0], ADMIN[0], ADMIN[1]])
        _write_json(self.folder / "kubeconfig", self.kubeconfig())
        if sandbox is not None:
            url, ca_file = sandbox
            reviews = f"{url}/_sandbox/control-planes/{self.name}/token-reviews"
            _write_json(self.folder / "reviews", _webhook(reviews, ca_file))

    def _api_server_flags(self, etcd: int, *, has_sandbox: bool) -> list[str]:
        place = self.folder
        flags = [
            f"--etcd-servers=http://127.0.0.1:{etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--permit-port-sharing",
            f"--cert-dir={place}",
            f"--tls-cert-file={place}/server.pem",
            f"--tls-private-key-file={place}/server.key",
            f"--service-account-key-file={place}/accounts.key",
            f"--service-account-signing-key-file={place}/accounts.key",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--token-auth-file={place}/tokens.csv",
            "--authorization-mode=RBAC",
            "--service-cluster-ip-range=10.96.0.0/16",
        ]
        if has_sandbox:
            flags += [
                f"--authentication-token-webhook-config-file={place}/reviews",
                "--authentication-token-webhook-version=v1",
                "--authentication-token-webhook-cache-ttl=1ms",
            ]
        return flags

    def _manager_flags(self) -> list[str]:
        return [
            f"--kubeconfig={self.folder}/kubeconfig",
            f"--service-account-private-key-file={self.folder}/accounts.key",
            f"--root-ca-file={self.folder}/ca.pem",
            f"--controllers={CONTROLLERS}",
            "--leader-elect=false",
            "--secure-port=0",
            # With the defaults, a thousand new namespaces would wait 50 s for their service accounts.
            "--kube-api-qps=2000",
            "--kube-api-burst=2000",
        ]

    def _launch(self, program: Path, flags: Iterable[str]) -> None:
        with (self.folder / f"{program.name}.log").open("ab") as output:
            self._processes.append(
                subprocess.Popen(
                    [str(program), *flags], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
                )
            )

    def _await(self, path: str) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", path)[0] == 200:
                    return
            if any(one.poll() is not None for one in self._processes) or time.monotonic() > deadline:
                raise ControlPlaneError(f"{path} does not answer; {self._log_ends()}")
            time.sleep(0.05)

    def _log_ends(self) -> str:
        logs = sorted(self.folder.glob("*.log"))
        return "; ".join(f"end of the log of {log.stem}: {log.read_text(errors='replace')[-500:]}" for log in logs)


def _etcd_flags(folder: Path, port: int, peers: int) -> list[str]:
    clients, others = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peers}"
    return [
        f"--data-dir={folder}/etcd",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={others}",
        f"--initial-advertise-peer-urls={others}",
        f"--initial-cluster=default={others}",
        "--socket-reuse-port",
        "--unsafe-no-fsync",
        "--log-level=error",
    ]


def _webhook(url: str, ca_file: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": {"server": url, "certificate-authority": ca_file}}],
        "users": [{"name": "api-server"}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "api-server"}}],
        "current-context": "sandbox",
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    # A kubeconfig is YAML, and so is JSON.
    path.write_text(json.dumps(content), encoding="utf-8")
    path.chmod(0o600)


def _take_port(until: contextlib.ExitStack) -> int:
    """A free port, reserved for programs that share ports: this socket is bound and never listens."""
    taken = until.enter_context(socket.socket())
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    taken.bind(("127.0.0.1", 0))
    return int(taken.getsockname()[1])
