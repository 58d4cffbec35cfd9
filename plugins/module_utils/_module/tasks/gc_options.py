# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of docr_gc, and the rules that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..._domain.durations import duration_fault, parse_duration
from ..._domain.field_errors import DUPLICATE, REQUIRED, UNSUPPORTED, FieldError
from ..._domain.gc.attention import FAIL_ON
from ..._domain.gc.rules import (
    CANCEL,
    COLLECTED,
    FAIL,
    FINISH,
    IDLE,
    SKIP,
    TYPES,
    UNREFERENCED_BLOBS,
    WAIT,
    RuleBook,
    Rules,
    stuck_after_fault,
)
from ..._domain.names import NameRef, shown
from ..._domain.windows.options import parse_calendar
from ..run import Params
from ..spec import Spec

REGISTRIES: Mapping[str, Any] = {
    "type": "list",
    "elements": "str",
    "required": True,
    "aliases": ["registry", "name"],
}
_WINDOWS: Mapping[str, Any] = {
    "type": "list",
    "elements": "dict",
    "options": {
        "days": {"type": "list", "elements": "str", "required": True},
        "start": {"type": "str", "required": True},
        "duration": {"type": "str", "required": True},
        "time_zone": {"type": "str", "default": "UTC"},
    },
}
# What may differ from registry to registry; in an override nothing has a default.
_RULES: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "str", "choices": list(TYPES)},
    "maintenance_windows": _WINDOWS,
    "blackout_dates": {"type": "list", "elements": "str"},
    "min_interval": {"type": "str"},
    "max_age": {"type": "str"},
    "outside_window": {"type": "str", "choices": [SKIP, FAIL, WAIT]},
    "overrun": {"type": "str", "choices": [FINISH, CANCEL]},
    "quiet_period": {"type": "str"},
    "stuck_after": {"type": "str"},
    "on_stuck": {"type": "str", "choices": [FAIL, CANCEL]},
}
_DEFAULTS: Mapping[str, Any] = {
    "type": UNREFERENCED_BLOBS,
    "maintenance_windows": [{"days": ["sunday"], "start": "03:00", "duration": "4h"}],
    "blackout_dates": [],
    "min_interval": "20h",
    "outside_window": SKIP,
    "overrun": FINISH,
    "stuck_after": "45m",
    "on_stuck": FAIL,
}

GC_SPEC = Spec(
    options={
        "registries": REGISTRIES,
        "state": {"type": "str", "choices": [COLLECTED, IDLE], "default": COLLECTED},
        **{
            name: {**option, "default": _DEFAULTS[name]} if name in _DEFAULTS else dict(option)
            for name, option in _RULES.items()
        },
        "allow_delete_untagged_manifests": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "outside_window_timeout": {"type": "str", "default": "24h"},
        "overrides": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "registries": {"type": "list", "elements": "str", "required": True},
                "origin": {"type": "str"},
                **{name: dict(option) for name, option in _RULES.items()},
            },
        },
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 7200},
        "wait_sleep": {"type": "int", "default": 15},
        "max_skipped_windows": {"type": "int"},
        "fail_on": {"type": "list", "elements": "str", "choices": list(FAIL_ON), "default": []},
        "expect_registries": {"type": "list", "elements": "str", "default": []},
    }
)


def read_registries(names: Sequence[str]) -> tuple[tuple[NameRef, ...], list[FieldError]]:
    """The registries with the places that name them, and what is wrong with the list."""
    refs = tuple(NameRef(f"registries[{number}]", name) for number, name in enumerate(names))
    faults = (
        []
        if refs
        else [FieldError("registries", "the list is empty", "name at least one, or leave the task out", REQUIRED)]
    )
    first: dict[str, NameRef] = {}
    for one in refs:
        if not one.name.strip():
            faults.append(FieldError(one.where, "the name is empty", "name a registry, or remove the item", REQUIRED))
        elif first.setdefault(one.name, one) is not one:
            faults.append(
                FieldError(one.where, f"{one.name} stands at {first[one.name].where} too", "keep one", DUPLICATE)
            )
    return refs, faults


