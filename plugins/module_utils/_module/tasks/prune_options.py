# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of docr_image_prune, and the values that they make."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..._client.files.job_folder import ends_with_job
from ..._client.files.own_folders import default_cache_path, default_undo_path
from ..._domain.field_errors import REQUIRED, UNSUPPORTED, FieldError
from ..._domain.images.budget import CallLimits, share_of_team
from ..._domain.in_use.options import InUseOptions, read_in_use
from ..._domain.in_use.reference import RegistryAddress
from ..._domain.names import shown
from ..._domain.retention.comparison import ON_CHANGE, REFUSE, SKIP
from ..._domain.retention.options import parse_policies, parse_settings
from ..._domain.retention.request import DEFAULT_MOST_PERCENT, PruneSettings
from ..._domain.retention.rules import RetentionPolicies
from ..._domain.retention.validation import LAYERS, MANIFESTS
from ..run import Params
from ..spec import Spec
from .images import reading_faults
from .in_use import IN_USE_OPTION

PRUNED, PLANNED, RESTORED, VALIDATED = "pruned", "planned", "restored", "validated"
PRUNE_SPEC = Spec(
    options={
        "registry": {"type": "str", "required": True, "aliases": ["name"]},
        "state": {"type": "str", "choices": [PRUNED, PLANNED, RESTORED, VALIDATED], "default": PRUNED},
        "policies": {"type": "list", "elements": "dict"},
        "grace_period": {"type": "str", "default": "24h"},
        "max_delete_count": {"type": "int"},
        "max_delete_percent": {"type": "int", "default": DEFAULT_MOST_PERCENT},
        "allow_delete_images": {"type": "bool", "default": False},
        **IN_USE_OPTION,
        "plan_file": {"type": "path"},
        "plan_digest": {"type": "str"},
        "plan_summary": {"type": "dict"},
        "on_change": {"type": "str", "choices": list(ON_CHANGE)},
        "repositories": {"type": "list", "elements": "str"},
        "validate": {"type": "str", "choices": [MANIFESTS, LAYERS], "default": MANIFESTS},
        "undo_path": {"type": "path"},
        "cache_path": {"type": "path"},
        "rate_limit_share": {"type": "int", "default": 50},
    }
)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PATHS = ("plan_file", "undo_path")
# A blank approval would be none, and the run would delete without an approval.
_APPROVALS = ("plan_file", "plan_digest")
# The options that belong to some states only.
_ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "policies": (PRUNED, PLANNED),
    "plan_file": (PRUNED, PLANNED),
    "plan_digest": (PRUNED,),
    "plan_summary": (PRUNED,),
    "on_change": (PRUNED,),
    "repositories": (RESTORED, VALIDATED),
}


@dataclass(frozen=True)
class Approval:
    """What was approved: the plan in a file, or the digest of a plan, with the summary that names differences."""

    plan_file: str | None = None
    plan_digest: str | None = None
    plan_summary: Mapping[str, Any] | None = None
    on_change: str = SKIP


@dataclass(frozen=True)
class PruneFolders:
    """The folders of copies and of cached manifests; `warnings` say which of them end with the job."""

    undo: str
    cache: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PruneOptions:
    """The options of a run."""

    address: RegistryAddress
    state: str
    policies: RetentionPolicies
    settings: PruneSettings
    sources: InUseOptions
    approval: Approval
    folders: PruneFolders
    limits: CallLimits
    validate: str
    patterns: tuple[str, ...] | None


def read_prune_options(params: Params) -> tuple[PruneOptions | None, tuple[FieldError, ...]]:
    """The options, or None and all that is wrong with them."""
    registry = params["registry"]
    policies, wrong_policies = parse_policies(params["policies"])
    settings, wrong_settings = parse_settings(
        registry,
        params["grace_period"],
        params["max_delete_count"],
        params["max_delete_percent"],
        params["allow_delete_images"],
    )
    sources, wrong_sources = read_in_use(params["in_use"])
    faults = (*_faults(params), *wrong_policies, *wrong_settings, *wrong_sources)
    if faults:
        return None, faults
    is_approved = params["plan_file"] or params["plan_digest"]
    options = PruneOptions(
        address=RegistryAddress(registry, params["registry_host"].strip()),
        state=params["state"],
        policies=policies,
        settings=settings,
        sources=sources,
        approval=Approval(
            params["plan_file"],
            (params["plan_digest"] or "").strip() or None,
            params["plan_summary"],
            params["on_change"] or (REFUSE if is_approved else SKIP),
        ),
        folders=_folders(params),
        limits=share_of_team(params["rate_limit_share"]),
        validate=params["validate"],
        patterns=None if params["repositories"] is None else tuple(one.strip() for one in params["repositories"]),
    )
    return options, ()


def _faults(params: Params) -> Iterator[FieldError]:
    yield from reading_faults(params)
    for name in _PATHS:
        if params[name] and not os.path.isabs(params[name]):
            yield FieldError(name, f"the path {params[name]} is not absolute", "write an absolute path")
    for name, states in _ONLY_FOR.items():
        if params[name] and params["state"] not in states:
            told = f"the option has no meaning with state: {params['state']}"
            yield FieldError(name, told, f"use state: {states[0]}, or remove the option", UNSUPPORTED)
    for name in _APPROVALS:
        if params[name] is not None and not params[name].strip():
            yield FieldError(name, "the value is blank", "write the value of the approved plan, or omit the option")
    repositories = params["repositories"]
    if repositories is not None and not all(one.strip() for one in repositories or ("",)):
        yield FieldError(
            "repositories", "the list is empty or has a blank pattern", "write patterns, or omit the option"
        )
    digest = (params["plan_digest"] or "").strip()
    if digest and not _DIGEST.fullmatch(digest):
        advice = "write the plan_digest of the approved plan"
        yield FieldError("plan_digest", f"{shown(digest)} is not sha256: and 64 hexadecimal digits", advice)
    if params["plan_summary"] and not digest:
        yield FieldError("plan_summary", "the option requires plan_digest", "set plan_digest", REQUIRED)


def _folders(params: Params) -> PruneFolders:
    home = os.path.expanduser("~")
    undo = params["undo_path"] or default_undo_path(os.environ, home)
    cache = params["cache_path"] or default_cache_path(os.environ, home)
    paths = {"undo_path": undo, "cache_path": cache, "plan_file": params["plan_file"]}
    return PruneFolders(undo, cache, tuple(_lasting_warnings(params["state"], paths)))


def _lasting_warnings(state: str, paths: Mapping[str, str | None]) -> Iterator[str]:
    losses = {
        "undo_path": "after the job, deleted manifests cannot be restored",
        "cache_path": "the next job reads every manifest again",
        "plan_file": "the next job does not find the plan; use plan_digest and plan_summary",
    }
    for name, path in paths.items():
        if path and (name != "undo_path" or state == PRUNED) and ends_with_job(path, os.environ):
            yield f"The path {path} of {name} ends with this job of AWX: {losses[name]}."
