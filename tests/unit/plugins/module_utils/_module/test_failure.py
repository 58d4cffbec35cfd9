# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.errors import InvalidInput
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.field_errors import FieldError
from ansible_collections.planton.digitalocean.plugins.module_utils._module.failure import failure
from ansible_collections.planton.digitalocean.plugins.module_utils._module.naming import PREFIX_VARIABLE


def test_the_message_and_the_field_errors_name_the_field_of_a_manifest_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX_VARIABLE, "docr_gc_")
    error = FieldError(
        "shop.yaml, garbage_collection.outside_window", "outside_window=wait requires wait=true", "set wait=true"
    )
    result = failure(InvalidInput((error,)), [])
    (told,) = result["field_errors"]
    assert (told["what"], told["advice"]) == ("outside_window=wait requires docr_gc_wait=true", "set docr_gc_wait=true")
    assert result["msg"] == f"Nothing was changed: {error.where}: {told['what']}; {told['advice']}."
