# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of ``export`` lines that points a shell's DigitalOcean clients at the sandbox."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docr_sandbox.files import write_atomically

_HEADER = """\
# Points DigitalOcean clients in this shell at the local sandbox: source this file.
# The CA files it names hold the system's certificates too, so that pip, curl and others go on working.
"""


@dataclass(frozen=True)
class Address:
    """Where a running sandbox listens, and what a client needs to talk to it."""

    url: str
    registry_host: str
    revoke_url: str
    ca_file: Path
    token: str = field(repr=False)


def exports(address: Address, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables by name. Only what clients of DigitalOcean read, and the sandbox's own two."""
    ca_file = str(address.ca_file)
    return {
        "DIGITALOCEAN_ACCESS_TOKEN": address.token,
        "DIGITALOCEAN_TOKEN": address.token,
        "DIGITALOCEAN_API_URL": address.url,
        "DIGITALOCEAN_OAUTH_REVOKE_URL": address.revoke_url,
        "DOCR_REGISTRY_HOST": address.registry_host,
        # Go programs (doctl, Terraform), requests (pydo, Ansible modules) and curl each look at another name.
        "SSL_CERT_FILE": ca_file,
        "REQUESTS_CA_BUNDLE": ca_file,
        "CURL_CA_BUNDLE": ca_file,
        **_without_proxy(environment),
        "DOCR_SANDBOX_URL": address.url,
        "DOCR_SANDBOX_CA": ca_file,
    }


def write_env_file(path: Path, address: Address) -> None:
    """Write the ``export`` lines, for the user alone since they hold the token. A reader never sees half of them."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in exports(address).items()]
    write_atomically(path, _HEADER + "".join(lines))


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Where a proxy is in use, the sandbox's hosts added to those that bypass it; else nothing."""
    names = [name for name in environment if name.lower() in ("https_proxy", "all_proxy") and environment[name]]
    if not names:
        return {}
    present = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [part.strip() for part in present.split(",") if part.strip()]
    joined = ",".join(dict.fromkeys([*hosts, "127.0.0.1", "localhost", "::1"]))
    return {"NO_PROXY": joined, "no_proxy": joined}
