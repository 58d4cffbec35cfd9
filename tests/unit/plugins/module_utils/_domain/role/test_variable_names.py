# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.planton.digitalocean.plugins.module_utils._domain.field_errors import FieldError
from ansible_collections.planton.digitalocean.plugins.module_utils._domain.role.variable_names import VariableNames


@pytest.mark.parametrize(
    ("prefix", "text", "named"),
    [
        ("docr_", "Set allow_downgrade to lower the tier.", "Set docr_allow_downgrade to lower the tier."),
        (
            "docr_gc_",
            "outside_window=wait requires wait=true",
            "docr_gc_outside_window=wait requires docr_gc_wait=true",
        ),
        ("docr_gc_", "a larger wait_timeout", "a larger docr_gc_wait_timeout"),
        ("docr_doks_", "a larger wait_timeout", "a larger docr_doks_wait_timeout"),
        ("docr_gc_", "wait, or set the option token", "wait, or set the variable docr_token"),
        (
            "docr_gc_",
            "shop.yaml: spec.garbage_collection.stuck_after",
            "shop.yaml: spec.garbage_collection.stuck_after",
        ),
        ("docr_gc_", "docr_gc_force=true", "docr_gc_force=true"),
        ("docr_", "a larger wait_timeout", "a larger wait_timeout"),
    ],
)
def test_options_in_texts_become_variables(prefix: str, text: str, named: str) -> None:
    assert VariableNames(prefix).name_in(text) == named


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            FieldError("token", "token is missing", "set the option token"),
            "docr_token is missing; set the variable docr_token",
        ),
        (FieldError("endpoint", "'x' is not an https address"), "docr_endpoint: 'x' is not an https address"),
        (
            FieldError("shop.yaml, garbage_collection.overrun", "overrun=cancel requires wait=true", "set wait=true"),
            "shop.yaml, garbage_collection.overrun: overrun=cancel requires docr_gc_wait=true; set docr_gc_wait=true",
        ),
        (FieldError("shop.yaml spec.region", "not in sfo9"), "shop.yaml spec.region: not in sfo9"),
    ],
)
def test_the_place_of_an_error_becomes_the_variable(error: FieldError, told: str) -> None:
    assert str(VariableNames("docr_gc_").name_in_error(error)) == told
