# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which versions of ansible-core the role runs on."""

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.plugin_utils._core_version import core_fault


@pytest.mark.parametrize("version", ["2.18.0", "2.18.19", "2.21.4", "2.22.0rc1", "2.100.0", "3.0", "devel"])
def test_a_new_version_has_no_fault(version: str) -> None:
    assert core_fault(version) is None


@pytest.mark.parametrize("version", ["2.17.14", "2.9.27", "1.9"])
def test_an_old_version_is_named_with_the_version_that_the_role_requires(version: str) -> None:
    required = "the role planton.digitalocean.docr requires ansible-core 2.18 or newer."
    assert core_fault(version) == f"This play runs on ansible-core {version}; {required}"
