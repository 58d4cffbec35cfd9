# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The methods in which clusters get access, what each can honour, and what is wrong with what was asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from ..credentials.rotation import LIFETIMES
from ..durations import format_period, parse_period
from ..field_errors import DUPLICATE, REQUIRED, UNSUPPORTED, FieldError

# DigitalOcean's own integration; one secret that its operator copies; secrets that this collection writes itself.
ONE_CLICK = "one_click"
OPERATOR = "operator"
DIRECT = "direct"
METHODS = (ONE_CLICK, OPERATOR, DIRECT)

# The options by their names, which modules, manifests and role variables (docr_doks_*) have in common.
WHERE = ("namespaces", "exclude_namespaces", "namespace_selector", "service_accounts")
EXPIRY = ("rotate_every", "never_expires")
KUBECONFIG = ("kubeconfig", "contexts")

LEAST_ROTATION = timedelta(hours=1)
# The highest expiry that the API takes (digitalocean-api.md 1.6) is that of the last renewal.
MOST_ROTATION = timedelta(seconds=1_576_800_000) / LIFETIMES

PathOf = Callable[[str], str]

_WHY = {
    ONE_CLICK: "DigitalOcean decides about that itself",
    OPERATOR: "DigitalOcean's operator copies into all namespaces, for their default service accounts",
}
_UNFIT: Mapping[str, Mapping[str, str]] = {
    ONE_CLICK: {
        **dict.fromkeys(WHERE, "use the method direct, or leave it out"),
        **dict.fromkeys(EXPIRY, "use the method direct or operator, or leave it out"),
        **dict.fromkeys(KUBECONFIG, "name DOKS clusters in clusters, or use the method direct"),
        "force_rotation": "remove the integration and add it again, or move to the method direct or operator first",
    },
    OPERATOR: dict.fromkeys(WHERE, "use the method direct, or leave it out"),
    DIRECT: {},
}


def can_honour(method: str, name: str) -> bool:
    """Whether an option means anything in a method."""
    return name not in _UNFIT[method]


def access_faults(
    path_of: PathOf, method: str, given: Mapping[str, Any], *, is_present: bool = True
) -> tuple[FieldError, ...]:
    """What is wrong with the options of one entry, found without any call; `path_of` says where an option stands.

    `given` holds the options by name; one that is missing, None or False counts as not given. Without `is_present`
    access is taken away, and no expiry is needed.
    """
    options = {name: value for name, value in given.items() if _says_something(name, value)}
    faults = [*_unfit(path_of, method, options), *_empty_names(path_of, options)]
    if is_present:
        faults += _expiry_faults(path_of, method, options)
    return tuple(faults)


def rotation_fault(text: str) -> tuple[str, str] | None:
    """Of a time after which a credential is renewed: what is wrong with it and what is right."""
    try:
        period = parse_period(text)
    except ValueError as error:
        return f"{text!r} is no period", str(error)
    if period < LEAST_ROTATION:
        return f"{text!r} is too short", f"use {format_period(LEAST_ROTATION)} or more"
    if period > MOST_ROTATION:
        # Rounded to whole days, as it is far from anything that is wanted.
        most = format_period(timedelta(days=MOST_ROTATION.days))
        return f"{text!r} is too long", f"use {most} or less, or never_expires: true"
    return None


def _says_something(name: str, value: object) -> bool:
    # Nothing is excluded by an empty list, while nothing would be chosen by another.
    return value is not None and value is not False and not (name == "exclude_namespaces" and value == [])


def _unfit(path_of: PathOf, method: str, options: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, advice in _UNFIT[method].items():
        if name in options:
            yield FieldError(
                path_of(name), f"the method {method} cannot honour it, since {_WHY[method]}", advice, UNSUPPORTED
            )


def _empty_names(path_of: PathOf, options: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in WHERE:
        value = options.get(name)
        if isinstance(value, str) and not value.strip():
            yield FieldError(path_of(name), "it is empty", "write a label selector, or leave it out")
        elif isinstance(value, list | tuple):
            if not value:
                yield FieldError(
                    path_of(name), "the list is empty", "name at least one, or leave it out for the default"
                )
            for number, one in enumerate(value):
                if not one.strip():
                    yield FieldError(f"{path_of(name)}[{number}]", "the name is empty", "name one, or leave it out")


def _expiry_faults(path_of: PathOf, method: str, options: Mapping[str, Any]) -> Iterator[FieldError]:
    if method == ONE_CLICK:
        return
    asked = [name for name in EXPIRY if name in options]
    if not asked:
        yield FieldError(
            path_of("method"),
            f"the method {method} needs rotate_every or never_expires",
            "say how often the credential is renewed, such as rotate_every: 30d, or never_expires: true",
            REQUIRED,
        )
    elif len(asked) > 1:
        yield FieldError(path_of("never_expires"), "rotate_every is given too", "keep one of them", DUPLICATE)
    wrong = rotation_fault(options["rotate_every"]) if "rotate_every" in options else None
    if wrong:
        yield FieldError(path_of("rotate_every"), *wrong)
