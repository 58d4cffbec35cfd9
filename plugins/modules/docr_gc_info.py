#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_gc_info
short_description: List garbage collections of container registries of DigitalOcean
version_added: 1.0.0
description:
  - Lists the garbage collections of registries, including the running collection. While a collection is running, the
    registry rejects pushes.
author:
  - Planton (@plantonhq)
options:
  registries:
    description: Names of registries. An unknown name is an error.
    type: list
    elements: str
    required: true
    aliases: [registry, name]
notes:
  - "Token scope: C(registry:read)."
  - The module makes one call for each registry, and one more call if the list contains no running collection.
seealso:
  - module: planton.digitalocean.docr_gc
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: List the running and the earlier collections
  planton.digitalocean.docr_gc_info:
    registries: [acme-shop-eu, acme-base]
  register: gc_info

- name: Show the registries that reject pushes now
  ansible.builtin.debug:
    msg: "{{ gc_info.garbage_collections | selectattr('active') | map(attribute='registry') }}"
"""

RETURN = r"""
garbage_collections:
  description: The collections of each registry, in the order of O(registries).
  returned: success
  type: list
  elements: dict
  contains:
    registry:
      description: The registry's name.
      type: str
      sample: acme-shop-eu
    active:
      description: The running collection, with the keys of RV(garbage_collections[].history); null if no collection is
        running.
      type: dict
      sample: null
    history:
      description: All collections, newest first. DigitalOcean may leave out a running collection.
      type: list
      elements: dict
      contains:
        uuid:
          description: The collection's ID.
          type: str
          sample: eff0feee-49c7-4e8f-ba5c-a320c109c8a8
        type:
          description: The type, as in M(planton.digitalocean.docr_gc); null if DigitalOcean does not report
            the type.
          type: str
          sample: unreferenced_blobs
        status:
          description: The collection's status in DigitalOcean's words.
          type: str
          sample: succeeded
        created_at:
          description: When the collection started.
          type: str
          sample: "2026-03-01T03:10:00Z"
        updated_at:
          description: When the collection last changed. After the end of the collection, the time of the end.
          type: str
          sample: "2026-03-01T03:10:22Z"
        blobs_deleted:
          description: The number of deleted blobs; final when the collection has ended.
          type: int
          sample: 12
        freed_bytes:
          description: The number of freed bytes; final when the collection has ended.
          type: int
          sample: 73400320
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.gc import GC_INFO


def main() -> None:
    """Run the module."""
    run_module(GC_INFO)


if __name__ == "__main__":
    main()
