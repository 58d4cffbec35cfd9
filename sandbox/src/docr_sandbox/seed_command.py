# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``docr-sandbox seed``: a YAML file, posted to a running sandbox's control side."""

from __future__ import annotations

import json
import os
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from docr_sandbox.failures import CommandError

TIMEOUT_S = 30.0


def read_seed(path: Path) -> dict[str, Any]:
    """Read a seed file. Raises :class:`CommandError` when it is missing, not YAML or not a mapping."""
    try:
        with path.open(encoding="utf-8") as stream:
            content = yaml.safe_load(stream)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"Cannot read seed file {path}: {getattr(error, 'strerror', None) or error}.") from error
    except yaml.YAMLError as error:
        raise CommandError(f"Seed file {path} is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise CommandError(f"Seed file {path} must be a mapping with keys such as registries and clusters.")
    return content


def seed(path: Path, url: str | None, ca_file: str | None) -> None:
    """Fill the sandbox at ``url`` from the file at ``path``; both default to what the env file exports.

    Raises :class:`CommandError` with every error that the sandbox found in the file, each on a line.
    """
    content = read_seed(path)
    address = url or os.environ.get("DOCR_SANDBOX_URL")
    if not address:
        raise CommandError(
            "The sandbox's URL is missing: source the env file of docr-sandbox serve, or give --url and --ca."
        )
    try:
        # JSON has no dates, so dates of YAML are sent as text; the control side reads RFC 3339.
        body = json.dumps(content, default=str).encode()
        request = urllib.request.Request(
            f"{address.rstrip('/')}/_sandbox/seed", body, {"Content-Type": "application/json"}, method="POST"
        )
        context = ssl.create_default_context(cafile=ca_file or os.environ.get("DOCR_SANDBOX_CA"))
        urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context).close()
    except urllib.error.HTTPError as error:
        raise CommandError(f"Seed file {path} was refused:\n{_errors(error)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CommandError(f"Cannot reach the sandbox at {address}: {reason}. Is it running?") from error


def _errors(error: urllib.error.HTTPError) -> str:
    """The errors of a refusal, each on a line, for any shape of the answer."""
    text = error.read().decode(errors="replace")
    try:
        answer = json.loads(text)
    except ValueError:
        return text or f"status {error.code}"
    if not isinstance(answer, dict):
        return text
    errors = answer.get("errors") or [answer.get("message", text)]
    return "\n".join(f"- {line}" for line in errors)
