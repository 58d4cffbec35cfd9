#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_doks_integration
short_description: Let Kubernetes clusters pull from container registries of DigitalOcean
version_added: 1.0.0
description:
  - Gives Kubernetes clusters access to container registries, or ends the access, by one of three methods (O(method)).
    With two of the methods the module keeps the credentials itself, renews them in time, and revokes the replaced ones.
  - Adds what is missing and removes what is to be absent. Clusters and registries that are not listed stay as they are,
    and so do other people's entries in service accounts, in their order.
  - A cluster that had access by another method is moved to the method that is asked for. What the former method left is
    removed when the new method is complete, so that there is never a moment without a working secret.
  - Many clusters are served side by side. One that fails does not stop the others; the task fails at its end and names
    it.
author:
  - Planton (@plantonhq)
options:
  state:
    description:
      - With V(present) each listed cluster may pull from each registry that is listed with it.
      - With V(absent) the access that O(method) gives ends; its credentials are revoked with the last secret that holds
        them. A cluster that does not exist is an error all the same, since its name may be misspelt. A registry need
        not exist, so that what a deleted one left behind can be removed.
    type: str
    choices: [present, absent]
    default: present
  clusters:
    description:
      - Clusters of DigitalOcean (DOKS) by name or id. What looks like a UUID with hyphens is an id; names compare
        exactly.
      - A name that several clusters have is an error that lists their ids.
      - Where the inside of a cluster matters the module enters it with credentials that DigitalOcean mints for it, good
        for a quarter of an hour and four times O(wait_timeout).
    type: list
    elements: str
  kubeconfig:
    description:
      - A kubeconfig file, for clusters of any kind, and for DOKS clusters that are to be entered with fewer rights.
        Instead of O(clusters).
      - Not with O(method=one_click), which DigitalOcean does for its own clusters only.
    type: path
  contexts:
    description: Contexts of O(kubeconfig), each a cluster. Without them it is the current one.
    type: list
    elements: str
  registries:
    description: Names of registries, each for each of the clusters.
    type: list
    elements: str
  method:
    description:
      - V(one_click) is DigitalOcean's own integration, which puts a secret with the registry's name into each namespace
        and into its default service account. It is done when the secrets are there (O(wait_for_secrets)).
      - V(operator) writes one secret, C(docr-operator-REGISTRY) in C(kube-system), annotated for DigitalOcean's
        operator, which copies it into all namespaces and adds it to their default service accounts, also to those that
        come later. For DOKS clusters only.
      - V(direct) writes a secret C(docr-direct-REGISTRY) into each namespace and adds it to service accounts there, on
        any Kubernetes. What appears between two runs is caught by the next one.
      - Without it C(one_click) counts.
    type: str
    choices: [one_click, operator, direct]
  namespaces:
    description:
      - Namespaces by name or glob, all by default; for O(method=direct). Those that are terminating are skipped.
      - What an earlier run wrote elsewhere stays and is renewed with the rest. To end it there, use O(state=absent)
        with these namespaces.
    type: list
    elements: str
  exclude_namespaces:
    description: Namespaces by name or glob that are left out; for O(method=direct).
    type: list
    elements: str
  namespace_selector:
    description: A label selector that namespaces must match too, such as V(team=shop,tier!=test); for O(method=direct).
    type: str
  service_accounts:
    description: Service accounts by name or glob, C(default) by default; for O(method=direct).
    type: list
    elements: str
  rotate_every:
    description:
      - How often credentials are renewed, such as V(30d), V(12h) or V(1d12h). They expire after three times that, so
        two renewals in a row may be missed. Some run has to come by in time; without any, pods cannot pull in the end.
      - With O(method=operator) and O(method=direct) either this or O(never_expires) is needed to be present.
    type: str
  never_expires:
    description: Credentials that never expire and are not renewed. They outlive a cluster that is deleted.
    type: bool
  revoke_after:
    description:
      - How long a credential that was replaced stays good, since kubelets and copies that a user made by hand may
        still use it. The first run after that revokes it. V(0m) revokes it at once.
    type: str
    default: 1h
  force_rotation:
    description:
      - Replaces credentials now, after a leak for instance, and revokes all others at once, whatever O(revoke_after)
        says. Every run with it does so again. Refused with O(method=one_click), whose token is DigitalOcean's.
    type: bool
    default: false
  recreate_failed_pods:
    description:
      - Deletes pods that fail to pull from these registries because they were made before their service account had the
        secret, where a controller makes them again. Pods copy the list of secrets when they are made, and only then.
    type: bool
    default: false
  wait_for_secrets:
    description:
      - With O(method=one_click), whether to look into the clusters until DigitalOcean's secrets are there and service
        accounts name them. It needs the scope C(kubernetes:access_cluster), and mints a token for each cluster.
      - Without it only the API is asked, and what another method left in the clusters is not removed.
    type: bool
    default: true
  integrations:
    description:
      - Several sets of clusters and registries in one task. Exclusive with O(clusters), O(contexts) and O(registries).
      - What several entries ask of the same cluster is merged. The same registry twice in one cluster, by different
        methods, is an error.
      - What an entry leaves out comes from the options above.
    type: list
    elements: dict
    suboptions:
      clusters:
        description: As O(clusters).
        type: list
        elements: str
      kubeconfig:
        description: As O(kubeconfig).
        type: path
      contexts:
        description: As O(contexts).
        type: list
        elements: str
      registries:
        description: As O(registries).
        type: list
        elements: str
        required: true
      method:
        description: As O(method).
        type: str
        choices: [one_click, operator, direct]
      namespaces:
        description: As O(namespaces).
        type: list
        elements: str
      exclude_namespaces:
        description: As O(exclude_namespaces).
        type: list
        elements: str
      namespace_selector:
        description: As O(namespace_selector).
        type: str
      service_accounts:
        description: As O(service_accounts).
        type: list
        elements: str
      rotate_every:
        description: As O(rotate_every).
        type: str
      never_expires:
        description: As O(never_expires).
        type: bool
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
    description:
      - The most seconds to wait until clusters show what was written, and until DigitalOcean's secrets and copies are
        where they should be. V(0) looks once.
    type: int
    default: 60
  wait_sleep:
    description: Seconds between two looks.
    type: int
    default: 5
