#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_registry_info
short_description: Read container registries, the subscription and what DigitalOcean offers
version_added: 1.0.0
description:
  - Reads the team's registries with their usage, the subscription tier with what it allows, and the tiers and regions
    that can be had, with prices and with reasons for those that cannot.
author:
  - Planton (@plantonhq)
options:
  names:
    description: Show these registries only. One that does not exist is left out.
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

- name: Which tiers could the team change to
  ansible.builtin.debug:
    msg: "{{ docr.tiers | selectattr('eligible') | map(attribute='slug') }}"

- name: One registry
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
      description: When it was created, RFC 3339.
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
  description: The team's subscription; null before its first registry.
  returned: success
  type: dict
  contains:
    tier:
      description: The tier, in the form of RV(tiers).
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
tiers:
  description: The tiers on offer.
  returned: success
  type: list
  elements: dict
  contains:
    slug:
      description: What options take.
      type: str
      sample: basic
    name:
      description: What the control panel calls it.
      type: str
      sample: Basic
    monthly_price_in_cents:
      description: The price a month in US cents.
      type: int
      sample: 500
    included_repositories:
      description: How many repositories it allows; null without a limit.
      type: int
      sample: 5
    included_storage_bytes:
      description: What it lets all registries of the team store together, in bytes.
      type: int
      sample: 5368709120
    included_bandwidth_bytes:
      description: Transfer a month, in bytes.
      type: int
      sample: 5368709120
    allow_storage_overage:
      description: Whether more may be stored, for a price.
      type: bool
      sample: true
    storage_overage_price_in_cents:
      description: That price for a GiB in US cents; null where the answer does not say.
      type: int
      sample: 2
    registry_limit:
      description: How many registries it allows, by the product page; null for an unknown tier.
      type: int
      sample: 1
    eligible:
      description: Whether the team can change to it now.
      type: bool
      sample: true
    eligibility_reasons:
      description: Why not, in DigitalOcean's words.
      type: list
      elements: str
      sample: [OverStorageLimit]
regions:
  description: The regions that a registry can be created in.
  returned: success
  type: list
  elements: str
  sample: [nyc3, fra1]
usage:
  description: What the team uses of what its tier allows.
  returned: success
  type: dict
  contains:
    registries:
      description: How many registries there are.
      type: int
      sample: 1
    registries_allowed:
      description: How many there may be; null without a subscription.
      type: int
      sample: 10
    storage_usage_bytes:
      description: What all registries store together, in bytes.
      type: int
      sample: 29393920
    included_storage_bytes:
      description: What the tier includes, in bytes; null without a subscription.
      type: int
      sample: 5368709120
    storage_overage_bytes:
      description: What is stored beyond that, in bytes.
      type: int
      sample: 0
"""

from ..module_utils._module.run import run_info
from ..module_utils._module.tasks.registry import REGISTRY_INFO_SPEC, fetch_registry_info


def main() -> None:
    """Run the module."""
    run_info(REGISTRY_INFO_SPEC, fetch_registry_info)


if __name__ == "__main__":
    main()
