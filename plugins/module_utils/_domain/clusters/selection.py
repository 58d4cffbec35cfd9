# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces and service accounts that a user chooses, by names and globs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

EVERY = ("*",)
DEFAULT_ACCOUNTS = ("default",)
# The namespace of Kubernetes' own components, whose service accounts a glob for applications should not choose.
_SYSTEM_NAMESPACE = "kube-system"


@dataclass(frozen=True)
class Where:
    """Namespaces by names and globs, less those excluded, narrowed by a label selector; service accounts in them.

    `is_exclusive` says whether other service accounts of these namespaces lose their entries.
    """

    namespaces: tuple[str, ...] = EVERY
    exclude_namespaces: tuple[str, ...] = ()
    namespace_selector: str | None = None
    service_accounts: tuple[str, ...] = DEFAULT_ACCOUNTS
    is_exclusive: bool = False

    def has_namespace(self, name: str) -> bool:
        """Whether names and globs choose a namespace; the API server applies the selector."""
        return _matches(name, self.namespaces) and not self.excludes_namespace(name)

    def excludes_namespace(self, name: str) -> bool:
        """Whether the user excludes a namespace."""
        return _matches(name, self.exclude_namespaces)

    def has_account(self, name: str) -> bool:
        """Whether names and globs choose a service account."""
        return _matches(name, self.service_accounts)

    def serves_account(self, namespace: str, name: str) -> bool:
        """Whether a service account gets an entry.

        In kube-system a glob chooses only the account `default`, unless `namespaces` names kube-system without a glob.
        """
        if namespace == _SYSTEM_NAMESPACE and namespace not in self.namespaces and name not in DEFAULT_ACCOUNTS:
            return name in plain_names(self.service_accounts)
        return self.has_account(name)

    @property
    def only_account(self) -> str | None:
        """The chosen service account, where a single name without a glob chooses it."""
        names = plain_names(self.service_accounts)
        return names[0] if len(self.service_accounts) == len(names) == 1 else None


def plain_names(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns that are names without a glob."""
    return tuple(name for name in patterns if not any(mark in name for mark in "*?["))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
