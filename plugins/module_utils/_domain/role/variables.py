# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role: the one table of their types, defaults, choices and module options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from ..access.methods import CHANGED, DIRECT, IMAGE_HOST, ONE_CLICK, OPERATOR, VERIFY_CREDENTIALS, WAIT_FOR_SECRETS
from ..field_errors import FORBIDDEN, FieldError
from ..gc.attention import FAIL_ON
from ..gc.rules import TYPES, UNREFERENCED_BLOBS


class VariableType(Enum):
    """The types of variables. The value of a member is the type as a user reads it."""

    TEXT = "text"
    SECRET = "secret text"
    PATH = "path"
    DURATION = "duration"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXTS = "list of texts"
    NAMES = "list of registry names"
    PATHS = "list of paths"
    DATES = "list of dates"
    WINDOWS = "list of maintenance windows"
    MANIFESTS = "list of manifests"


@dataclass(frozen=True)
class RoleVariable:
    """A variable of the role.

    `default` None means that the variable has no default. `group` is the options that the variable belongs to, and
    `option` the name there.
    """

    type: VariableType
    default: object = None
    choices: tuple[str, ...] = ()
    group: str = ""
    option: str = ""


CONNECTION = "connection"
GC = "garbage_collection"
ACCESS = "doks_integration"

TEXT, SECRET, PATH, DURATION, BOOLEAN, INTEGER, TEXTS, NAMES, PATHS, DATES, WINDOWS, MANIFESTS = VariableType

DEFAULT_WINDOWS = ({"days": ["sunday"], "start": "03:00", "duration": "4h"},)


def _connection() -> Mapping[str, RoleVariable]:
    """The options of the connection, which every module has by the same names without `docr_`."""
    types = {
        "token": SECRET,
        "endpoint": TEXT,
        "ca_path": PATH,
        "connect_timeout": INTEGER,
        "read_timeout": INTEGER,
        "rate_limit_wait": INTEGER,
        "team": TEXT,
        "registry_host": TEXT,
        "revoke_url": TEXT,
    }
    return {f"docr_{name}": RoleVariable(type_, group=CONNECTION, option=name) for name, type_ in types.items()}


def _access() -> Mapping[str, RoleVariable]:
    """What holds for the clusters of all manifests that do not say it themselves."""
    variables = {
        "clusters": RoleVariable(TEXTS, ()),
        "contexts": RoleVariable(TEXTS, ()),
        "kubeconfig": RoleVariable(PATH),
        "method": RoleVariable(TEXT, ONE_CLICK, (ONE_CLICK, OPERATOR, DIRECT)),
        "namespaces": RoleVariable(TEXTS),
        "exclude_namespaces": RoleVariable(TEXTS),
        "namespace_selector": RoleVariable(TEXT),
        "service_accounts": RoleVariable(TEXTS),
        "rotate_every": RoleVariable(DURATION),
        "never_expires": RoleVariable(BOOLEAN),
    }
    return _group(ACCESS, "docr_doks_", variables)


def _gc() -> Mapping[str, RoleVariable]:
    """What holds for the garbage collection of all manifests that do not say it themselves."""
    variables = {
        "type": RoleVariable(TEXT, UNREFERENCED_BLOBS, tuple(TYPES)),
        "maintenance_windows": RoleVariable(WINDOWS, DEFAULT_WINDOWS),
        "blackout_dates": RoleVariable(DATES, ()),
        "min_interval": RoleVariable(DURATION, "20h"),
        "max_age": RoleVariable(DURATION),
        "outside_window": RoleVariable(TEXT, "skip", ("skip", "fail", "wait")),
        "overrun": RoleVariable(TEXT, "finish", ("finish", "cancel")),
        "quiet_period": RoleVariable(DURATION),
        "stuck_after": RoleVariable(DURATION, "45m"),
        "on_stuck": RoleVariable(TEXT, "fail", ("fail", "cancel")),
    }
    return _group(GC, "docr_gc_", variables)


def _group(group: str, prefix: str, variables: Mapping[str, RoleVariable]) -> Mapping[str, RoleVariable]:
    return {
        f"{prefix}{name}": RoleVariable(one.type, one.default, one.choices, group, name)
        for name, one in variables.items()
    }


