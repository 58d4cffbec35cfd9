#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_registry_info
short_description: Read container registries, the subscription, and the tiers and regions on offer
version_added: 1.0.0
description:
  - Reads the team's registries with their usage, the subscription with its limits, and the regions on offer.
  - Reads the tiers on offer with their prices. For a tier that is not eligible the result gives the reasons.
author:
  - Planton (@plantonhq)
options:
  names:
    description: Return only these registries. A registry that does not exist is left out.
    type: list
    elements: str
notes:
  - "Token scopes: C(registry:read)."
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: Read everything
  planton.digitalocean.docr_registry_info:
  register: docr

- name: Show the tiers to which the team can change
  ansible.builtin.debug:
    msg: "{{ docr.tiers | selectattr('eligible') | map(attribute='slug') }}"

- name: Read one registry
  planton.digitalocean.docr_registry_info:
    names: [acme-payments]
"""

RETURN = r"""
registries:
  description: The registries.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The registry's name.
      type: str
      sample: acme-payments
    region:
      description: The registry's region.
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
      description: When the registry was created, RFC 3339.
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
  description: The team's subscription; null before the team's first registry.
  returned: success
  type: dict
  contains:
    tier:
      description: The tier, in the form of RV(tiers).
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
tiers:
  description: The tiers on offer.
  returned: success
  type: list
  elements: dict
  contains:
    slug:
      description: The value for options of modules.
      type: str
      sample: basic
    name:
      description: The tier's name in the control panel.
      type: str
      sample: Basic
    monthly_price_in_cents:
      description: The price a month in US cents.
      type: int
      sample: 500
    included_repositories:
      description: The maximum number of repositories; null without a limit.
      type: int
      sample: 5
    included_storage_bytes:
      description: The bytes that all registries of the team together may store.
      type: int
      sample: 5368709120
    included_bandwidth_bytes:
      description: The included transfer a month, in bytes.
      type: int
      sample: 5368709120
    allow_storage_overage:
      description: Whether the team may store more than RV(tiers[].included_storage_bytes), for a price.
      type: bool
      sample: true
    storage_overage_price_in_cents:
      description: The price of a GiB of additional storage in US cents; null if DigitalOcean does not report the price.
      type: int
      sample: 2
    registry_limit:
      description: The maximum number of registries, by the product page; null for an unknown tier.
      type: int
      sample: 1
    eligible:
      description: Whether the team can change to the tier now.
      type: bool
      sample: true
    eligibility_reasons:
      description: The reasons why the team cannot change to the tier, in DigitalOcean's words.
      type: list
      elements: str
      sample: [OverStorageLimit]
regions:
  description: The regions in which a registry can be created.
  returned: success
  type: list
  elements: str
  sample: [nyc3, fra1]
usage:
  description: The team's usage and the limits of the team's tier.
  returned: success
  type: dict
  contains:
    registries:
      description: The number of registries.
      type: int
      sample: 1
    registries_allowed:
      description: The maximum number of registries; null without a subscription.
      type: int
      sample: 10
    storage_usage_bytes:
      description: The bytes that all registries together store.
      type: int
      sample: 29393920
    included_storage_bytes:
      description: The storage that the tier includes, in bytes; null without a subscription.
      type: int
      sample: 5368709120
    storage_overage_bytes:
      description: The stored bytes beyond RV(usage.included_storage_bytes).
      type: int
      sample: 0
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.registry import REGISTRY_INFO


def main() -> None:
    """Run the module."""
    run_module(REGISTRY_INFO)


if __name__ == "__main__":
    main()
