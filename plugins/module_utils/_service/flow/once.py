# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A write whose answer may be lost is sent once; then the account is looked at, not the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..._domain.errors import DocrError

T = TypeVar("T")


def write_once(
    write: Callable[[], T], look: Callable[[], T | None], also_look_after: tuple[type[DocrError], ...] = ()
) -> T:
    """What the write made; after an error that does not exclude it, what `look` finds, else the error.

    `also_look_after` names errors after which another client may have done the same in the meantime. The error of the
    write says more than the error of a read after the write, so the error of `look` is left out.
    """
    try:
        return write()
    except DocrError as error:
        if not (error.may_have_taken_effect or isinstance(error, also_look_after)):
            raise
        found = _found_by(look)
        if found is None:
            raise
        return found


def _found_by(look: Callable[[], T | None]) -> T | None:
    try:
        return look()
    except DocrError:
        return None
