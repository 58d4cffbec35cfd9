# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a module whose work meets an error that the collection does not expect."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.plan import Step
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.registry.steps import DeleteRegistry
from ansible_collections.planton.digitalocean.plugins.module_utils._module.run import ModuleCall, perform
from ansible_collections.planton.digitalocean.plugins.module_utils._module.spec import Spec

TOKEN = f"dop_v1_{'b' * 64}"


class BrokenEntry:
    """Fails in the middle of the work."""

    spec = Spec()

    def __init__(self, error: Exception) -> None:
        self._error = error

    def work(self, _call: ModuleCall, steps_done: list[Step]) -> dict[str, Any]:
        steps_done.append(DeleteRegistry("kiwi"))
        try:
            raise KeyError(f"quoted {TOKEN[:30]}")
        except KeyError:
            raise self._error  # noqa: B904 - the error has a context, which must not show


@pytest.mark.parametrize("error", [ValueError(f"read {TOKEN}"), MemoryError()])
def test_an_unexpected_error_is_a_sentence_with_what_was_done_and_no_secret(error: Exception) -> None:
    result = perform(BrokenEntry(error), ModuleCall({}, False, False, print, print))
    name = type(error).__name__
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, True, "unexpected")
    assert f"Could not finish the work on the task: an unexpected {name} was raised in work, line " in result["msg"]
    assert "Already done: " in result["msg"]
    assert f"{name}" in result["exception"]
    assert "dop_v1_" not in str(result)
