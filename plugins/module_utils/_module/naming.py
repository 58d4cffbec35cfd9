# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages name the options of the module, or the variables of the role where the role runs the module."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .._domain.errors import DocrError, InvalidInput
from .._domain.role.variable_names import VariableNames

# Set by the action plugin where a task of the role runs the module: the prefix of the module's own variables.
PREFIX_VARIABLE = "DOCR_VARIABLE_PREFIX"


def name_texts(texts: Iterable[str]) -> list[str]:
    """Texts of a result with the names that the user wrote."""
    prefix = os.environ.get(PREFIX_VARIABLE)
    return [VariableNames(prefix).name_in(text) for text in texts] if prefix else list(texts)


def name_text(text: str) -> str:
    """A text of a result with the names that the user wrote."""
    return name_texts([text])[0]


def name_error(error: DocrError) -> DocrError:
    """An error whose places are the names that the user wrote. The other texts of the error stay."""
    prefix = os.environ.get(PREFIX_VARIABLE)
    if not prefix or not isinstance(error, InvalidInput):
        return error
    names = VariableNames(prefix)
    return InvalidInput(tuple(names.name_in_error(one) for one in error.field_errors))