VARIABLES: Mapping[str, RoleVariable] = {
    "docr_manifest_files": RoleVariable(PATHS, ()),
    "docr_manifests": RoleVariable(MANIFESTS, ()),
    "docr_skip_other_kinds": RoleVariable(BOOLEAN, False),
    "docr_registry_enabled": RoleVariable(BOOLEAN, True),
    "docr_gc_enabled": RoleVariable(BOOLEAN, True),
    "docr_doks_integration_enabled": RoleVariable(BOOLEAN, True),
    "docr_summary_enabled": RoleVariable(BOOLEAN, True),
    "docr_tier_policy": RoleVariable(TEXT, "highest", ("highest", "strict")),
    "docr_login_folder": RoleVariable(PATH),
    **_access(),
    "docr_doks_revoke_after": RoleVariable(DURATION, "1h"),
    "docr_doks_recreate_failed_pods": RoleVariable(BOOLEAN, False),
    "docr_doks_wait_for_all_namespaces": RoleVariable(BOOLEAN, False),
    "docr_doks_exclusive_service_accounts": RoleVariable(BOOLEAN, False),
    "docr_doks_verify_credentials": RoleVariable(TEXT, IMAGE_HOST, VERIFY_CREDENTIALS),
    "docr_doks_wait_for_secrets": RoleVariable(TEXT, CHANGED, WAIT_FOR_SECRETS),
    "docr_doks_wait_timeout": RoleVariable(INTEGER, 60),
    **_gc(),
    "docr_gc_force": RoleVariable(BOOLEAN, False),
    "docr_gc_outside_window_timeout": RoleVariable(DURATION, "24h"),
    "docr_gc_wait": RoleVariable(BOOLEAN, True),
    "docr_gc_wait_timeout": RoleVariable(INTEGER, 7200),
    "docr_gc_wait_sleep": RoleVariable(INTEGER, 15),
    "docr_gc_max_skipped_windows": RoleVariable(INTEGER),
    "docr_gc_fail_on": RoleVariable(TEXTS, (), FAIL_ON),
    "docr_allow_downgrade": RoleVariable(BOOLEAN, False),
    "docr_allow_delete_images": RoleVariable(BOOLEAN, False),
    "docr_allow_delete_integrated": RoleVariable(BOOLEAN, False),
    "docr_allow_delete_untagged_manifests": RoleVariable(BOOLEAN, False),
    "docr_destroy_names": RoleVariable(NAMES),
    "docr_destroy_missing": RoleVariable(TEXT, "fail", ("fail", "ignore")),
    "docr_rotate_names": RoleVariable(NAMES),
    "docr_ignored_variables": RoleVariable(TEXTS, ()),
    **_connection(),
}

# Facts that the role sets. AWX hands them to the next job of a workflow.
OUTPUTS = ("docr_outputs", "docr_destroyed", "docr_rotated")


@dataclass(frozen=True)
class RoleVariables:
    """The values of all variables, typed; a variable without a value and without a default is None.

    The repr has no value, since one of them is the token.
    """

    values: Mapping[str, object] = field(repr=False)

    def group(self, name: str) -> dict[str, object]:
        """The options of a group that have a value."""
        return {
            variable.option: self.values[key]
            for key, variable in VARIABLES.items()
            if variable.group == name and self.values[key] is not None
        }

    def shape(self) -> dict[str, object]:
        """The values without secrets, and the groups, as a result of a task has them."""
        shown = {key: one for key, one in self.values.items() if VARIABLES[key].type is not SECRET}
        connection = {name: one for name, one in self.group(CONNECTION).items() if f"docr_{name}" in shown}
        return {
            "variables": shown,
            "has_token": self.values["docr_token"] is not None,
            CONNECTION: connection,
            GC: self.group(GC),
            ACCESS: self.group(ACCESS),
        }


# Variables that name a server which receives the token.
ADDRESSES = ("docr_endpoint", "docr_registry_host", "docr_revoke_url")
# The environment variable that lets variables of the role name the servers that receive the environment's token.
TRUST_ADDRESSES = "DOCR_TRUST_ADDRESS_VARIABLES"


def address_errors(values: Mapping[str, object], trusted: Mapping[str, frozenset[str]]) -> tuple[FieldError, ...]:
    """Errors for variables that would send a token of the environment to another server.

    `trusted` is the addresses that need no trust, by variable: DigitalOcean's and those of the environment. A person
    who may set a variable, for example at the launch of a job template of AWX, could name a server of their own.
    """
    return tuple(
        FieldError(
            name,
            f"{name} names a server that would receive the token of the environment",
            "set docr_token too, write the address in module_defaults or in the environment, or set the environment "
            f"variable {TRUST_ADDRESSES}=true",
            FORBIDDEN,
        )
        for name in ADDRESSES
        if values[name] is not None and str(values[name]).rstrip("/") not in trusted[name]
    )


def describe_type(variable: RoleVariable) -> str:
    """The type and the choices of a variable as the documentation of the role has them."""
    choices = f", one of {', '.join(f'V({one})' for one in variable.choices)}" if variable.choices else ""
    return f"Type {variable.type.value}{choices}."
