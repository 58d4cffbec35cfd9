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
  - Gives Kubernetes clusters access to container registries, or ends the access. O(method) selects who writes the
    pull secrets.
  - With O(method=operator) and O(method=direct) the module mints the credentials, renews them before they expire, and
    revokes the credentials that were replaced.
  - Adds missing access with O(state=present) and removes access with O(state=absent). Clusters and registries that are
    not listed stay unchanged. Entries of other tools in service accounts stay unchanged and keep their order.
  - Moves a cluster that has access by another method to O(method). The module completes the new method before it
    removes the secrets of the former method, so pods can pull at every moment of the move.
  - Processes clusters in parallel. A cluster that fails does not stop the other clusters. The task fails after the last
    cluster has ended and names the clusters that failed.
author:
  - Planton (@plantonhq)
options:
  state:
    description:
      - With V(present) each listed cluster may pull from each registry that is listed with the cluster.
      - With V(absent) the access that O(method) gives ends. The module revokes a credential when the last secret with
        the credential is deleted.
      - A cluster that does not exist is an error with V(absent) too, since the name may be misspelt. A registry may be
        missing, so that the secrets of a deleted registry can be removed.
    type: str
    choices: [present, absent]
    default: present
  clusters:
    description:
      - DigitalOcean Kubernetes (DOKS) clusters, by name or ID. A value in the form of a UUID with hyphens is an ID.
        Names are case-sensitive.
      - A name that several clusters have is an error. The error lists the IDs of these clusters.
      - Where the module reads or writes objects in a cluster, DigitalOcean mints cluster credentials. The credentials
        expire after 15 minutes plus four times O(wait_timeout).
    type: list
    elements: str
  kubeconfig:
    description:
      - A kubeconfig file, for clusters of any kind, and for DOKS clusters that the module must enter with fewer rights.
        Mutually exclusive with O(clusters).
      - Not allowed with O(method=one_click), which works with DOKS clusters only.
      - The file is read as kubectl reads the file. The user of a context signs in with a token, a token file, a client
        certificate, an exec plug-in or a user name with a password, and may impersonate another user. An exec plug-in
        ends after 60 seconds and cannot ask questions. The server must be an https address.
    type: path
  contexts:
    description: Contexts of O(kubeconfig). Each context is a cluster. The default is the current context.
    type: list
    elements: str
  registries:
    description: Names of registries. Each registry applies to each of the clusters.
    type: list
    elements: str
  method:
    description:
      - V(one_click) is DigitalOcean's own integration. DigitalOcean writes a secret with the registry's name into each
        namespace and adds the secret to the default service account. A task that changes the integration ends when the
        secrets exist, see O(wait_for_secrets).
      - V(operator) writes one secret, C(docr-operator-REGISTRY) in C(kube-system). DigitalOcean's operator copies the
        secret into all namespaces, including new namespaces, and adds the copies to the default service accounts. For
        DOKS clusters only.
      - V(direct) writes a secret C(docr-direct-REGISTRY) into each selected namespace and adds the secret to the
        selected service accounts, on any Kubernetes. The next run adds the secret to namespaces and service accounts
        that were created since the last run.
      - The default is C(one_click).
    type: str
    choices: [one_click, operator, direct]
  namespaces:
    description:
      - Namespaces by name or glob, for O(method=direct). The default is all namespaces. Terminating namespaces are
        skipped.
      - Secrets that an earlier run wrote to other namespaces stay and are renewed too. To remove these secrets, use
        O(state=absent) with these namespaces.
    type: list
    elements: str
  exclude_namespaces:
    description: Namespaces to leave out, by name or glob, for O(method=direct).
    type: list
    elements: str
  namespace_selector:
    description:
      - A label selector, such as V(team=shop,tier!=test), for O(method=direct). A namespace must match both the
        selector and O(namespaces).
    type: str
  service_accounts:
    description:
      - Service accounts by name or glob, for O(method=direct). The default is C(default).
      - In C(kube-system) a glob selects only the service account C(default), unless O(namespaces) names C(kube-system)
        without a glob. Kubernetes' own components do not get the secret.
      - With O(state=absent), only these service accounts lose the secret. The default is then all service accounts. A
        namespace keeps the secret while other service accounts use the secret, and the module adds a warning.
    type: list
    elements: str
  rotate_every:
    description:
      - How often credentials are renewed, such as V(30d), V(12h) or V(1d12h). A credential expires after three times
        this duration, so pods can still pull after two missed renewals.
      - Only a run renews credentials. Schedule runs more often than O(rotate_every).
      - O(method=operator) and O(method=direct) with O(state=present) require O(rotate_every) or O(never_expires).
    type: str
  never_expires:
    description:
      - Use credentials that never expire and are never renewed. The credentials stay valid after the cluster is
        deleted.
    type: bool
  revoke_after:
    description:
      - How long a replaced credential stays valid, since kubelets and copies that a user made by hand may still use the
        credential. The first run after this duration revokes the credential. V(0m) revokes the credential at once.
    type: str
    default: 1h
  force_rotation:
    description:
      - Replace the credentials now, for example after a leak, and revoke all former credentials at once, regardless of
        O(revoke_after). Each run with O(force_rotation=true) replaces the credentials again.
      - Not allowed with O(method=one_click), since DigitalOcean owns the credential of this method.
    type: bool
    default: false
  wait_for_all_namespaces:
    description:
      - With O(force_rotation=true), keep the former credentials valid where a namespace refuses the new credential, for
        example because of an admission policy or a quota. Without the option, the former credentials are revoked when
        all other namespaces have the new credential, and pods in the namespaces that refuse cannot pull.
      - Where no namespace has the new credential, nothing is revoked.
    type: bool
    default: false
  exclusive_service_accounts:
    description:
      - Remove the secret from other service accounts of the selected namespaces than O(service_accounts), for
        O(method=direct) with O(state=present). Without the option, service accounts that an earlier run gave the secret
        keep the secret.
    type: bool
    default: false
  verify_credentials:
    description:
      - How a new credential is verified before it replaces a credential in use, and how the credential in use is
        checked. A credential that is not verified is written to no secret.
      - V(image_host) logs in to the image host for a pull from the registry. V(api) calls DigitalOcean's API with the
        token of the credential. Use V(api) where this host never reaches the image host, for example because only the
        clusters may.
      - Where the image host does not answer, the credential in use stays. From one O(rotate_every) before the expiry of
        this credential, the task fails.
    type: str
    choices: [image_host, api]
    default: image_host
  recreate_failed_pods:
    description:
      - Delete pods that cannot pull from these registries because the pods were created before their service account
        had the secret. Only pods of a ReplicaSet, a ReplicationController, a DaemonSet or a StatefulSet are deleted,
        since these controllers create the pods again. A pod of a Job stays, since the Job would count a failure.
      - Kubernetes copies the service account's list of pull secrets into a pod only when the pod is created.
    type: bool
    default: false
  wait_for_secrets:
    description:
      - With O(method=one_click), when to read clusters until DigitalOcean's secrets exist and the service accounts name
        the secrets. Each read requires the scope C(kubernetes:access_cluster) and mints a token for the cluster.
      - V(changed) reads the clusters whose integration the task changes. A cluster that cannot be read, such as a
        private cluster, is a warning, because this module writes nothing there.
      - V(always) reads all clusters. A cluster that cannot be read fails the task. Use V(always) after the
        interruption of a task that moved a cluster from another method, to remove the secrets of the former method.
      - V(never) calls the API only, and does not remove the secrets of another method.
      - O(recreate_failed_pods) reads all clusters with V(changed) too.
    type: str
    choices: [changed, always, never]
    default: changed
  integrations:
    description:
      - Several sets of clusters and registries in one task. Mutually exclusive with O(clusters), O(contexts) and
        O(registries).
      - Several entries for the same cluster are merged. The same registry twice in one cluster with different methods
        is an error.
      - An option that an entry leaves out has the value of the task's option.
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
        description: The source of this entry, such as a file and a document. Messages name the source.
        type: str
  expect_registries:
    description:
      - Registries that may be missing because an earlier task of the same play creates them.
      - Only check mode treats these registries as existing. Outside check mode a missing registry is an error before
        the first write.
    type: list
    elements: str
    default: []
  wait_timeout:
    description:
      - The maximum number of seconds to wait until the clusters show the changes, and until DigitalOcean's secrets and
        copies exist. With V(0) the module reads once.
    type: int
    default: 60
  wait_sleep:
    description: The number of seconds between two reads.
    type: int
    default: 5
