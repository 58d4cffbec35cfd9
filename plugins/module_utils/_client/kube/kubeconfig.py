# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a kubeconfig to what the kubernetes package connects with."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ..._domain.errors import Refused
from ..errors import UNREADABLE
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


def require_kubernetes(what: str, kubeconfigs: Iterable[str] = ()) -> None:
    """Raise Refused where the Python library kubernetes is missing, or a kubeconfig cannot be read.

    `what` says in the infinitive what requires the library. Only the files are read: a wrong context is an error of its
    cluster alone.
    """
    if KUBE_IMPORT_ERROR is not None:
        missing = "the Python library kubernetes is missing"
        raise Refused(what, missing, "install kubernetes for the Python that runs the module")
    for path in dict.fromkeys(kubeconfigs):
        operation, advice = f"use the kubeconfig {path}", "correct the file, or name another file"
        with _refusing(operation, advice):
            _require_files(path)
            is_found = KubeConfigMerger(path).config is not None  # type: ignore[no-untyped-call]
        if not is_found:
            raise Refused(operation, "the file does not exist or is empty", advice)


def load_kubeconfig(kubeconfig: Mapping[str, Any] | str, context: str | None, name: str) -> Configuration:
    """What a context of a kubeconfig says, given as its content or as its path; `name` is what messages call it.

    Raises Refused for one that cannot be used, without what stands in it, since tokens do.
    """
    configuration = Configuration()
    load: Callable[..., None] = load_kube_config if isinstance(kubeconfig, str) else load_kube_config_from_dict
    place = f"the kubeconfig {kubeconfig}" if isinstance(kubeconfig, str) else f"the credentials of {name}"
    # The package writes certificates to files, and counts one as written before it is: so one thread at a time.
    with _LOADING, _refusing(f"use {place}", "correct it, or name another context"):
        if isinstance(kubeconfig, str):
            _require_files(kubeconfig)
        load(kubeconfig, context=context, client_configuration=configuration, persist_config=False)
    return configuration


def _require_files(paths: str) -> None:
    """Raise OSError where one of the files, which the package separates as PATH does, is a pipe or a device."""
    for path in map(os.path.expanduser, paths.split(os.pathsep)):
        # A pipe would hold the task until a writer comes.
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(errno.EINVAL, "the path is not a regular file")


@contextmanager
def _refusing(operation: str, advice: str) -> Iterator[None]:
    """Raise Refused, without what stands in the kubeconfig, for the errors that the package raises of a kubeconfig."""
    try:
        yield
    except (*UNREADABLE, ConfigException, OSError, YAMLError) as error:
        raise Refused(operation, _reason(error), advice) from None


def _reason(error: Exception) -> str:
    if isinstance(error, YAMLError):
        mark = getattr(error, "problem_mark", None)
        return "the file is not YAML" + (f", see line {mark.line + 1}" if mark else "")
    if isinstance(error, (ConfigException, OSError, ValueError)):
        # To say where a key is missing, the package quotes the whole entry.
        return f"{str(error).partition('{')[0].rstrip('/ '):.200}"
    return "the file is not a kubeconfig"
