# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a kubeconfig to a cluster and a user, and the errors of a kubeconfig that cannot be used."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from ..._domain.clusters.kubeconfig import KubeEntry, UnusableKubeconfig, merge_kubeconfigs
from ..._domain.errors import Refused
from ..errors import UNREADABLE, reason_of
from .sdk import KUBE_IMPORT_ERROR, YAMLError, YAMLLoader, load

_CORRECT_FILE = "correct the file, or name another file"


def require_kubernetes(what: str, kubeconfigs: Iterable[str] = ()) -> None:
    """Raise Refused where the Python library kubernetes is missing, or a kubeconfig cannot be read.

    `what` says in the infinitive what requires the library. Only the files are read: a wrong context is an error of its
    cluster alone.
    """
    if KUBE_IMPORT_ERROR is not None:
        missing = "the Python library kubernetes is missing"
        raise Refused(what, missing, "install kubernetes for the Python that runs the module")
    for paths in dict.fromkeys(kubeconfigs):
        with refusing(f"use the kubeconfig {paths}"):
            merge_kubeconfigs(_read_documents(paths))


def load_kubeconfig(kubeconfig: Mapping[str, Any] | str, context: str | None, name: str) -> tuple[KubeEntry, KubeEntry]:
    """Cluster and user of a context of a kubeconfig, given as its content or as its path.

    `name` is what messages call the cluster. Raises Refused for a kubeconfig that cannot be used, without the values in
    the kubeconfig, since tokens are among them.
    """
    with refusing(f"use {place_of_kubeconfig(kubeconfig, name)}"):
        documents = _read_documents(kubeconfig) if isinstance(kubeconfig, str) else [(kubeconfig, None)]
        return merge_kubeconfigs(documents).choose(context)


def place_of_kubeconfig(kubeconfig: Mapping[str, Any] | str, name: str) -> str:
    """What messages call a kubeconfig."""
    return f"the kubeconfig {kubeconfig}" if isinstance(kubeconfig, str) else f"the credentials of {name}"


@contextmanager
def refusing(operation: str) -> Iterator[None]:
    """Raise Refused, without the values in the kubeconfig, for what makes a kubeconfig unusable."""
    try:
        yield
    except UnusableKubeconfig as error:
        raise Refused(operation, str(error), error.advice) from None
    except UNREADABLE:
        raise Refused(operation, "the file is not a kubeconfig", _CORRECT_FILE) from None


def _read_documents(paths: str) -> list[tuple[Any, str | None]]:
    """The documents of files, which a list separates as PATH does, each with its folder; missing files are left out."""
    expanded = map(os.path.expanduser, filter(None, paths.split(os.pathsep)))
    found: list[tuple[Any, str | None]] = [
        (_read_document(path), os.path.abspath(os.path.dirname(path))) for path in expanded if os.path.exists(path)
    ]
    if not any(document for document, _folder in found):
        raise UnusableKubeconfig("the file does not exist or is empty", _CORRECT_FILE)
    return found


def _read_document(path: str) -> Any:
    # A pipe would hold the task until a writer comes.
    if not os.path.isfile(path):
        raise UnusableKubeconfig("the path is not a regular file", _CORRECT_FILE)
    try:
        with open(path, "rb") as file:
            content = file.read()
        return _parse(content)
    except OSError as error:
        raise UnusableKubeconfig(f"the file cannot be read ({reason_of(error)})", _CORRECT_FILE) from None
    except YAMLError as error:
        if str(getattr(error, "context", "")).startswith("expected a single document"):
            raise UnusableKubeconfig("the file holds more than one YAML document", _CORRECT_FILE) from None
        mark = getattr(error, "problem_mark", None)
        line = f", see line {mark.line + 1}" if mark else ""
        raise UnusableKubeconfig(f"the file is not YAML{line}", _CORRECT_FILE) from None


def _parse(content: bytes) -> Any:
    # PyYAML refuses tabs, with which JSON may be indented.
    if content.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        with suppress(ValueError):
            return json.loads(content)
    return load(content, Loader=YAMLLoader)  # a safe loader
