# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the clusters of one manifest: what it says itself, and what the role's variables say for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..access.methods import EXPIRY, ONE_CLICK, WHERE, PathOf, access_errors, allows_option
from ..field_errors import REQUIRED, FieldError
from .place import Faults, Place, kind_of_value
from .values import given, read_object

BLOCK = "spec.doks_integration"
PREFIX = "docr_doks_"

_CLUSTERS = "clusters"
_CONTEXTS = "contexts"
_KUBECONFIG = "kubeconfig"

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Access:
    """Clusters, contexts, and the options that hold for them; `own` are the options that the manifest says itself."""

    method: str
    clusters: tuple[str, ...]
    contexts: tuple[str, ...]
    kubeconfig: str | None
    options: Values
    own: frozenset[str]

    @property
    def is_wanted(self) -> bool:
        """Whether any cluster is to get access."""
        return bool(self.clusters or self.contexts)


def access_variables(values: Values) -> tuple[dict[str, Any], Faults]:
    """The role's variables by the names of options, read as the block of a manifest is, and what is wrong with them.

    Beside what a manifest may say there is `kubeconfig`: a file of the controller, of which a manifest knows nothing.
    """
    said = {name: value for name, value in values.items() if value not in (None, "")}
    path = said.pop(_KUBECONFIG, None)
    read, found = read_object(BLOCK, said, Place(""))
    faults = tuple(replace(fault, where=f"{PREFIX}{fault.where}") for fault in found)
    if path is None:
        return given(read), faults
    if not isinstance(path, str):
        faults += (
            FieldError(f"{PREFIX}{_KUBECONFIG}", f"the value is {kind_of_value(path)}", "write the path of a file"),
        )
    return {**given(read), _KUBECONFIG: path}, faults


def access_of(own: Values, variables: Values) -> Access:
    """The access of a manifest: `own` fields override variables, and a variable that the method forbids is ignored.

    Which clusters it is about is one question: a manifest that names clusters or contexts has answered it.
    """
    method = own.get("method") or variables.get("method") or ONE_CLICK
    source = own if _CLUSTERS in own or _CONTEXTS in own else variables
    options = {name: own[name] if name in own else variables[name] for name in _holding(own, variables, method)}
    contexts = _once(source.get(_CONTEXTS))
    return Access(
        method=method,
        clusters=_once(source.get(_CLUSTERS)),
        contexts=contexts,
        kubeconfig=variables.get(_KUBECONFIG) if contexts else None,
        options=options,
        own=frozenset(own),
    )


def manifest_faults(own: Values, variables: Values | None, path_of: PathOf) -> Faults:
    """What is wrong with what one manifest says of its clusters; `path_of` tells where it says it.

    Without `variables`, which are None where they do not matter, only what the manifest says itself is looked at.
    """
    access = access_of(own, variables or {})
    if variables is None or not access.is_wanted:
        return access_errors(path_of, access.method, own, is_present=False) if "method" in own else ()

    def said_at(name: str) -> str:
        return path_of(name) if name in access.own else f"{PREFIX}{name}"

    contexts = {_CONTEXTS: access.contexts} if access.contexts else {}
    faults = access_errors(said_at, access.method, {**access.options, **contexts})
    if contexts and not access.kubeconfig:
        advice = f"set {PREFIX}{_KUBECONFIG}, a variable, since the file is the controller's"
        faults += (
            FieldError(said_at(_CONTEXTS), "the kubeconfig is missing that holds the contexts", advice, REQUIRED),
        )
    return faults


def manifest_notes(origin: str, own: Values, variables: Values | None) -> Iterable[str]:
    """What one manifest says of its clusters in vain."""
    if own and _CLUSTERS not in own and variables is not None and not access_of(own, variables).is_wanted:
        yield f"{origin}, {BLOCK}: the block has no effect: neither the block nor {PREFIX}clusters names a cluster."


def variable_notes(all_own: Iterable[Values], variables: Values | None) -> Iterable[str]:
    """What the variables say in vain."""
    if variables and variables.get(_KUBECONFIG) and not any(access_of(own, variables).contexts for own in all_own):
        reason = f"neither a manifest nor {PREFIX}{_CONTEXTS} names contexts"
        yield f"{PREFIX}{_KUBECONFIG}: the variable has no effect, since {reason}."


def shape_entries(access: Access) -> list[dict[str, Any]]:
    """The access as entries of `integrations`, one for each kind of cluster, with what is given and nothing else."""
    # One-click is what docr_doks_integration takes anyway.
    method = {} if access.method == ONE_CLICK else {"method": access.method}
    entries: list[dict[str, Any]] = []
    if access.clusters:
        entries.append({_CLUSTERS: list(access.clusters), **method, **access.options})
    if access.contexts:
        where = {_KUBECONFIG: access.kubeconfig, _CONTEXTS: list(access.contexts)}
        entries.append({**where, **method, **access.options})
    return entries


def _holding(own: Values, variables: Values, method: str) -> Iterable[str]:
    """The options that hold, whoever says them."""
    other = dict(zip(EXPIRY, reversed(EXPIRY), strict=True))
    for name in (*WHERE, *EXPIRY):
        is_ruled_out = ("method" in own and not allows_option(method, name)) or bool(own.get(other.get(name, "")))
        if name in own or (name in variables and not is_ruled_out):
            yield name


def _once(names: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names or ()))