def read_rules(params: Params) -> tuple[RuleBook | None, list[FieldError]]:
    """The rules of all registries, and all that is wrong with the options; None where anything is."""
    faults: list[FieldError] = []
    common = _read_rules(params, params, "", faults)
    own: dict[str, Rules] = {}
    for number, override in enumerate(params["overrides"]):
        where = _place(number, override)
        given = {name: value for name, value in override.items() if value is not None}
        rules = _read_rules({**params, **given}, given, where, faults)
        for position, name in enumerate(override["registries"]):
            faults += _override_faults(name, f"{where}registries[{position}]", params["registries"], own)
            own[name] = rules
    faults += _wait_faults(params)
    return (None, faults) if faults else (RuleBook(common, own), faults)


def _place(number: int, override: Params) -> str:
    """The place of an override for errors: where the user wrote the override, else its number."""
    return f"{override['origin']}, garbage_collection." if override.get("origin") else f"overrides[{number}]."


def _read_rules(params: Params, given: Params, where: str, faults: list[FieldError]) -> Rules:
    """Rules from merged options; faults are told only of those that are `given` at this place."""
    calendar, wrong = parse_calendar(params["maintenance_windows"], params["blackout_dates"], where)
    if "maintenance_windows" in given or "blackout_dates" in given:
        faults += wrong
    lengths = {
        name: _read_length(params, name, where, faults if name in given else [])
        for name in ("min_interval", "max_age", "quiet_period", "stuck_after")
    }
    timeout = _read_length(params, "outside_window_timeout", where, [] if where else faults)
    return Rules(
        calendar=calendar,
        type=params["type"],
        force=params["force"],
        state=params["state"],
        min_interval=lengths["min_interval"] or timedelta(),
        max_age=lengths["max_age"],
        quiet_period=lengths["quiet_period"],
        stuck_after=lengths["stuck_after"] or timedelta(),
        outside_window=params["outside_window"],
        outside_window_timeout=timeout or timedelta(),
        overrun=params["overrun"],
        on_stuck=params["on_stuck"],
    )


def _read_length(params: Params, name: str, where: str, faults: list[FieldError]) -> timedelta | None:
    text = params[name]
    if text is None:
        return None
    wrong = (stuck_after_fault if name == "stuck_after" else duration_fault)(text)
    if wrong is not None:
        faults.append(FieldError(f"{where}{name}", *wrong))
        return None
    return parse_duration(text)


def _override_faults(
    name: str, where: str, registries: Sequence[str], own: Mapping[str, Rules]
) -> Iterator[FieldError]:
    if name not in registries:
        yield FieldError(
            where,
            f"{shown(name)} is not among the registries of the task",
            "add the name to registries, or remove the name here",
        )
    elif name in own:
        yield FieldError(where, f"{name} has an override already", "combine the overrides", DUPLICATE)


def _wait_faults(params: Params) -> Iterator[FieldError]:
    for name in ("wait_timeout", "wait_sleep"):
        if params[name] < 1:
            yield FieldError(name, f"{params[name]} is too small", "use 1 or more seconds")
    if params["max_skipped_windows"] is not None and params["max_skipped_windows"] < 1:
        yield FieldError(
            "max_skipped_windows", f"{params['max_skipped_windows']} is too small", "use 1 or more windows"
        )
    if params["wait"]:
        return
    for where, options in (("", params), *((_place(n, one), one) for n, one in enumerate(params["overrides"]))):
        if options["outside_window"] == WAIT:
            yield FieldError(
                f"{where}outside_window",
                "outside_window=wait requires wait=true",
                "set wait=true or outside_window=skip",
                UNSUPPORTED,
            )
        for name, otherwise in (("overrun", FINISH), ("on_stuck", FAIL)):
            if options[name] == CANCEL:
                yield FieldError(
                    f"{where}{name}",
                    f"{name}={CANCEL} requires wait=true",
                    f"set wait=true or {name}={otherwise}",
                    UNSUPPORTED,
                )