requirements:
  - kubernetes >= 30.1.0, < 38 (Python), where a cluster is entered
notes:
  - >-
    Token scopes: C(kubernetes:read) with O(clusters); C(registry:read) with a O(kubeconfig), and with O(state=present);
    C(kubernetes:access_cluster) where a cluster of O(clusters) is entered; C(registry:read) and C(registry:update) to
    mint credentials; C(kubernetes:create) and C(kubernetes:update) to add an integration; C(kubernetes:update) to
    remove an integration.
  - >-
    The examples show the smallest Kubernetes roles that the module requires in a cluster. The credentials that
    DigitalOcean mints for a DOKS cluster have all rights. To use fewer rights, set O(kubeconfig).
  - Credentials are read-only. The module mints one credential for each registry and cluster. A journal, the secret
    C(docr-journal-REGISTRY) in C(kube-system), holds each credential from minting to revocation, so the next run
    continues after a run that was killed. Tokens are stored only in secrets.
  - A token that is minted at the moment in which a run is killed may be missing from the journal. With O(rotate_every)
    this token expires. The guide docs/access.md describes how to find the token in the control panel.
  - A secret that this collection did not create is never overwritten. Another tool's secret with a name of this
    collection is an error.
  - Check mode mints nothing and therefore does not enter clusters of O(clusters). For O(method=operator) and
    O(method=direct) check mode then reports an undetermined change with a warning. Clusters of a O(kubeconfig) are read
    in check mode.
  - A run without changes makes one call for each 200 clusters of the team, one call for the registries, and one call
    for the credentials of each cluster that is entered. In the cluster, the run makes six list requests in pages of
    1000 objects and reads the journal. Each further registry adds four list requests and a journal.
  - At most eight clusters are processed in parallel, each with four connections. After a response with status 429 the
    module waits as long as C(Retry-After) says, at most O(rate_limit_wait) seconds for each request.
  - Where DigitalOcean does not list the registries of an integrated cluster, the module also reads the team's
    registries. If the team has several registries, the module cannot compare such a cluster. The module then writes the
    desired registries on every run, and RV(notes) says so.
  - A write to a cluster with the status C(provisioning), C(error), C(deleting) or C(deleted) is refused. With any other
    status than C(running) the module tries the write and adds a warning. The removal of the one-click integration skips
    clusters that are being deleted.
  - Where DigitalOcean does not answer the call that names registries, the module uses the older call, but only if the
    desired registry is the team's only registry.
