# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of modules in the names of the role's variables, where the role runs the module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..field_errors import FieldError
from .variables import VARIABLES

COMMON_PREFIX = "docr_"


@dataclass(frozen=True)
class VariableNames:
    """The variables that give a module its options.

    `prefix` is the prefix of the module's own variables, such as `docr_gc_` for docr_gc. Where no variable has this
    prefix and the name of the option, the variable has the prefix `docr_`.
    """

    prefix: str = COMMON_PREFIX

    @cached_property
    def by_option(self) -> Mapping[str, str]:
        """The variables by option."""
        prefixes = (COMMON_PREFIX, self.prefix)
        return {name.removeprefix(each): name for each in prefixes for name in VARIABLES if name.startswith(each)}

    @cached_property
    def _option(self) -> re.Pattern[str]:
        names = sorted(self.by_option, key=len, reverse=True)
        words = "|".join(name for name in names if "_" in name)
        anything = "|".join(names)
        # An option of several words is no English word. A single word is an option before "=" and after "option".
        # After a dot the name is a field of a manifest.
        return re.compile(rf"(?<![\w.])(?:the option ({anything})|({words})|({anything})(?==))(?![\w.])", re.ASCII)

    def name_in(self, text: str, field: str = "") -> str:
        """A text with the variables in the place of the options, except for the field of a manifest `field`."""

        def variable(found: re.Match[str]) -> str:
            after_option, *others = found.groups()
            option = after_option or next(filter(None, others))
            name = option if option == field else self.by_option[option]
            return f"the variable {name}" if after_option else name

        return self._option.sub(variable, text)

    def name_in_error(self, error: FieldError) -> FieldError:
        """An error with the variables in the place of the options."""
        where, what = self.by_option.get(error.where, self.name_in(error.where)), error.what
        if where != error.where and what.startswith(f"{error.where} "):
            what = where + what.removeprefix(error.where)
        path, _dot, field = error.where.rpartition(".")
        field = field if path else ""
        return replace(error, where=where, what=self.name_in(what, field), advice=self.name_in(error.advice, field))
