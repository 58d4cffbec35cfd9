# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of docr_manifests in the names of the module's own options, where no role runs the module."""

from __future__ import annotations

import re
from dataclasses import replace

from ..field_errors import FieldError
from .schema import fields_of

_OPTIONS = {
    "docr_manifest_files": "files",
    "docr_manifests": "manifests",
    "docr_tier_policy": "tier_policy",
    "docr_login_folder": "docr_login_folder of the role docr",
} | {
    f"{prefix}{name}": f"{option}.{name}"
    for option, prefix in (("garbage_collection", "docr_gc_"), ("doks_integration", "docr_doks_"))
    for name in ("kubeconfig", *(field.name for field in fields_of(f"spec.{option}")))
}
_VARIABLE = re.compile(rf"\b({'|'.join(sorted(_OPTIONS, key=len, reverse=True))})\b")


def name_options(text: str) -> str:
    """A text with the options of docr_manifests in the place of the role's variables."""
    return _VARIABLE.sub(lambda found: _OPTIONS[found.group()], text)


def name_options_in(error: FieldError) -> FieldError:
    """An error with the options of docr_manifests in the place of the role's variables."""
    return replace(
        error, where=name_options(error.where), what=name_options(error.what), advice=name_options(error.advice)
    )
