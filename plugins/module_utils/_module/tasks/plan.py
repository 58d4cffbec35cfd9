# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docr_plan: the plans of the other modules, all at once, from one read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ansible.module_utils.parsing.convert_bool import boolean

from ..._domain.access.desired import AccessEntry, DesiredState
from ..._domain.access.methods import IMAGE_HOST, ONE_CLICK, VERIFY_CREDENTIALS
from ..._domain.access.one_click import needs_registry_names, predict_clusters, resolve_integrations, shape_integrations
from ..._domain.access.task_plan import TaskPlan, plan_outside
from ..._domain.errors import InvalidInput
from ..._domain.field_errors import FieldError
from ..._domain.plan import Plan
from ..._domain.registry.plan import Account, DesiredRegistry, missing_names, plan_registries
from ..._domain.registry.steps import CreateRegistry, RegistryStep
from ..._service.access.one_click import list_names
from ..._service.flow.tokens import require_image_host
from ..._service.ports.api import Api
from ..._service.registry import fetch_account
from ..naming import name_texts
from ..run import InfoEntry, Params
from ..spec import Spec
from .access_entries import ENTRY_OPTIONS, CommonSettings, names_entering_method, read_entries
from .registry import REGISTRY_OPTIONS, TIER_OPTIONS, predict_registries, read_desired, shape_registries

P = TypeVar("P", bound=Plan[Any])

PLAN_SPEC = Spec(
    options={
        "registries": {"type": "list", "elements": "dict", "options": REGISTRY_OPTIONS, "default": []},
        **TIER_OPTIONS,
        "integrations": {"type": "list", "elements": "dict", "options": ENTRY_OPTIONS, "default": []},
        "read_clusters": {"type": "bool", "default": False},
        "verify_credentials": {"type": "str", "choices": list(VERIFY_CREDENTIALS), "default": IMAGE_HOST},
    }
)


def fetch_plan(api: Api, params: Params) -> dict[str, Any]:
    """The result of docr_plan; raises InvalidInput with the faults of all parts."""
    desired = read_desired(params["registries"], "registries", params["tier_policy"])
    entries, faults = read_entries(params["integrations"], CommonSettings())
    if faults:
        raise InvalidInput(faults)
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(fetch_account, api, desired, params["allow_downgrade"]) if desired else None
        listing = pool.submit(api.list_clusters) if any(entry.clusters for entry in entries) else None
    account = reading.result() if reading else None
    clusters = listing.result() if listing else ()
    desired_state = DesiredState(entries, expected=missing_names(account.registries, desired) if account else ())
    names = tuple(registry.name for registry in account.registries) if account else None
    has_others = any(entry.method != ONE_CLICK for entry in entries)
    if names is None and (has_others or needs_registry_names(clusters, desired_state.one_click)):
        names = list_names(api)
    errors: list[FieldError] = []
    nothing: Plan[RegistryStep] = Plan()
    registry_plan = _plan_or_collect(lambda: _plan_registries(account, desired, params), nothing, errors)
    # No cluster is entered, so only DigitalOcean's one-click integration has steps.
    integration_plan = _plan_or_collect(lambda: plan_outside(clusters, names, desired_state), TaskPlan(), errors)
    if errors:
        raise InvalidInput(tuple(errors))
    _require_later_stages(api, entries, bool(registry_plan.steps or integration_plan.steps), params)
    targets = [target.cluster for target in resolve_integrations(clusters, desired_state.one_click)[0]]
    after = predict_clusters(targets, integration_plan.steps, names)
    errors_of_clusters = [str(error) for error in integration_plan.failed.values()]
    return {
        "registry": _shape_plan(registry_plan)
        | {"create": [step.name for step in registry_plan.steps if isinstance(step, CreateRegistry)]}
        | _shape_registries(account, desired, registry_plan, params["registry_host"]),
        "integration": _shape_plan(integration_plan)
        | {
            "integrations": shape_integrations(after, integration_plan.steps, names),
            "errors": name_texts(errors_of_clusters),
        },
        "warnings": [*registry_plan.warnings, *integration_plan.warnings, *errors_of_clusters],
    }


def _require_later_stages(api: Api, entries: Sequence[AccessEntry], has_steps: bool, params: Params) -> None:
    """Raise a DocrError where the stages after the first write could not read the clusters or verify a credential."""
    own = [entry for entry in entries if entry.method != ONE_CLICK]
    if own or (entries and params["read_clusters"]):
        # The library takes a fifth of a second to load, and most runs do not require the library.
        from ..._client.kube.kubeconfig import require_kubernetes  # noqa: PLC0415

        require_kubernetes("reach clusters", [entry.kubeconfig for entry in own if entry.kubeconfig])
    if own and has_steps and params["verify_credentials"] == IMAGE_HOST:
        require_image_host(api)


def _plan_registries(
    account: Account | None, desired: tuple[DesiredRegistry, ...], params: Params
) -> Plan[RegistryStep]:
    if account is None:
        return Plan()
    return plan_registries(account, desired, params["allow_downgrade"])


def _plan_or_collect(plan: Callable[[], P], otherwise: P, errors: list[FieldError]) -> P:
    """The plan; where the input has errors, the errors are collected and `otherwise` stands in for the plan."""
    try:
        return plan()
    except InvalidInput as error:
        errors += error.field_errors
        return otherwise


def _shape_plan(plan: Plan[Any]) -> dict[str, Any]:
    return {
        "changed": plan.changed,
        "actions": [step.shape() for step in plan.steps],
        "notes": name_texts(plan.notes),
    }


def _shape_registries(
    account: Account | None, desired: tuple[DesiredRegistry, ...], plan: Plan[RegistryStep], host: str
) -> dict[str, Any]:
    if account is None:
        return {"registries": [], "subscription": None}
    shaped = shape_registries(predict_registries(account, desired, plan), host, is_single=False)
    return {"registries": shaped["registries"], "subscription": shaped["subscription"]}


def _enters_clusters(options: Params) -> bool:
    reads = bool(options.get("integrations")) and boolean(str(options.get("read_clusters")), strict=False)
    return reads or names_entering_method(options)


PLAN = InfoEntry(PLAN_SPEC, fetch_plan, enters_clusters=_enters_clusters)
