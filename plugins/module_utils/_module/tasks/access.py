# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of docr_doks_integration, and the task that they describe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ..._client.digitalocean.clusters import open_cluster_api
from ..._domain.access.desired import AccessEntry, DesiredState
from ..._domain.access.methods import CHANGED, IMAGE_HOST, VERIFY_CREDENTIALS, WAIT_FOR_SECRETS
from ..._domain.access.one_click import ABSENT, PRESENT
from ..._domain.durations import parse_period
from ..._domain.errors import InvalidInput
from ..._domain.field_errors import FieldError
from ..._domain.names import shown
from ..._service.access.task import AccessTask
from ..._service.flow.wait import PollSettings, SystemClock
from ..run import Params, TaskEntry
from ..spec import Spec
from .access_entries import (
    ENTRY_OPTIONS,
    OWN_OPTIONS,
    CommonSettings,
    empty_list_errors,
    names_entering_method,
    read_entries,
    read_entry,
)

ACCESS_SPEC = Spec(
    options={
        "state": {"type": "str", "choices": [PRESENT, ABSENT], "default": PRESENT},
        "clusters": {"type": "list", "elements": "str"},
        "registries": {"type": "list", "elements": "str"},
        "integrations": {"type": "list", "elements": "dict", "options": ENTRY_OPTIONS},
        **OWN_OPTIONS,
        "revoke_after": {"type": "str", "default": "1h"},
        "force_rotation": {"type": "bool", "default": False},
        "recreate_failed_pods": {"type": "bool", "default": False},
        "wait_for_all_namespaces": {"type": "bool", "default": False},
        "exclusive_service_accounts": {"type": "bool", "default": False},
        "verify_credentials": {"type": "str", "choices": list(VERIFY_CREDENTIALS), "default": IMAGE_HOST},
        "wait_for_secrets": {"type": "str", "choices": list(WAIT_FOR_SECRETS), "default": CHANGED},
        "expect_registries": {"type": "list", "elements": "str", "default": []},
        "wait_timeout": {"type": "int", "default": 60},
        "wait_sleep": {"type": "int", "default": 5},
    },
    mutually_exclusive=[("clusters", "integrations"), ("registries", "integrations"), ("contexts", "integrations")],
    required_one_of=[("registries", "integrations"), ("clusters", "kubeconfig", "integrations")],
)


def build_access_task(params: Params) -> AccessTask:
    """The task that the options describe; raises InvalidInput with all errors of the options."""
    errors: list[FieldError] = []
    common = CommonSettings(
        options=params if params["integrations"] is not None else {},
        is_present=params["state"] == PRESENT,
        revoke_after=_read_period(params, "revoke_after", errors),
        force_rotation=params["force_rotation"],
        waits_for_all=params["wait_for_all_namespaces"],
        is_exclusive=params["exclusive_service_accounts"],
    )
    entries: tuple[AccessEntry, ...]
    if params["integrations"] is None:
        entries = (read_entry("", params, common, errors),)
    else:
        entries, found = read_entries(params["integrations"], common)
        errors += [*empty_list_errors("integrations", params["integrations"]), *found]
    errors += [*_least(params, "wait_timeout", 0), *_least(params, "wait_sleep", 1)]
    if errors:
        raise InvalidInput(tuple(errors))
    desired = DesiredState(
        entries=entries,
        state=params["state"],
        expected=tuple(params["expect_registries"]),
        recreates_pods=params["recreate_failed_pods"],
        wait_for_secrets=params["wait_for_secrets"],
        verify_credentials=params["verify_credentials"],
    )
    poll_settings = PollSettings(params["wait_timeout"], params["wait_sleep"], SystemClock())
    return AccessTask(desired, poll_settings, params["registry_host"])


def _read_period(params: Params, name: str, errors: list[FieldError]) -> timedelta:
    try:
        return parse_period(params[name])
    except ValueError as error:
        errors.append(FieldError(name, f"{shown(params[name])} is not a period", str(error)))
        return timedelta(0)


def _least(params: Params, name: str, least: int) -> Iterator[FieldError]:
    if params[name] < least:
        yield FieldError(name, f"{params[name]} is too small", f"use {least} or more seconds")


ACCESS = TaskEntry(ACCESS_SPEC, build_access_task, open_cluster_api, enters_clusters=names_entering_method)
