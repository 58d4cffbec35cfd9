# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a kubeconfig to what the kubernetes package connects with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any

from ..._domain.errors import Refused
from .sdk import (
    KUBE_IMPORT_ERROR,
    ConfigException,
    Configuration,
    KubeConfigMerger,
    YAMLError,
    load_kube_config,
    load_kube_config_from_dict,
)

_LOADING = Lock()
_ERRORS = (ConfigException, OSError, ValueError, YAMLError, AttributeError, KeyError, TypeError)


def require_kubernetes(what: str, kubeconfigs: Iterable[str] = ()) -> None:
    """Raise Refused where the Python library kubernetes is missing, or a kubeconfig cannot be read.

    `what` says in the infinitive what requires the library. Only the files are read: a wrong context is an error of its
    cluster alone.
    """
    if KUBE_IMPORT_ERROR is not None:
        missing = "the Python library kubernetes is missing"
        raise Refused(what, missing, "install kubernetes for the Python that runs the module")
    for path in dict.fromkeys(kubeconfigs):
        try:
            is_found = KubeConfigMerger(path).config is not None  # type: ignore[no-untyped-call]
        except _ERRORS as error:
            raise _unusable(path, _reason(error)) from None
        if not is_found:
            raise _unusable(path, "the file does not exist or is empty")


def _unusable(path: str, reason: str) -> Refused:
    return Refused(f"use the kubeconfig {path}", reason, "correct the file, or name another file")


def load_kubeconfig(kubeconfig: Mapping[str, Any] | str, context: str | None, name: str) -> Configuration:
    """What a context of a kubeconfig says, given as its content or as its path; `name` is what messages call it.

    Raises Refused for one that cannot be used, without what stands in it, since tokens do.
    """
    configuration = Configuration()
    load: Callable[..., None] = load_kube_config if isinstance(kubeconfig, str) else load_kube_config_from_dict
    try:
        # The package writes certificates to files, and counts one as written before it is: so one thread at a time.
        with _LOADING:
            load(kubeconfig, context=context, client_configuration=configuration, persist_config=False)
    except _ERRORS as error:
        place = f"the kubeconfig {kubeconfig}" if isinstance(kubeconfig, str) else f"the credentials of {name}"
        raise Refused(f"use {place}", _reason(error), "correct it, or name another context") from None
    return configuration


def _reason(error: Exception) -> str:
    if isinstance(error, YAMLError):
        mark = getattr(error, "problem_mark", None)
        return "the file is not YAML" + (f", see line {mark.line + 1}" if mark else "")
    if isinstance(error, (ConfigException, OSError, ValueError)):
        # To say where a key is missing, the package quotes the whole entry.
        return f"{str(error).partition('{')[0].rstrip('/ '):.200}"
    return "the file is not a kubeconfig"
