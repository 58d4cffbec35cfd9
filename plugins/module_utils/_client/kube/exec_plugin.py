# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exec plug-ins of kubeconfigs: programs that print a credential, within a time and a size."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import NamedTuple

from ..._domain.clusters.kubeconfig import KubeEntry
from ..._domain.clusters.sign_in import ExecCredential, ExecPlugin, parse_exec_credential, plugin_failure
from ..errors import reason_of, service_text
from ..secret_texts import MASK, SecretTexts

# A plug-in may ask a cloud for a token, and no task has the terminal for a question that would take longer.
LIMIT_S = 60.0
_MOST_BYTES = 1024 * 1024
_CHUNK = 64 * 1024
# A child that goes on in the background may keep the pipes open after the plug-in has ended.
_GRACE_S = 0.5
_PAUSE_S = 0.02
_LONGEST_LINE = 300


class PluginRun(NamedTuple):
    """How a plug-in ended: exit code (negative for a signal, None for a plug-in that was stopped), and its output."""

    code: int | None
    printed: bytes
    complaints: bytes
    why_stopped: str = ""


def run_plugin(plugin: ExecPlugin, cluster: KubeEntry, secrets: SecretTexts) -> ExecCredential:
    """The credential that a plug-in prints; raises UnusableKubeconfig for a plug-in that failed."""
    try:
        ended = _run(plugin, plugin.request(cluster), LIMIT_S)
    except FileNotFoundError:
        raise plugin_failure(plugin, "was not found", None) from None
    except PermissionError:
        raise plugin_failure(plugin, "may not be executed by the user of the task", None) from None
    except (OSError, ValueError) as error:
        raise plugin_failure(plugin, f"did not start ({reason_of(error)})", None) from None
    last = _last_line(plugin, ended.complaints, secrets)
    if ended.code is None:
        raise plugin_failure(plugin, ended.why_stopped, last)
    if ended.code != 0:
        how = f"ended with the exit code {ended.code}" if ended.code > 0 else f"was ended by the signal {-ended.code}"
        raise plugin_failure(plugin, how, last)
    credential = parse_exec_credential(ended.printed.decode(errors="replace"), plugin)
    secrets.add(credential.token, credential.key)
    return credential


def _run(plugin: ExecPlugin, request: str, limit_s: float) -> PluginRun:
    # Not AnsibleModule.run_command, which has no time limit, and ends no children.
    process = subprocess.Popen(  # pylint: disable=ansible-bad-function
        [plugin.command, *plugin.arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=plugin.folder or None,
        env={**os.environ, **plugin.environment, "KUBERNETES_EXEC_INFO": request},
        start_new_session=True,  # so that the plug-in ends together with its children
    )
    try:
        return _read(process, limit_s)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _read(process: subprocess.Popen[bytes], limit_s: float) -> PluginRun:
    """Read both streams until the plug-in ends, is out of time, or has written too much."""
    ends_at, left_at = time.monotonic() + limit_s, None
    texts = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream, name in ((process.stdout, "out"), (process.stderr, "err")):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, name)
        while True:
            _take(selector, texts)
            now = time.monotonic()
            if max(map(len, texts.values())) > _MOST_BYTES:
                return PluginRun(None, b"", bytes(texts["err"]), "wrote more than 1 MiB")
            code = process.poll()
            if code is not None:
                left_at = left_at or now
                if not selector.get_map() or now > left_at + _GRACE_S:
                    return PluginRun(code, bytes(texts["out"]), bytes(texts["err"]))
            elif now > ends_at:
                return PluginRun(None, b"", bytes(texts["err"]), f"did not end within {limit_s:.0f} s")


def _take(selector: selectors.BaseSelector, texts: dict[str, bytearray]) -> None:
    """Read what is there, or wait a moment."""
    for key, _events in selector.select(_PAUSE_S):
        data = os.read(key.fd, _CHUNK)
        texts[key.data] += data
        if not data:
            selector.unregister(key.fileobj)


def _last_line(plugin: ExecPlugin, complaints: bytes, secrets: SecretTexts) -> str | None:
    lines = [line.strip() for line in complaints.decode(errors="replace").splitlines()]
    last = next((line for line in reversed(lines) if line), None)
    return None if last is None else service_text(secrets.mask(plugin.mask(last, MASK)), _LONGEST_LINE)
