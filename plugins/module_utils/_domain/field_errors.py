# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a field of the input: an option, a variable or a field of a manifest."""

from __future__ import annotations

from dataclasses import dataclass

# The kinds of field errors, for programs: compare the kind, not the sentence.
REQUIRED = "required"  # a value is missing
INVALID = "invalid"  # the value cannot be used: its form, its type or what it names
UNSUPPORTED = "unsupported"  # the value or the option does not work together with the others, or here
DUPLICATE = "duplicate"  # the same is given twice
FORBIDDEN = "forbidden"  # the value could be used, and a rule or a missing consent does not allow it
KINDS = (REQUIRED, INVALID, UNSUPPORTED, DUPLICATE, FORBIDDEN)


@dataclass(frozen=True)
class FieldError:
    """One error in the input: where it is, what is wrong, what to do, and its kind (one of KINDS)."""

    where: str
    what: str
    advice: str = ""
    kind: str = INVALID

    def __str__(self) -> str:
        # "stuck_after must be greater than 0" names its place already.
        what = self.what if self.what.startswith(self.where) else f"{self.where}: {self.what}"
        return what + (f"; {self.advice}" if self.advice else "")

    def shape(self) -> dict[str, str]:
        """The error as a user sees it in the result of a failed task."""
        return {"kind": self.kind, "where": self.where, "what": self.what, "advice": self.advice}