seealso:
  - module: planton.digitalocean.docr_doks_integration_info
  - module: planton.digitalocean.docr_credentials
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes
"""

EXAMPLES = r"""
- name: Let two clusters pull from one registry with DigitalOcean's one-click integration
  planton.digitalocean.docr_doks_integration:
    clusters:
      - shop-prod
      - 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    registries:
      - acme-shop-eu

- name: Serve only one team's namespaces and build account, with credentials that are renewed
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod]
    registries: [acme-shop-eu]
    method: direct
    namespaces: ["shop-*"]
    exclude_namespaces: ["*-test"]
    service_accounts: [default, builder]
    rotate_every: 30d

- name: Let DigitalOcean's operator copy the secret, so that new namespaces have the secret at once
  planton.digitalocean.docr_doks_integration:
    clusters: [payments]
    registries: [acme-payments]
    method: operator
    rotate_every: 30d

- name: Serve clusters outside DigitalOcean
  planton.digitalocean.docr_doks_integration:
    kubeconfig: ~/.kube/edge
    contexts: [edge-hamburg, edge-bremen]
    registries: [acme-shop-eu]
    method: direct
    rotate_every: 7d
    recreate_failed_pods: true

- name: Serve several sets of clusters and registries in one task
  planton.digitalocean.docr_doks_integration:
    integrations:
      - clusters: [shop-prod, shop-staging]
        registries: [acme-shop-eu, acme-base]
      - clusters: [payments]
        registries: [acme-payments]
        method: direct
        never_expires: true

- name: Replace credentials after a leak, and revoke the former credentials at once
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod, payments]
    registries: [acme-shop-eu]
    method: direct
    rotate_every: 30d
    force_rotation: true

- name: Check whether an integration has been removed
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-prod]
    registries: [acme-shop-eu]
  check_mode: true
  diff: true

- name: End a cluster's access to one registry and keep the access to other registries
  planton.digitalocean.docr_doks_integration:
    clusters: [shop-staging]
    registries: [acme-base]
    state: absent

# This example requires the collection kubernetes.core.
- name: Create the roles for the method direct, to bind to the user or service account of a kubeconfig
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

- name: Create the roles for the method operator
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