requirements:
  - kubernetes >= 37.0.2 (Python), where a cluster is entered
notes:
  - >-
    Token scopes: C(kubernetes:read) with O(clusters); C(registry:read) with a O(kubeconfig), and where something is to
    be present;
    C(kubernetes:access_cluster) where a cluster of O(clusters) is entered; C(registry:read) and C(registry:update) to
    mint credentials; C(kubernetes:create) and C(kubernetes:update) to add an integration; C(kubernetes:update) to
    remove one.
  - >-
    What it may have to do in a cluster, as roles of Kubernetes, stands among the examples, as small as it can be.
    The credentials that DigitalOcean mints for a DOKS cluster may do everything; for less give a O(kubeconfig).
  - Credentials are read-only, and minted once for each registry and cluster. A journal, the secret
    C(docr-journal-REGISTRY) in C(kube-system), holds each from its minting to its revocation, so a run that was killed
    is taken up by the next one. Tokens stand in secrets and nowhere else.
  - A token that was minted in the very instant in which a run was killed stands in no journal. With O(rotate_every) it
    expires by itself; docs/access.md says how to find it in the control panel.
  - A secret that this collection did not make is never overwritten. Such a secret with a name of ours is an error.
  - Check mode mints nothing, so it does not enter clusters of O(clusters). It then reports a change that it cannot
    describe for O(method=operator) and O(method=direct), with a warning. Clusters of a O(kubeconfig) are looked into.
  - A run with nothing to do costs one call for each 200 clusters of the team, one for the registries, and for each
    cluster that is entered one for its credentials; in the cluster six lists, of a thousand objects a page, and the
    journal, for each further registry four lists and a journal more. At most eight clusters are served at once, each by
    four connections. Where an API server answers 429, its C(Retry-After) is kept.
  - Where a cluster is integrated but does not say with what, the registries are read too. With several registries in
    the team such a cluster cannot be compared; what is asked for is then written each time, and RV(notes) says so.
  - Clusters in the state C(provisioning), C(error), C(deleting) or C(deleted) are refused when something would have to
    be written. In other states than C(running) the write is tried, with a warning. Removal of the one-click integration
    leaves clusters alone that are being deleted.
  - Where DigitalOcean does not answer the call that names registries, the older call is used, but only if the team has
    no registry but the desired registry.
