#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_registry
short_description: Create, change and delete container registries of DigitalOcean
version_added: 1.0.0
description:
  - Makes sure that one registry, or each of a list, exists or does not exist, by name.
  - Changes the subscription tier in place. The tier belongs to the whole team, not to a registry.
  - Never replaces a registry. Another region than the one it has is refused, since a registry cannot move and deleting
    it loses its images.
  - Finds everything that stands in the way before the first write, and reports all of it at once.
author:
  - Planton (@plantonhq)
options:
  state:
    description:
      - With V(present) the registries exist.
      - With V(absent) they do not. A registry that holds images or that a Kubernetes cluster lists is refused, see
        O(allow_delete_images) and O(allow_delete_integrated). Registries of other names are never touched.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: The registry's name, unique over all customers of DigitalOcean. Exclusive with O(registries).
    type: str
  region:
    description:
      - The region to create the registry in; DigitalOcean picks one if it is not given.
      - Compared with the registry that exists. Case does not matter.
    type: str
  subscription_tier:
    description:
      - The tier that the registry needs, such as V(starter), V(basic) or V(professional). Case does not matter.
      - A higher one than the team's is set. A lower one is reported and left, see O(allow_downgrade).
      - Required for the team's first registry.
    type: str
    aliases: [subscription_tier_slug]
  registries:
    description: Several registries in one task. Exclusive with O(name).
    type: list
    elements: dict
    suboptions:
      name:
        description: As O(name).
        type: str
        required: true
      region:
        description: As O(region).
        type: str
      subscription_tier:
        description: As O(subscription_tier).
        type: str
        aliases: [subscription_tier_slug]
      origin:
        description: Where this entry comes from, such as a file and a document; named in messages.
        type: str
  tier_policy:
    description:
      - What to do when O(registries) ask for different tiers.
      - V(highest) takes the highest, V(strict) refuses.
    type: str
    choices: [highest, strict]
    default: highest
  allow_downgrade:
    description: Lower the team's tier when a lower one is asked for. It then is lower for all registries of the team.
    type: bool
    default: false
  allow_delete_images:
    description: Delete registries that still hold images. There is no undo.
    type: bool
    default: false
  allow_delete_integrated:
    description: Delete registries that Kubernetes clusters still pull from, without looking at the clusters.
    type: bool
    default: false
notes:
  - >-
    Token scopes: C(registry:read); C(registry:create) to create; C(registry:update) to change the tier;
    C(registry:delete) to delete; C(kubernetes:read) to delete without O(allow_delete_integrated).
  - A create also sends the tier that the team has, or the higher one that is asked for, so that it cannot lower it.
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: One registry
  planton.digitalocean.docr_registry:
    name: acme-payments
    region: fra1
    subscription_tier: basic

- name: Several in one task, the tier as high as any of them needs
  planton.digitalocean.docr_registry:
    registries:
      - name: acme-shop-us
        region: nyc3
        subscription_tier: professional
      - name: acme-shop-eu
        region: ams3
        subscription_tier: professional

- name: See what a lower tier would do, prices included
  planton.digitalocean.docr_registry:
    name: acme-payments
    subscription_tier: starter
    allow_downgrade: true
  check_mode: true
  diff: true

- name: Delete a registry and its images
  planton.digitalocean.docr_registry:
    name: acme-old
    state: absent
    team: acme
    allow_delete_images: true
"""

RETURN = r"""
registry:
  description: The registry, when O(name) was given and it exists.
  returned: success
  type: dict
  sample: null
registries:
  description: The registries that were asked for and exist.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      sample: acme-payments
    region:
      description: The region.
      type: str
      sample: fra1
    endpoint:
      description: What image names begin with.
      type: str
      sample: registry.digitalocean.com/acme-payments
    server_url:
      description: What C(docker login) takes.
      type: str
      sample: registry.digitalocean.com
    created_at:
      description: When it was created, RFC 3339; null in check mode for one that would be.
      type: str
      sample: "2026-03-01T12:00:00Z"
    storage_usage_bytes:
      description: What is stored, in bytes, as DigitalOcean last counted it; the count lags.
      type: int
      sample: 29393920
    storage_usage_bytes_updated_at:
      description: When that was counted, RFC 3339.
      type: str
      sample: "2026-03-02T08:00:00Z"
subscription:
  description: The team's subscription; null when there is none, and after a deletion.
  returned: success
  type: dict
  contains:
    tier:
      description: The tier with its prices (US cents) and what it includes (bytes).
      type: dict
      sample: {slug: basic, monthly_price_in_cents: 500}
    created_at:
      description: Since when, RFC 3339.
      type: str
      sample: "2026-03-01T12:00:00Z"
    updated_at:
      description: When it was last changed, RFC 3339.
      type: str
      sample: "2026-03-01T12:00:00Z"
actions:
  description: What was done, or would be in check mode, in this order.
  returned: always
  type: list
  elements: dict
  sample:
    - {action: create_registry, target: acme-payments, message: create the registry acme-payments in fra1}
notes:
  description: What else there is to know, such as a lower tier that was left.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.run import run_task
from ..module_utils._module.tasks.registry import REGISTRY_SPEC, build_registry_task


def main() -> None:
    """Run the module."""
    run_task(REGISTRY_SPEC, build_registry_task)


if __name__ == "__main__":
    main()
