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
  - Ensures that each listed registry exists, or does not exist, by name.
  - Changes the subscription tier in place. The tier belongs to the whole team, not to a registry.
  - Never replaces a registry. A change of region is refused, since a registry cannot move and deleting the registry
    deletes its images.
  - Finds all errors before the first write and reports all errors at once.
author:
  - Planton (@plantonhq)
options:
  state:
    description:
      - With V(present) the registries are created or changed.
      - With V(absent) the registries are deleted. The deletion of a registry that holds images requires
        O(allow_delete_images). The deletion of a registry that a Kubernetes cluster lists requires
        O(allow_delete_integrated). Registries that are not listed are never changed.
      - With V(absent) the task fails where a list of DigitalOcean's API is incomplete. An integrated cluster that does
        not say with which of several registries requires O(allow_delete_integrated) too. After the deletion the task
        verifies that the registry is gone.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The registry's name, unique among all customers of DigitalOcean. Mutually exclusive with O(registries).
    type: str
  region:
    description:
      - The region of the registry. Without O(region) DigitalOcean selects a region.
      - The region of an existing registry must be the same. Case does not matter.
    type: str
  subscription_tier:
    description:
      - The tier that the registry requires, such as V(starter), V(basic) or V(professional). Case does not matter.
      - The module raises the team's tier to a higher tier. Lowering the team's tier requires O(allow_downgrade);
        without O(allow_downgrade) the module reports a lower tier and keeps the team's tier.
      - Required for the team's first registry.
    type: str
    aliases: [subscription_tier_slug]
  registries:
    description: Several registries in one task. Mutually exclusive with O(name).
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
        description: The source of this entry, such as a file and a document. Messages name the source.
        type: str
  tier_policy:
    description:
      - What to do when O(registries) name different tiers.
      - V(highest) selects the highest tier. V(strict) fails the task.
    type: str
    choices: [highest, strict]
    default: highest
  allow_downgrade:
    description: Lower the team's tier to a lower desired tier. The lower tier applies to all registries of the team.
    type: bool
    default: false
  allow_delete_images:
    description: Delete registries that still hold images. The deletion cannot be undone.
    type: bool
    default: false
  allow_delete_integrated:
    description: Delete registries that Kubernetes clusters still pull from. The module then does not read the clusters.
    type: bool
    default: false
notes:
  - >-
    Token scopes: C(registry:read); C(registry:create) to create; C(registry:update) to change the tier;
    C(registry:delete) to delete; C(kubernetes:read) to delete without O(allow_delete_integrated).
  - The request that creates a registry names the team's tier or a higher desired tier, so the request cannot lower the
    team's tier.
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Create a registry
  planton.digitalocean.docr_registry:
    name: acme-payments
    region: fra1
    subscription_tier: basic

- name: Create several registries in one task, with the highest tier that any of the registries requires
  planton.digitalocean.docr_registry:
    registries:
      - name: acme-shop-us
        region: nyc3
        subscription_tier: professional
      - name: acme-shop-eu
        region: ams3
        subscription_tier: professional

- name: Show what a lower tier would change, including prices
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
  description: The registry of O(name); null if the registry does not exist or O(name) is not set.
  returned: success
  type: dict
  sample: null
registries:
  description: The listed registries that exist.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The registry's name.
      type: str
      sample: acme-payments
    region:
      description: The registry's region; null in check mode where DigitalOcean will select the region.
      type: str
      sample: fra1
    endpoint:
      description: The prefix of image names.
      type: str
      sample: registry.digitalocean.com/acme-payments
    server_url:
      description: The host for C(docker login).
      type: str
      sample: registry.digitalocean.com
    created_at:
      description: When the registry was created, RFC 3339; null in check mode for a registry that would be created.
      type: str
      sample: "2026-03-01T12:00:00Z"
    storage_usage_bytes:
      description: The stored bytes at DigitalOcean's last count. The count lags behind.
      type: int
      sample: 29393920
    storage_usage_bytes_updated_at:
      description: When DigitalOcean counted the stored bytes, RFC 3339.
      type: str
      sample: "2026-03-02T08:00:00Z"
subscription:
  description: The team's subscription; null if the team has no subscription, and after a deletion.
  returned: success
  type: dict
  contains:
    tier:
      description: The tier with its prices (US cents) and included amounts (bytes).
      type: dict
      sample: {slug: basic, monthly_price_in_cents: 500}
    created_at:
      description: When the subscription was created, RFC 3339.
      type: str
      sample: "2026-03-01T12:00:00Z"
    updated_at:
      description: When the subscription was last changed, RFC 3339.
      type: str
      sample: "2026-03-01T12:00:00Z"
missing:
  description: With O(state=absent), the names that no registry had before the task.
  returned: success and O(state=absent)
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      sample: acme-paymnets
    close:
      description: The names of registries that are close to the name.
      type: list
      elements: str
      sample: [acme-payments]
    message:
      description: The name and the close names in a sentence.
      type: str
      sample: There is no registry acme-paymnets; did you mean acme-payments?
awaiting_collection:
  description:
    - With O(state=absent), the registries that list no repository although the last count of the storage is above zero.
    - The storage is that of deleted images that no garbage collection has removed, and is deleted with the registry.
      The list of repositories was read twice.
  returned: success and O(state=absent)
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      type: str
      sample: acme-payments
    storage_usage_bytes:
      description: The storage by the last count, in bytes.
      type: int
      sample: 4711
actions:
  description: The actions of this task in order, or the actions that a real run would take in check mode.
  returned: always
  type: list
  elements: dict
  sample:
    - {action: create_registry, target: acme-payments, message: create the registry acme-payments in fra1}
notes:
  description: Further information, such as a lower desired tier that was not set.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.registry import REGISTRY


def main() -> None:
    """Run the module."""
    run_module(REGISTRY)


if __name__ == "__main__":
    main()
