# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors as a failed task; apart from `run`, since reading manifests in the controller needs no client."""

from __future__ import annotations

import traceback
from typing import Any

from .._domain.errors import DocrError, InvalidInput, Unexpected
from .._domain.plan import Step
from .naming import name_error, name_text


def failure(error: DocrError, steps_done: list[Step]) -> dict[str, Any]:
    """The result of a failed task: one sentence, its parts, and what had already been written."""
    error = name_error(error)
    # Else the message would name a field of a manifest as the variable, other than the field errors do.
    message = str(error) if isinstance(error, InvalidInput) else name_text(str(error))
    result: dict[str, Any] = {
        "msg": message,
        "changed": bool(steps_done) or error.has_written,
        "actions": [step.shape() for step in steps_done],
        "error": {
            "kind": error.kind,
            "operation": error.operation,
            "status": error.answer.status,
            "id": error.answer.id,
            "message": error.answer.message,
            "request_id": error.answer.request_id,
            "advice": name_text(error.advice),
        },
    }
    if steps_done:
        written = "; ".join(step.message for step in steps_done)
        result["msg"] += f" Already done: {written}. Fix the cause and run the task again."
    if isinstance(error, InvalidInput):
        result["field_errors"] = [one.shape() for one in error.field_errors]
    if error.last is not None:
        result["last"] = error.last
    return result


def unexpected_failure(error: Exception, steps_done: list[Step]) -> dict[str, Any]:
    """The result after an error that this collection does not know: a defect of the collection, or no memory left.

    Ansible shows the traceback with -vvv. The causes of the error are left out: the texts of a library's exceptions may
    hold a secret.
    """
    shown = "".join(traceback.format_exception(type(error), error, error.__traceback__, chain=False))
    return {**failure(Unexpected("the task", error), steps_done), "exception": shown}