- name: Create the additional role for recreate_failed_pods
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
  description: The desired clusters after the task, in the order of the options.
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description: The cluster. For a context of a kubeconfig, RV(integrations[].cluster.id) and
        RV(integrations[].cluster.region) are null.
      type: dict
      contains:
        id:
          description: The cluster's ID.
          type: str
          sample: 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
        name:
          description: The cluster's name.
          type: str
          sample: shop-prod
        region:
          description: The cluster's region.
          type: str
          sample: fra1
    registries:
      description:
        - All registries that DigitalOcean's one-click integration lists for the cluster, including registries that the
          task does not name.
        - Null when DigitalOcean does not list the registries of an integrated cluster, and for a context of a
          kubeconfig.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
    added:
      description: The registries that this task added, or would add in check mode.
      type: list
      elements: str
      sample: [acme-shop-eu]
    removed:
      description: The registries that this task removed, or would remove in check mode.
      type: list
      elements: str
      sample: []
    pull_access:
      description:
        - The access inside the cluster, with one entry for each desired registry.
        - Null for a cluster that the module did not enter, and in RV(ignore:last) of a failed task for a cluster that
          failed.
      type: list
      elements: dict
      contains:
        registry:
          description: The registry.
          type: str
          sample: acme-shop-eu
        method:
          description: The desired method.
          type: str
          sample: direct
        secret:
          description: The name of the secrets.
          type: str
          sample: docr-direct-acme-shop-eu
        namespaces:
          description: How many namespaces have the secret.
          type: int
          sample: 14
        service_accounts:
          description: How many of the service accounts that were read name the secret.
          type: int
          sample: 14
        written:
          description: Namespaces to which a secret was written.
          type: list
          elements: str
          sample: [shop-web]
        deleted:
          description: Namespaces from which a secret for the registry was deleted, because access ended or the method
            changed.
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
            - The credential in the secrets, without the token. Null for DigitalOcean's own credential, after access
              ended, and in check mode if a new credential would be minted.
          type: dict
          contains:
            fingerprint:
              description: Identifies the credential. Each secret has the fingerprint as an annotation.
              type: str
              sample: 9f2c1e7d40b35a68
            minted_at:
              description: When the credential was minted, by DigitalOcean's clock.
              type: str
              sample: "2026-11-02T04:10:31Z"
            expires_at:
              description: When the credential expires; null if the credential never expires.
              type: str
              sample: "2027-01-31T04:10:31Z"
            renew_at:
              description: The time after which a run renews the credential; null if the credential is never renewed.
              type: str
              sample: "2026-12-02T04:10:31Z"
        revoked:
          description: Fingerprints of credentials that were revoked.
          type: list
          elements: str
          sample: [40b35a689f2c1e7d]
        recreated_pods:
          description: Pods that were deleted so that their controllers create them again.
          type: list
          elements: str
          sample: [shop-web/web-7d4b9c-x2x8p]
        refused:
          description: Namespaces that refused a write. The access there is not complete, and the task fails.
          type: list
          elements: str
          sample: []
        without_credential:
          description: Namespaces of RV(integrations[].pull_access[].refused) without a secret that holds a valid
            credential. Pods there cannot pull.
          type: list
          elements: str
          sample: []
        duplicates:
          description: Secrets that other tools created for the same registry. These secrets stay unchanged.
          type: list
          elements: dict
          contains:
            secret:
              description: The name of the secrets.
              type: str
              sample: registry-acme-shop-eu
            namespaces:
              description: The namespaces with these secrets.
              type: list
              elements: str
              sample: [kube-system]
actions:
  description: The actions of this task in order, or the actions that a real run would take in check mode. One entry
    covers all clusters or objects that require the same action.
  returned: always
  type: list
  elements: dict
  contains:
    action:
      description:
        - C(add_registries) or C(remove_registries) for DigitalOcean's own integration.
        - C(mint_credentials), C(record_credential), C(write_pull_secrets), C(activate_credential),
          C(patch_service_accounts), C(delete_pull_secrets), C(delete_operator_secret), C(revoke_credentials),
          C(delete_journal) and C(recreate_pods) inside clusters.
        - C(read_cluster) in check mode, for a cluster that check mode cannot enter.
      type: str
      sample: write_pull_secrets
    target:
      description: The names of the clusters.
      type: str
      sample: shop-prod, shop-staging
    message:
      description: The action as a sentence.
      type: str
      sample: add the registry acme-shop-eu to the clusters shop-prod, shop-staging
notes:
  description: Further information, such as secrets that other tools created for the same registry.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.access import ACCESS


def main() -> None:
    """Run the module."""
    run_module(ACCESS)


if __name__ == "__main__":
    main()
