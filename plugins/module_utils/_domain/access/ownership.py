# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to this collection in a cluster: the only ownership test.

A pull secret is owned where its labels name this collection, the registry and the method, or where DigitalOcean's
operator copied the secret from such a secret. The name of a secret alone proves nothing.
An entry in the imagePullSecrets of a service account is owned where the entry has the name of an owned secret, and no
other secret has that name in the namespace. An entry without a secret in the namespace is owned too.
Only owned objects are changed or deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..clusters.objects import PULL_SECRET_TYPE, Secret
from .methods import OPERATOR, secret_name

# Where DigitalOcean's operator looks for secrets to copy.
OPERATOR_NAMESPACE = "kube-system"
SOURCE = "digitalocean.com/dosecret-identifier"
_COPY = "digitalocean.com/copy-identifier"

# The labels that mark an object as owned.
MARKS = "docr.project-planton.org"
_MANAGED_BY = "app.kubernetes.io/managed-by"
_MANAGER = "planton.digitalocean"
_REGISTRY = f"{MARKS}/registry"
_METHOD = f"{MARKS}/method"
JOURNAL = "journal"


def labels_of(registry: str, method: str) -> Mapping[str, str]:
    """The labels that mark an object as owned."""
    return {_MANAGED_BY: _MANAGER, _REGISTRY: registry, _METHOD: method}


def is_marked(secret: Secret, registry: str, method: str) -> bool:
    """Whether this collection made a secret, for this registry and by this method."""
    return all(secret.labels.get(name) == value for name, value in labels_of(registry, method).items())


def is_copy(secret: Secret, identifier: str) -> bool:
    """Whether DigitalOcean's operator copied a secret from the source with this identifier."""
    return secret.labels.get(_COPY) == identifier


def is_source(secret: Secret, identifier: str) -> bool:
    """Whether DigitalOcean's operator copies a secret under this identifier."""
    return secret.namespace == OPERATOR_NAMESPACE and secret.annotations.get(SOURCE) == identifier


def is_owned(secret: Secret, registry: str, method: str) -> bool:
    """Whether a secret exists because of this collection, for this registry and by this method."""
    if is_marked(secret, registry, method):
        return True
    return method == OPERATOR and is_copy(secret, secret_name(method, registry))


def is_owned_entry(named: Mapping[str, Secret], namespace: str, registry: str, method: str) -> bool:
    """Whether an entry with the name of an owned secret is owned; `named` are the secrets of that name by namespace."""
    return namespace not in named or is_owned(named[namespace], registry, method)


def owned(secrets: Mapping[str, Secret], registry: str, method: str) -> dict[str, Secret]:
    """The owned secrets among the secrets of a method, by namespace."""
    return {namespace: one for namespace, one in secrets.items() if is_owned(one, registry, method)}


def foreign(secrets: Mapping[str, Secret], registry: str, method: str, namespaces: Iterable[str]) -> tuple[str, ...]:
    """The namespaces, sorted, with a secret that has the name of an owned secret and is not owned."""
    ours = owned(secrets, registry, method)
    return tuple(sorted(namespace for namespace in namespaces if namespace in secrets and namespace not in ours))


def one_click_copies(secrets: Mapping[str, Secret], registry: str) -> dict[str, Secret]:
    """The secrets of DigitalOcean's one-click integration by namespace: the source in kube-system, and its copies."""
    return {
        namespace: one
        for namespace, one in secrets.items()
        if one.content.type == PULL_SECRET_TYPE and (is_copy(one, registry) or is_source(one, registry))
    }