seealso:
  - module: planton.digitalocean.docr_doks_integration_info
  - module: planton.digitalocean.docr_credentials
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Two clusters may pull from one registry, as DigitalOcean does it
  planton.digitalocean.docr_doks_integration:
    clusters:
      - shop-prod
      - 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    registries:
      - acme-shop-eu

- name: Only namespaces of one team, and its build account, with credentials that are renewed
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod]
    registries: [acme-shop-eu]
    method: direct
    namespaces: ["shop-*"]
    exclude_namespaces: ["*-test"]
    service_accounts: [default, builder]
    rotate_every: 30d

- name: Leave the copying to DigitalOcean's operator, which serves new namespaces at once
  planton.digitalocean.docr_doks_integration:
    clusters: [payments]
    registries: [acme-payments]
    method: operator
    rotate_every: 30d

- name: A cluster that is not DigitalOcean's
  planton.digitalocean.docr_doks_integration:
    kubeconfig: ~/.kube/edge
    contexts: [edge-hamburg, edge-bremen]
    registries: [acme-shop-eu]
    method: direct
    rotate_every: 7d
    recreate_failed_pods: true

- name: Several sets in one task
  planton.digitalocean.docr_doks_integration:
    integrations:
      - clusters: [shop-prod, shop-staging]
        registries: [acme-shop-eu, acme-base]
      - clusters: [payments]
        registries: [acme-payments]
        method: direct
        never_expires: true

- name: Replace credentials after a leak, and revoke the old ones at once
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod, payments]
    registries: [acme-shop-eu]
    method: direct
    rotate_every: 30d
    force_rotation: true

- name: See whether an integration has been removed
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

- name: What it may have to do in a cluster with the method direct, to be bound to the user or service account of a
    kubeconfig
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: docr-direct-acme-shop-eu
        rules:
          - apiGroups: [""]
            resources: [namespaces]
            verbs: [list]
          - apiGroups: [""]
            resources: [serviceaccounts]
            verbs: [list, get, patch]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-direct-acme-shop-eu, docr-operator-acme-shop-eu, acme-shop-eu, registry-acme-shop-eu]
            verbs: [list]
          - apiGroups: [""]
            resources: [secrets]
            verbs: [create]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-direct-acme-shop-eu]
            verbs: [get, update, delete]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-operator-acme-shop-eu]
            verbs: [get, delete]
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: docr-direct-acme-shop-eu
          namespace: kube-system
        rules:
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-journal-acme-shop-eu]
            verbs: [get, update, delete]

- name: The same with the method operator
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: docr-operator-acme-shop-eu
        rules:
          - apiGroups: [""]
            resources: [namespaces]
            verbs: [list]
          - apiGroups: [""]
            resources: [serviceaccounts]
            verbs: [list, get, patch]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-direct-acme-shop-eu, docr-operator-acme-shop-eu, acme-shop-eu, registry-acme-shop-eu]
            verbs: [list]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-direct-acme-shop-eu, docr-operator-acme-shop-eu]
            verbs: [get, delete]
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata:
          name: docr-operator-acme-shop-eu
          namespace: kube-system
        rules:
          - apiGroups: [""]
            resources: [secrets]
            verbs: [create]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-operator-acme-shop-eu]
            verbs: [update]
          - apiGroups: [""]
            resources: [secrets]
            resourceNames: [docr-journal-acme-shop-eu]
            verbs: [get, update, delete]

- name: And with recreate_failed_pods
  kubernetes.core.k8s:
    definition:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata:
          name: docr-failed-pods
        rules:
          - apiGroups: [""]
            resources: [pods]
            verbs: [list, delete]
