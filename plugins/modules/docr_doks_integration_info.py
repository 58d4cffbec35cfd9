#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_doks_integration_info
short_description: Say which Kubernetes clusters of DigitalOcean pull from which of its container registries
version_added: 1.0.0
description:
  - Lists Kubernetes clusters (DOKS) with the container registries that they are integrated with.
author:
  - Planton (@plantonhq)
options:
  clusters:
    description:
      - Clusters by name or id, as in M(planton.digitalocean.docr_doks_integration). All of the team if not given.
      - An unknown name, and one that several clusters have, are errors.
    type: list
    elements: str
notes:
  - "Token scope: C(kubernetes:read)."
  - Costs one call for each 200 clusters of the team.
seealso:
  - module: planton.digitalocean.docr_doks_integration
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: Who pulls from what
  planton.digitalocean.docr_doks_integration_info:
  register: access

- name: Clusters that pull from one registry
  ansible.builtin.debug:
    msg: "{{ known | selectattr('registries', 'contains', 'acme-base') | map(attribute='name') }}"
  vars:
    known: "{{ access.clusters | selectattr('registries') }}"

- name: One cluster
  planton.digitalocean.docr_doks_integration_info:
    clusters:
      - shop-prod
"""

RETURN = r"""
clusters:
  description: The clusters that were asked for, in that order, or all of the team.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: str
      sample: 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    name:
      description: Its name; several clusters may have the same.
      type: str
      sample: shop-prod
    region:
      description: Its region.
      type: str
      sample: fra1
    status:
      description: Its state in DigitalOcean's words, such as C(running), C(provisioning) or C(upgrading).
      type: str
      sample: running
    registry_enabled:
      description: Whether it is integrated with any registry.
      type: bool
      sample: true
    registries:
      description: The registries that it is integrated with; null when DigitalOcean does not say.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
"""

from ..module_utils._module.doks_integration import (
    INTEGRATION_INFO_SPEC,
    fetch_integration_info,
)
from ..module_utils._module.run import run_info


def main() -> None:
    """Run the module."""
    run_info(INTEGRATION_INFO_SPEC, fetch_integration_info)


if __name__ == "__main__":
    main()
