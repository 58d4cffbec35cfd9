#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_plan
short_description: Compare wanted registries and cluster access with DigitalOcean
version_added: 1.0.0
description:
  - Reads the registries, the offered regions and tiers, the subscription and the Kubernetes clusters once.
  - Says what M(planton.digitalocean.docr_registry) and M(planton.digitalocean.docr_doks_integration) would do.
  - Never changes anything, so that all that stands in the way is known before anything is written, all of it at once.
  - The role of this collection starts with it and leaves out the stages that have nothing to do.
author:
  - Planton (@plantonhq)
options:
  registries:
    description: The registries, as in M(planton.digitalocean.docr_registry). Without any, they are not compared.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The registry's name.
        type: str
        required: true
      region:
        description: Its region.
        type: str
      subscription_tier:
        description: The tier that it needs.
        type: str
        aliases: [subscription_tier_slug]
      origin:
        description: Where this entry comes from, such as a file and a document; named in messages.
        type: str
  tier_policy:
    description: What to do when the tiers differ, V(highest) takes the highest, V(strict) refuses.
    type: str
    choices: [highest, strict]
    default: highest
  allow_downgrade:
    description: Plan to lower the team's tier when a lower one is asked for.
    type: bool
    default: false
  integrations:
    description:
      - The cluster access, as in M(planton.digitalocean.docr_doks_integration). Without any, it is not compared.
      - Registries that O(registries) would create count as existing.
      - No cluster is entered. Of entries by another method than V(one_click) it is only seen that their options fit and
        that their clusters and registries exist; M(planton.digitalocean.docr_doks_integration) finds out the rest.
    type: list
    elements: dict
    default: []
    suboptions:
      clusters:
        description: Names or ids of Kubernetes clusters. Needed without O(integrations[].kubeconfig).
        type: list
        elements: str
      registries:
        description: Names of registries.
        type: list
        elements: str
        required: true
      kubeconfig:
        description: A file with clusters of any kind. It is not read.
        type: path
      contexts:
        description: Which of its contexts.
        type: list
        elements: str
      method:
        description: Who writes the pull secrets; V(one_click) without it.
        type: str
        choices: [one_click, operator, direct]
      namespaces:
        description: Names and globs of namespaces.
        type: list
        elements: str
      exclude_namespaces:
        description: Names and globs of namespaces to leave out.
        type: list
        elements: str
      namespace_selector:
        description: A label selector of namespaces.
        type: str
      service_accounts:
        description: Names and globs of service accounts.
        type: list
        elements: str
      rotate_every:
        description: How often the credential is renewed.
        type: str
      never_expires:
        description: Whether it is never renewed and never expires.
        type: bool
      origin:
        description: Where this entry comes from; named in messages.
        type: str
notes:
  - "Token scopes: C(registry:read); C(registry:create) if a registry would be created, to ask whether its name is free;
    C(kubernetes:read) with O(integrations) of DigitalOcean's clusters."
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: What would have to be done
  planton.digitalocean.docr_plan:
    registries:
      - name: acme-shop-eu
        region: ams3
        subscription_tier: professional
    integrations:
      - clusters: [shop-eu]
        registries: [acme-shop-eu]
  register: docr

- name: Say it
  ansible.builtin.debug:
    msg: "{{ (docr.registry.actions + docr.integration.actions) | map(attribute='message') }}"
"""

RETURN = r"""
registry:
  description: What M(planton.digitalocean.docr_registry) would do.
  returned: success
  type: dict
  contains:
    changed:
      description: Whether it would do anything.
      type: bool
      sample: true
    actions:
      description: What, in this order.
      type: list
      elements: dict
      sample:
        - {action: create_registry, target: acme-shop-eu, message: create the registry acme-shop-eu in ams3}
    create:
      description: The names of the registries that it would create.
      type: list
      elements: str
      sample: [acme-shop-eu]
    registries:
      description: The registries as they would be, in the form of M(planton.digitalocean.docr_registry).
      type: list
      elements: dict
      sample: []
    subscription:
      description: The subscription as it would be, in the form of M(planton.digitalocean.docr_registry).
      type: dict
      sample: {tier: {slug: professional, monthly_price_in_cents: 2000}}
    notes:
      description: What else there is to know.
      type: list
      elements: str
      sample: []
integration:
  description: What M(planton.digitalocean.docr_doks_integration) would ask of DigitalOcean's own integration.
  returned: success
  type: dict
  contains:
    changed:
      description: Whether it would do anything.
      type: bool
      sample: true
    actions:
      description: What, in this order.
      type: list
      elements: dict
      sample: []
    integrations:
      description: The clusters as they would be, in the form of M(planton.digitalocean.docr_doks_integration).
      type: list
      elements: dict
      sample: []
    notes:
      description: What else there is to know.
      type: list
      elements: str
      sample: []
"""

from ..module_utils._module.run import run_info
from ..module_utils._module.tasks.plan import PLAN_SPEC, fetch_plan


def main() -> None:
    """Run the module."""
    run_info(PLAN_SPEC, fetch_plan)


if __name__ == "__main__":
    main()
