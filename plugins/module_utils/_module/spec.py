# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of modules: the shared ones, and a module's own on top."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.errors import AnsibleFallbackNotFound

from .._client.settings import DEFAULT_ENDPOINT, DEFAULT_REGISTRY_HOST, DEFAULT_REVOKE_URL

# The order in which the field's tools look for a token; digitalocean.cloud's users know these names
# (digitalocean-api.md 6.3).
TOKEN_VARIABLES = (
    "DIGITALOCEAN_ACCESS_TOKEN",
    "DIGITALOCEAN_TOKEN",
    "DO_API_TOKEN",
    "DO_API_KEY",
    "DO_OAUTH_TOKEN",
    "OAUTH_TOKEN",
)

# The option that says where the work of a module runs, and the values of the option.
RUN_IN = "run_in"
RUN_IN_VARIABLE = "DOCR_RUN_IN"
AUTO = "auto"
CONTROLLER = "controller"
MODULE = "module"


def value_in_environment(*names: str) -> str:
    """The value of the first environment variable that has a value, without white space around; empty without any.

    A blank variable has no value: AWX sets every variable of a credential type, as blank text where a field is empty.
    """
    return next((value for value in (os.environ.get(name, "").strip() for name in names) if value), "")


def first_of_environment(*names: str) -> str:
    """The fallback of an option; raises AnsibleFallbackNotFound where no environment variable has a value."""
    value = value_in_environment(*names)
    if not value:
        raise AnsibleFallbackNotFound
    return value


CONNECTION_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "token": {
        "type": "str",
        "no_log": True,
        "aliases": ["oauth_token", "api_token"],
        "fallback": (first_of_environment, list(TOKEN_VARIABLES)),
    },
    "endpoint": {
        "type": "str",
        "default": DEFAULT_ENDPOINT,
        "fallback": (first_of_environment, ["DIGITALOCEAN_API_URL"]),
    },
    "registry_host": {
        "type": "str",
        "default": DEFAULT_REGISTRY_HOST,
        "fallback": (first_of_environment, ["DOCR_REGISTRY_HOST"]),
    },
    "revoke_url": {
        "type": "str",
        "default": DEFAULT_REVOKE_URL,
        "fallback": (first_of_environment, ["DIGITALOCEAN_OAUTH_REVOKE_URL"]),
    },
    "ca_path": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 10},
    "read_timeout": {"type": "int", "default": 30},
    "rate_limit_wait": {"type": "int", "default": 120},
    "team": {"type": "str"},
}

# Read by the action plugin alone.
_PLACE = {"type": "str", "choices": [AUTO, CONTROLLER, MODULE]}


@dataclass(frozen=True)
class Spec:
    """A module's options without the connection's, and AnsibleModule's rules between them."""

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()

    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of AnsibleModule."""
        options = {**CONNECTION_OPTIONS, RUN_IN: _PLACE, **self.options}
        return {
            "argument_spec": {name: dict(option) for name, option in options.items()},
            "mutually_exclusive": [list(names) for names in self.mutually_exclusive],
            "required_together": [list(names) for names in self.required_together],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_if": [list(rule) for rule in self.required_if],
        }
