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


@dataclass(frozen=True)
class Where:
    """Namespaces by names and globs, less those excluded, narrowed by a label selector; service accounts in them."""

    namespaces: tuple[str, ...] = EVERY
    exclude_namespaces: tuple[str, ...] = ()
    namespace_selector: str | None = None
    service_accounts: tuple[str, ...] = DEFAULT_ACCOUNTS

    def has_namespace(self, name: str) -> bool:
        """Whether names and globs choose a namespace; the API server applies the selector."""
        return _matches(name, self.namespaces) and not self.excludes_namespace(name)

    def excludes_namespace(self, name: str) -> bool:
        """Whether the user excludes a namespace."""
        return _matches(name, self.exclude_namespaces)

    def has_account(self, name: str) -> bool:
        """Whether names and globs choose a service account."""
        return _matches(name, self.service_accounts)

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
