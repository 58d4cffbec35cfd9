# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The methods of cluster access: the names of their secrets, the options that each method allows, and wrong options."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from ..credentials.rotation import LIFETIMES
from ..durations import format_period, parse_period
from ..field_errors import DUPLICATE, REQUIRED, UNSUPPORTED, FieldError
from ..names import shown

# DigitalOcean's own integration; one secret that its operator copies; secrets that this collection writes itself.
ONE_CLICK = "one_click"
OPERATOR = "operator"
DIRECT = "direct"
METHODS = (ONE_CLICK, OPERATOR, DIRECT)

# When clusters with DigitalOcean's own integration are read: where the run changes the integration, in each run, never.
CHANGED = "changed"
ALWAYS = "always"
NEVER = "never"
WAIT_FOR_SECRETS = (CHANGED, ALWAYS, NEVER)

# How a credential is verified: by a login to the image host, or by a call of the API with the credential's token.
IMAGE_HOST = "image_host"
API = "api"
VERIFY_CREDENTIALS = (IMAGE_HOST, API)

# The names of options that modules, manifests and role variables (docr_doks_*) share.
WHERE = ("namespaces", "exclude_namespaces", "namespace_selector", "service_accounts")
EXPIRY = ("rotate_every", "never_expires")
KUBECONFIG = ("kubeconfig", "contexts")

LEAST_ROTATION = timedelta(hours=1)
# The API limits the expiry of a credential (digitalocean-api.md 1.6), which is LIFETIMES times the rotation.
MOST_ROTATION = timedelta(seconds=1_576_800_000) / LIFETIMES

_LABEL_LENGTH = 63

PathOf = Callable[[str], str]

_WHY = {
    ONE_CLICK: "DigitalOcean itself chooses the namespaces, the expiry and the clusters",
    OPERATOR: "DigitalOcean's operator copies into all namespaces, for their default service accounts",
}
_UNFIT: Mapping[str, Mapping[str, str]] = {
    ONE_CLICK: {
        **dict.fromkeys(WHERE, "use the method direct, or remove the option"),
        **dict.fromkeys(EXPIRY, "use the method direct or operator, or remove the option"),
        **dict.fromkeys(KUBECONFIG, "name DOKS clusters in clusters, or use the method direct"),
        "force_rotation": "remove the integration and add it again, or move to the method direct or operator first",
    },
    OPERATOR: dict.fromkeys(WHERE, "use the method direct, or remove the option"),
    DIRECT: {},
}


def secret_name(method: str, registry: str) -> str:
    """The name of the pull secrets of a method; no two methods share a name.

    DigitalOcean's operator uses the name as a label, which is limited to 63 characters.
    """
    if method == ONE_CLICK:
        return registry
    name = f"docr-{method}-{registry}"
    if len(name) <= _LABEL_LENGTH:
        return name
    digest = hashlib.sha256(registry.encode()).hexdigest()[:8]
    return f"{name[: _LABEL_LENGTH - len(digest) - 1].rstrip('-')}-{digest}"


def doctl_name(registry: str) -> str:
    """The name of the secret that `doctl registry kubernetes-manifest` makes."""
    return f"registry-{registry}"


def secret_names(registry: str) -> tuple[str, ...]:
    """The names of all secrets that serve a registry; a Kubernetes role lists them in `resourceNames`."""
    return (*(secret_name(method, registry) for method in (DIRECT, OPERATOR, ONE_CLICK)), doctl_name(registry))


def allows_option(method: str, name: str) -> bool:
    """Whether a method allows an option."""
    return name not in _UNFIT[method]


def access_errors(
    path_of: PathOf, method: str, given: Mapping[str, Any], *, is_present: bool = True
) -> tuple[FieldError, ...]:
    """The errors in the options of one entry, found without any call; `path_of` gives the place of an option.

    `given` holds the options by name; an option that is missing, None or False is not set. Without `is_present` access
    ends, and no expiry is required.
    """
    options = {name: value for name, value in given.items() if _says_something(name, value)}
    errors = [*_unfit(path_of, method, options), *_empty_names(path_of, options)]
    if is_present:
        errors += _expiry_errors(path_of, method, options)
    return tuple(errors)


def rotation_error(text: str) -> tuple[str, str] | None:
    """What is wrong with a value of rotate_every, and what to write; None for a valid value."""
    try:
        period = parse_period(text)
    except ValueError as error:
        return f"{shown(text)} is not a period", str(error)
    if period < LEAST_ROTATION:
        return f"{shown(text)} is too short", f"use {format_period(LEAST_ROTATION)} or more"
    if period > MOST_ROTATION:
        # Rounded to days: the exact limit near 16 years helps no user.
        most = format_period(timedelta(days=MOST_ROTATION.days))
        return f"{shown(text)} is too long", f"use {most} or less, or never_expires: true"
    return None


def _says_something(name: str, value: object) -> bool:
    # An empty exclude_namespaces excludes nothing and is allowed. The other lists would choose nothing.
    return value is not None and value is not False and not (name == "exclude_namespaces" and value == [])


def _unfit(path_of: PathOf, method: str, options: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, advice in _UNFIT[method].items():
        if name in options:
            yield FieldError(
                path_of(name),
                f"the method {method} does not allow this option, since {_WHY[method]}",
                advice,
                UNSUPPORTED,
            )


def _empty_names(path_of: PathOf, options: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in WHERE:
        value = options.get(name)
        if isinstance(value, str) and not value.strip():
            yield FieldError(
                path_of(name),
                "the label selector is empty",
                "write a label selector, or remove the option",
                REQUIRED,
            )
        elif isinstance(value, list | tuple):
            if not value:
                yield FieldError(
                    path_of(name),
                    "the list is empty",
                    "name at least one, or remove the option for the default",
                    REQUIRED,
                )
            for number, one in enumerate(value):
                if not one.strip():
                    yield FieldError(
                        f"{path_of(name)}[{number}]",
                        "the name is empty",
                        "write a name, or remove the entry",
                        REQUIRED,
                    )


def _expiry_errors(path_of: PathOf, method: str, options: Mapping[str, Any]) -> Iterator[FieldError]:
    if method == ONE_CLICK:
        return
    given = [name for name in EXPIRY if name in options]
    if not given:
        yield FieldError(
            path_of("method"),
            f"the method {method} needs rotate_every or never_expires",
            "say how often the credential is renewed, such as rotate_every: 30d, or never_expires: true",
            REQUIRED,
        )
    elif len(given) > 1:
        yield FieldError(path_of("never_expires"), "rotate_every is set too", "keep one option", DUPLICATE)
    wrong = rotation_error(options["rotate_every"]) if "rotate_every" in options else None
    if wrong:
        yield FieldError(path_of("rotate_every"), *wrong)
