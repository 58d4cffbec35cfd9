#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_plan
short_description: Compare the desired registries and cluster access with DigitalOcean
version_added: 1.0.0
description:
  - Reads the registries, the offered regions and tiers, the subscription and the Kubernetes clusters once.
  - Reports what M(planton.digitalocean.docr_registry) and M(planton.digitalocean.docr_doks_integration) would do.
  - Changes nothing. All errors are reported at once, before any task writes.
  - The role of this collection runs this module first and skips the stages that have nothing to do.
author:
  - Planton (@plantonhq)
options:
  registries:
    description:
      - The desired registries, as in M(planton.digitalocean.docr_registry). If the list is empty, registries are not
        compared.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The registry's name.
        type: str
        required: true
      region:
        description: The registry's region.
        type: str
      subscription_tier:
        description: The tier that the registry requires.
        type: str
        aliases: [subscription_tier_slug]
      origin:
        description: The source of this entry, such as a file and a document. Messages name the source.
        type: str
  tier_policy:
    description:
      - What to do when O(registries) name different tiers. V(highest) selects the highest tier. V(strict) fails the
        task.
    type: str
    choices: [highest, strict]
    default: highest
  allow_downgrade:
    description: Plan to lower the team's tier to a lower desired tier.
    type: bool
    default: false
  verify_credentials:
    description:
      - How a later task verifies credentials, as in M(planton.digitalocean.docr_doks_integration).
      - With V(api) the image host is not required.
    type: str
    choices: [image_host, api]
    default: image_host
  read_clusters:
    description: Whether a later task reads all clusters of O(integrations), which requires the library C(kubernetes).
    type: bool
    default: false
  integrations:
    description:
      - The desired cluster access, as in M(planton.digitalocean.docr_doks_integration). If the list is empty, cluster
        access is not compared.
      - Registries that O(registries) would create count as existing.
      - The module enters no cluster. For entries with another method than V(one_click) the module checks the options,
        that the clusters and registries exist, that the Python library C(kubernetes) is installed, and that kubeconfig
        files can be read. Where anything would change, the module also checks that the image host answers.
        M(planton.digitalocean.docr_doks_integration) determines the changes inside the clusters.
    type: list
    elements: dict
    default: []
    suboptions:
      clusters:
        description: Names or IDs of Kubernetes clusters. Required without O(integrations[].kubeconfig).
        type: list
        elements: str
      registries:
        description: Names of registries.
        type: list
        elements: str
        required: true
      kubeconfig:
        description: A kubeconfig file, for clusters of any kind. The module checks that the file can be read.
        type: path
      contexts:
        description: Contexts of O(integrations[].kubeconfig).
        type: list
        elements: str
      method:
        description: Who writes the pull secrets. The default is V(one_click).
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
        description: Whether the credential is never renewed and never expires.
        type: bool
      origin:
        description: The source of this entry. Messages name the source.
        type: str
notes:
  - "Token scopes: C(registry:read); C(registry:create) if a registry would be created, to check that the name is free;
    C(kubernetes:read) with O(integrations) of DigitalOcean's clusters."
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: Compare a registry and the access of a cluster
  planton.digitalocean.docr_plan:
    registries:
      - name: acme-shop-eu
        region: ams3
        subscription_tier: professional
    integrations:
      - clusters: [shop-eu]
        registries: [acme-shop-eu]
  register: docr

- name: Show the planned actions
  ansible.builtin.debug:
    msg: "{{ (docr.registry.actions + docr.integration.actions) | map(attribute='message') }}"
"""

RETURN = r"""
registry:
  description: The plan of M(planton.digitalocean.docr_registry).
  returned: success
  type: dict
  contains:
    changed:
      description: Whether the module would change anything.
      type: bool
      sample: true
    actions:
      description: The planned actions, in order.
      type: list
      elements: dict
      sample:
        - {action: create_registry, target: acme-shop-eu, message: create the registry acme-shop-eu in ams3}
    create:
      description: The names of the registries that the module would create.
      type: list
      elements: str
      sample: [acme-shop-eu]
    registries:
      description: The registries after the plan, in the form of M(planton.digitalocean.docr_registry).
      type: list
      elements: dict
      sample: []
    subscription:
      description: The subscription after the plan, in the form of M(planton.digitalocean.docr_registry).
      type: dict
      sample: {tier: {slug: professional, monthly_price_in_cents: 2000}}
    notes:
      description: Further information.
      type: list
      elements: str
      sample: []
integration:
  description: The plan of M(planton.digitalocean.docr_doks_integration) for DigitalOcean's own integration.
  returned: success
  type: dict
  contains:
    changed:
      description: Whether the module would change anything.
      type: bool
      sample: true
    actions:
      description: The planned actions, in order.
      type: list
      elements: dict
      sample: []
    integrations:
      description: The clusters after the plan, in the form of M(planton.digitalocean.docr_doks_integration).
      type: list
      elements: dict
      sample: []
    notes:
      description: Further information.
      type: list
      elements: str
      sample: []
    errors:
      description:
        - Clusters that M(planton.digitalocean.docr_doks_integration) would name as failed, such as an unknown name.
        - That module serves the other clusters, so this module warns and does not fail.
      type: list
      elements: str
      sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.plan import PLAN


def main() -> None:
    """Run the module."""
    run_module(PLAN)


if __name__ == "__main__":
    main()
