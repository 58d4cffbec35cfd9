# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control side of holds: arm, show, end."""

from __future__ import annotations

from typing import Any

import cattrs
from cattrs.gen import make_dict_structure_fn

from docr_sandbox.api.http import ApiError, Call
from docr_sandbox.holds import ArmedHold, HoldAction, HoldRule

_CONVERTER = cattrs.Converter()
for _kind in (HoldAction, HoldRule):
    _CONVERTER.register_structure_hook(_kind, make_dict_structure_fn(_kind, _CONVERTER, _cattrs_forbid_extra_keys=True))


def add_hold(call: Call) -> Any:
    """POST holds: the fields of a HoldRule."""
    try:
        rule = _CONVERTER.structure(call.body(), HoldRule)
    except cattrs.BaseValidationError as error:
        raise ApiError(422, "; ".join(cattrs.transform_error(error, "hold"))) from error
    return call.world.traffic.holds.arm(rule).to_json()


def holds(call: Call) -> Any:
    """GET holds."""
    return {"holds": call.world.traffic.holds.to_json()}


def hold(call: Call) -> Any:
    """GET holds/{number}."""
    return _find(call).to_json()


def continue_request(call: Call) -> Any:
    """POST holds/{number}/continue: the request goes on."""
    return _end(call, drop=False)


def drop_request(call: Call) -> Any:
    """POST holds/{number}/drop: the request loses its connection."""
    return _end(call, drop=True)


def clear_holds(call: Call) -> Any:
    """DELETE holds: removes every hold; held requests lose their connections."""
    call.world.traffic.holds.clear()
    return {}


def _end(call: Call, *, drop: bool) -> Any:
    found = _find(call)
    found.end(drop=drop)
    return found.to_json()


def _find(call: Call) -> ArmedHold:
    found = call.world.traffic.holds.find(call.parameters["number"])
    if found is None:
        raise ApiError(404, "the hold does not exist")
    return found


HOLD_CONTROLS = (
    ("GET", "holds", holds),
    ("POST", "holds", add_hold),
    ("DELETE", "holds", clear_holds),
    ("GET", "holds/{number}", hold),
    ("POST", "holds/{number}/continue", continue_request),
    ("POST", "holds/{number}/drop", drop_request),
)