"""

RETURN = r"""
integrations:
  description: The clusters that were asked for, in that order, as they are afterwards.
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description: The cluster. Of a context of a kubeconfig only the name is known, and its id and region are null.
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
        - All registries that DigitalOcean's one-click integration shows for it, those not asked for included.
        - Null when it is integrated but DigitalOcean does not say with which, and for a context of a kubeconfig.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
    added:
      description: Those that this task added, or would in check mode. In a later run, the drift that was fixed.
      type: list
      elements: str
      sample: [acme-shop-eu]
    removed:
      description: Those that this task removed, or would in check mode.
      type: list
      elements: str
      sample: []
    pull_access:
      description:
        - What is inside of the cluster, one entry for each registry that was asked for.
        - Null where it was not looked into, and in RV(ignore:last) of a failed task where something went wrong.
      type: list
      elements: dict
      contains:
        registry:
          description: The registry.
          type: str
          sample: acme-shop-eu
        method:
          description: The method that was asked for.
          type: str
          sample: direct
        secret:
          description: The name of the secrets.
          type: str
          sample: docr-direct-acme-shop-eu
        namespaces:
          description: How many namespaces have it.
          type: int
          sample: 14
        service_accounts:
          description: How many service accounts name it, of those that were read.
          type: int
          sample: 14
        written:
          description: Namespaces that a secret was written to.
          type: list
          elements: str
          sample: [shop-web]
        deleted:
          description: Namespaces that a secret for the registry was deleted from, when access ended or another method
            took its place.
          type: list
          elements: str
          sample: []
        patched:
          description: Service accounts whose entry was added or removed.
          type: list
          elements: str
          sample: [shop-web/default]
        credential:
          description:
            - The credential in the secrets, without its token. Null where it is DigitalOcean's own, when access ended,
              and in check mode where a new one would be minted.
          type: dict
          contains:
            fingerprint:
              description: Tells credentials apart; it stands on each secret too.
              type: str
              sample: 9f2c1e7d40b35a68
            minted_at:
              description: When it was minted, by DigitalOcean's clock.
              type: str
              sample: "2026-11-02T04:10:31Z"
            expires_at:
              description: When it expires; null for never.
              type: str
              sample: "2027-01-31T04:10:31Z"
            renew_at:
              description: From when on a run renews it; null for never.
              type: str
              sample: "2026-12-02T04:10:31Z"
        revoked:
          description: Fingerprints of credentials that were revoked.
          type: list
          elements: str
          sample: [40b35a689f2c1e7d]
        recreated_pods:
          description: Pods that were deleted for their controllers to make them again.
          type: list
          elements: str
          sample: [shop-web/web-7d4b9c-x2x8p]
        duplicates:
          description: Secrets that others made for the same registry, which stay as they are.
          type: list
          elements: dict
          contains:
            secret:
              description: Their name.
              type: str
              sample: registry-acme-shop-eu
            namespaces:
              description: Where they are.
              type: list
              elements: str
              sample: [kube-system]
actions:
  description: What was done, or would be in check mode, in this order; one for all clusters or objects that need the
    same.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description:
        - C(add_registries) or C(remove_registries) for DigitalOcean's own integration.
        - C(mint_credentials), C(record_credential), C(write_pull_secrets), C(activate_credential),
          C(patch_service_accounts), C(delete_pull_secrets), C(delete_operator_secret), C(revoke_credentials),
          C(delete_journal) and C(recreate_pods) inside of clusters.
        - C(look_into_cluster) in check mode, where that was not possible.
      type: str
      sample: write_pull_secrets
    target:
      description: The names of the clusters.
      type: str
      sample: shop-prod, shop-staging
    message:
      description: A sentence for people.
      type: str
      sample: add the registry acme-shop-eu to the clusters shop-prod, shop-staging
notes:
  description: What else there is to know, such as secrets that others made for the same registry.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.tasks.access import run_access_task


def main() -> None:
    """Run the module."""
    run_access_task()


if __name__ == "__main__":
    main()
