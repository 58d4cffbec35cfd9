#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_doks_integration
short_description: Let Kubernetes clusters of DigitalOcean pull from its container registries
version_added: 1.0.0
description:
  - Integrates Kubernetes clusters (DOKS) with container registries, or undoes it, the one-click way. DigitalOcean
    itself then puts the pull secrets into all namespaces and patches their default service accounts.
  - Adds what is missing and removes what is to be absent. Clusters and registries that are not listed stay as they are.
  - Sends one call for all clusters that need the same, then reads the clusters back and compares.
  - An integration that somebody undid in the meantime is found and added again; RV(integrations[].added) names it.
author:
  - Planton (@plantonhq)
options:
  state:
    description:
      - With V(present) each listed cluster is integrated with each registry that is listed with it.
      - With V(absent) it is not. A cluster that does not exist is an error all the same, since its name may be
        misspelt. A registry need not exist, so that what a deleted one left behind can be removed.
    type: str
    choices: [present, absent]
    default: present
  clusters:
    description:
      - Clusters by name or id. What looks like a UUID with hyphens is an id; names compare exactly.
      - A name that several clusters have is an error that lists their ids.
    type: list
    elements: str
  registries:
    description: Names of registries, each for each of O(clusters).
    type: list
    elements: str
  integrations:
    description:
      - Several sets of clusters and registries in one task. Exclusive with O(clusters) and O(registries).
      - What several entries ask of the same cluster is merged.
    type: list
    elements: dict
    suboptions:
      clusters:
        description: As O(clusters).
        type: list
        elements: str
        required: true
      registries:
        description: As O(registries).
        type: list
        elements: str
        required: true
      origin:
        description: Where this entry comes from, such as a file and a document; named in messages.
        type: str
  expect_registries:
    description:
      - Registries that may not exist yet because an earlier task of the same play creates them.
      - Only check mode takes them as existing. A real run refuses those that do not exist, before it writes anything.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: The most seconds to wait until the clusters show what was written. V(0) looks once.
    type: int
    default: 60
  wait_sleep:
    description: Seconds between two looks.
    type: int
    default: 5
notes:
  - >-
    Token scopes: C(kubernetes:read); C(registry:read) where something is to be added; C(kubernetes:create) and
    C(kubernetes:update) to add; C(kubernetes:update) to remove.
  - A run with nothing to do costs one call for each 200 clusters of the team. Where a cluster is integrated but does
    not say with what, the registries are read too. With several registries in the team such a cluster cannot be
    compared; what is asked for is then written each time, and RV(notes) says so.
  - Clusters in the state C(provisioning), C(error), C(deleting) or C(deleted) are refused when something would have to
    be written. In other states than C(running) it is tried, with a warning. Removal leaves clusters alone that are
    being deleted.
  - Where DigitalOcean does not answer the call that names registries, the older one is used, but only if the team has
    exactly one registry and it is the one meant.
  - DigitalOcean copies its secrets some time after its answer. This module waits for what the API shows of the cluster,
    not for the secrets in it.
seealso:
  - module: planton.digitalocean.docr_doks_integration_info
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Two clusters may pull from one registry
  planton.digitalocean.docr_doks_integration:
    clusters:
      - shop-prod
      - 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    registries:
      - acme-shop-eu

- name: Several sets in one task
  planton.digitalocean.docr_doks_integration:
    integrations:
      - clusters: [shop-prod, shop-staging]
        registries: [acme-shop-eu, acme-base]
      - clusters: [payments]
        registries: [acme-payments]

- name: See whether somebody has undone an integration
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod]
    registries: [acme-shop-eu]
  check_mode: true
  diff: true

- name: A cluster may no longer pull from a registry, its others stay
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-staging]
    registries: [acme-base]
    state: absent
"""

RETURN = r"""
integrations:
  description: The clusters that were asked for, in that order, as they are afterwards.
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description: The cluster.
      type: dict
      contains:
        id:
          description: Its id.
          type: str
          sample: 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
        name:
          description: Its name.
          type: str
          sample: shop-prod
        region:
          description: Its region.
          type: str
          sample: fra1
    registries:
      description:
        - All registries that it is integrated with, those not asked for included.
        - Null when it is integrated but DigitalOcean does not say with which.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
    added:
      description: Those that this task added, or would in check mode. In a later run, the drift that it mended.
      type: list
      elements: str
      sample: [acme-shop-eu]
    removed:
      description: Those that this task removed, or would in check mode.
      type: list
      elements: str
      sample: []
actions:
  description: What was done, or would be in check mode, in this order; one for all clusters that need the same.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description: C(add_registries) or C(remove_registries).
      type: str
      sample: add_registries
    target:
      description: The names of the clusters.
      type: str
      sample: shop-prod, shop-staging
    message:
      description: A sentence for people.
      type: str
      sample: add the registry acme-shop-eu to the clusters shop-prod, shop-staging
notes:
  description: What else there is to know, such as a cluster that does not say what it is integrated with.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.doks_integration import (
    INTEGRATION_SPEC,
    build_integration_task,
)
from ..module_utils._module.clusters import run_cluster_task


def main() -> None:
    """Run the module."""
    run_cluster_task(INTEGRATION_SPEC, build_integration_task)


if __name__ == "__main__":
    main()
