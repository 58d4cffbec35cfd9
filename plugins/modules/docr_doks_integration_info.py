#!/usr/bin/python
# Copyright (c) 2026, Planton
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docr_doks_integration_info
short_description: Show which Kubernetes clusters pull from which registries of DigitalOcean, and why pods cannot pull
version_added: 1.0.0
description:
  - Lists Kubernetes clusters (DOKS) with the container registries that they are integrated with.
  - With O(diagnose=true) reads objects in the clusters and reports why pods cannot pull. Each finding has its cause and
    the fix.
  - Finds service accounts without an entry for a registry. Finds pull secrets that are missing, expired, revoked, of
    another registry, malformed or edited by hand, that may push or never expire, or that several tools created for the
    same purpose. Finds pods that wait for an image, and pods that were created before their pull secret.
  - Changes nothing. To enter a DOKS cluster of O(clusters), the module mints a cluster token that expires after 15
    minutes.
author:
  - Planton (@plantonhq)
options:
  clusters:
    description:
      - Clusters by name or ID, as in M(planton.digitalocean.docr_doks_integration). The default is all clusters of the
        team.
      - An unknown name is an error. A name that several clusters have is an error too.
      - Mutually exclusive with O(kubeconfig).
    type: list
    elements: str
  diagnose:
    description:
      - Enter the clusters and diagnose why pods cannot pull.
      - Check mode does not enter clusters of O(clusters), since entering a cluster mints a token, and adds a warning.
        Check mode enters the clusters of O(kubeconfig).
    type: bool
    default: false
  kubeconfig:
    description:
      - A kubeconfig file on the host where the module runs. The module diagnoses the clusters of the file, of any kind,
        instead of clusters of O(clusters). Requires O(diagnose=true).
      - The file is read as kubectl reads the file. An exec plug-in ends after 60 seconds and cannot ask questions. The
        server must be an https address.
    type: path
  contexts:
    description: Contexts of O(kubeconfig). The default is the current context.
    type: list
    elements: str
  registries:
    description:
      - Registries from which pods must be able to pull. Each service account that O(namespaces) and
        O(service_accounts) select must then have an entry for each registry.
      - The default is the team's registries that the cluster uses. A cluster uses a registry if the cluster is
        integrated with the registry, has a secret for the registry, or has a pod with an image of the registry.
    type: list
    elements: str
  namespaces:
    description: Namespaces to check, by name or glob.
    type: list
    elements: str
    default: ["*"]
  exclude_namespaces:
    description: Namespaces to leave out, by name or glob.
    type: list
    elements: str
    default: []
  namespace_selector:
    description:
      - A label selector, such as C(team=shop,stage!=test). A namespace must match both the selector and O(namespaces).
    type: str
  service_accounts:
    description:
      - Service accounts that must have an entry, by name or glob. The module also checks the service accounts of pods.
    type: list
    elements: str
    default: [default]
requirements:
  - kubernetes >= 30.1.0, < 38 (Python), with O(diagnose=true)
notes:
  - "Token scopes: C(kubernetes:read). With O(diagnose) C(registry:read) too, and C(kubernetes:access_cluster) for
    O(clusters)."
  - The module makes one call for each 200 clusters of the team. With O(diagnose=true) the module makes one more call
    for the registries. For each cluster the module makes one call to enter the cluster, four list requests in pages,
    and some requests to the image host for each distinct token in secrets.
  - The module requires a wider role in a cluster than M(planton.digitalocean.docr_doks_integration). The module lists
    namespaces, service accounts, secrets and pods in the whole cluster. The module checks pull secrets of any name, and
    Kubernetes can grant access to these secrets only together with access to all secrets. The examples contain the
    smallest role for a O(kubeconfig).
  - The image host reports what each token may do. For a token that this collection did not mint, the module also checks
    whether the token may push. The check pushes nothing and opens no upload, but obtains a token with write permission.
    A garbage collection that starts within the next minutes waits until this token expires.
  - While a registry is read-only, no token may push to the registry. The module then cannot find tokens with write
    permission.
  - The expiry is known only for tokens that this collection minted. DigitalOcean does not report the expiry of other
    tokens.
  - No token is shown. Fingerprints identify tokens, as in the annotations of secrets.
  - Up to 8 clusters are diagnosed in parallel. A cluster that cannot be diagnosed does not stop the other clusters. The
    task then fails at its end and names the cluster. RV(ignore:last) contains all findings.
seealso:
  - module: planton.digitalocean.docr_doks_integration
  - name: Why does this pod not pull?
    description: Symptoms, causes and fixes.
    link: https://github.com/plantonhq/planton.digitalocean/blob/main/docs/doctor.md
extends_documentation_fragment:
  - planton.digitalocean._connection
  - planton.digitalocean._attributes.info
"""

EXAMPLES = r"""
- name: List the clusters with their registries
  planton.digitalocean.docr_doks_integration_info:
  register: access

- name: Show the clusters that pull from one registry
  ansible.builtin.debug:
    msg: "{{ known | selectattr('registries', 'contains', 'acme-base') | map(attribute='name') }}"
  vars:
    known: "{{ access.clusters | selectattr('registries') }}"

- name: Diagnose why pods of the shop cannot pull
  planton.digitalocean.docr_doks_integration_info:
    clusters:
      - shop-prod
    diagnose: true
    namespaces: ["shop-*"]
  register: doctor

- name: Show each cause and its fix
  ansible.builtin.debug:
    msg: "{{ wrong | map(attribute='message') | zip(wrong | map(attribute='advice')) | map('join', ' ') }}"
  vars:
    found: "{{ doctor.clusters[0].diagnosis }}"
    wrong: "{{ found.pods + found.findings | selectattr('severity', 'eq', 'error') }}"

- name: Check with a kubeconfig that each namespace can pull from one registry
  planton.digitalocean.docr_doks_integration_info:
    kubeconfig: ~/.kube/config
    contexts: [edge-1, edge-2]
    diagnose: true
    registries: [acme-shop-eu]
    exclude_namespaces: ["kube-*"]
    service_accounts: [default, builder]

# This example requires the collection kubernetes.core.
- name: Create the role for the module, to bind to the user or service account of a kubeconfig
  kubernetes.core.k8s:
    definition:
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata:
        name: docr-doctor
      rules:
        - apiGroups: [""]
          resources: [namespaces]
          verbs: [list]
        - apiGroups: [""]
          resources: [serviceaccounts]
          verbs: [list]
        - apiGroups: [""]
          resources: [secrets]
          verbs: [list]
        - apiGroups: [""]
          resources: [pods]
          verbs: [list]
"""

RETURN = r"""
clusters:
  description:
    - The clusters of O(clusters) or O(contexts) in the same order, or all clusters of the team.
    - For a context of a kubeconfig, only RV(clusters[].name), RV(clusters[].diagnosis) and RV(clusters[].error) are not
      null.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The cluster's ID.
      type: str
      sample: 3d2a7a0e-1c52-4c8e-9a3f-5b8d6f0c2e11
    name:
      description: The cluster's name. Several clusters may have the same name.
      type: str
      sample: shop-prod
    region:
      description: The cluster's region.
      type: str
      sample: fra1
    status:
      description: The cluster's status in DigitalOcean's words, such as C(running), C(provisioning) or C(upgrading).
      type: str
      sample: running
    registry_enabled:
      description: Whether the cluster is integrated with any registry.
      type: bool
      sample: true
    registries:
      description: The registries of the cluster's integration; null if DigitalOcean does not list the registries.
      type: list
      elements: str
      sample: [acme-base, acme-shop-eu]
    error:
      description: Why the cluster could not be diagnosed; null if the cluster was diagnosed, and without O(diagnose).
      type: str
      sample: null
    diagnosis:
      description: The findings in the cluster; null if the cluster was not diagnosed.
      type: dict
      contains:
        is_healthy:
          description: Whether no finding is an error and no pod waits for an image. Warnings do not count.
          type: bool
          sample: false
        summary:
          description: The diagnosis in a sentence.
          type: str
          sample: "shop-prod: in 1 of 12 namespaces new pods cannot pull from acme-shop-eu."
        registries:
          description: The registries that were checked.
          type: list
          elements: str
          sample: [acme-shop-eu]
        counts:
          description:
            - The number of checked objects (C(namespaces), C(service_accounts), C(secrets), C(pods)) and of problems
              (C(errors), C(warnings), C(failing_pods), C(stale_pods), C(pods_at_risk)). A finding counts once for each
              namespace.
          type: dict
          sample:
            namespaces: 12
            service_accounts: 12
            secrets: 11
            pods: 31
            errors: 1
            warnings: 0
            failing_pods: 1
            stale_pods: 0
            pods_at_risk: 0
        namespaces:
          description: The namespaces with errors or failing pods, with the number of errors and of failing pods.
          type: list
          elements: dict
          sample: [{"name": "shop-eu", "errors": 1, "failing_pods": 1}]
        findings:
          description: The problems of service accounts and secrets, errors first.
          type: list
          elements: dict
          contains:
            severity:
              description:
                - C(error) for a problem that prevents new pods from pulling. C(warning) for a risk, such as an early
                  expiry.
              type: str
              sample: error
            kind:
              description:
                - The kind of the problem. C(entry_missing), C(entry_names_nothing), C(malformed), C(edited),
                  C(copies_differ), C(expired), C(expires_soon), C(no_expiry), C(refused), C(other_registry),
                  C(other_host), C(no_password), C(unfit_key), C(can_push) or C(duplicate). The guide docs/doctor.md
                  explains each kind.
              type: str
              sample: entry_missing
            object:
              description: The kind and name of the object in each of the namespaces.
              type: str
              sample: ServiceAccount/default
            registry:
              description: The registry of the finding; null if the finding concerns no registry or all registries.
              type: str
              sample: acme-shop-eu
            namespaces:
              description: The namespaces with the problem.
              type: list
              elements: str
              sample: [shop-eu]
            count:
              description: The number of namespaces with the problem.
              type: int
              sample: 1
            message:
              description: The problem in a sentence.
              type: str
              sample: Its imagePullSecrets name no pull secret for the registry acme-shop-eu.
            advice:
              description: The fix in a sentence.
              type: str
              sample: Run docr_doks_integration with this registry, cluster, namespace and service account.
        credentials:
          description: The tokens in secrets for these registries, by fingerprint. The list has at most 100 entries.
          type: list
          elements: dict
          contains:
            fingerprint:
              description: The first 16 digits of the token's SHA-256, as in annotations of this collection's secrets.
              type: str
              sample: 5f1c7a0e9b2d4c66
            secrets:
              description: The names of the secrets with the token.
              type: list
              elements: str
              sample: [docr-direct-acme-shop-eu]
            methods:
              description:
                - The methods or tools that create secrets of these names. C(direct), C(operator), C(one_click),
                  C(doctl) or C(other).
              type: list
              elements: str
              sample: [direct]
            namespaces:
              description: The number of namespaces with the token.
              type: int
              sample: 11
            is_taken:
              description: Whether the image host accepts the token; null if unknown.
              type: bool
              sample: true
            pulls_from:
              description:
                - The registries from which the token may pull. For a token that this collection minted, the module
                  checks only the token's own registry.
              type: list
              elements: str
              sample: [acme-shop-eu]
            pushes_to:
              description:
                - The registries to which the token may push; null if unknown, and in check mode. The module does not
                  check tokens that this collection minted, since these tokens are read-only.
              type: list
              elements: str
              sample: []
            minted_at:
              description: When the token was minted; null if unknown.
              type: str
              sample: "2026-03-01T03:10:00Z"
            expires_at:
              description: When the token expires; null if the token never expires or the expiry is unknown.
              type: str
              sample: "2026-05-30T03:10:00Z"
            never_expires:
              description: Whether the token never expires; null if unknown.
              type: bool
              sample: false
        pods:
          description:
            - Pods that wait for an image, and pods that were created before their pull secret. Pods of one controller
              with the same cause are one entry. The list has at most 200 entries.
          type: list
          elements: dict
          contains:
            namespace:
              description: The namespace of the pods.
              type: str
              sample: shop-eu
            pods:
              description: The names of the pods, at most ten.
              type: list
              elements: str
              sample: [web-7d4b9-x2x8p]
            count:
              description: The number of pods.
              type: int
              sample: 1
            controller:
              description: The controller that creates the pods again after a deletion; null if there is no controller.
              type: str
              sample: ReplicaSet/web-7d4b9
            service_account:
              description: The service account of the pods.
              type: str
              sample: default
            image:
              description: The image.
              type: str
              sample: registry.digitalocean.com/acme-shop-eu/web:v7
            is_failing:
              description:
                - Whether the pods wait for the image now. With V(false) the pods run, and their next pull would fail.
              type: bool
              sample: true
            reason:
              description: Why the pods wait, in the kubelet's word; null if the pods do not wait.
              type: str
              sample: ImagePullBackOff
            kubelet:
              description: The kubelet's message, up to 300 characters.
              type: str
              sample: 'Back-off pulling image "registry.digitalocean.com/acme-shop-eu/web:v7"'
            cause:
              description:
                - The cause. C(made_before_secret), C(own_pull_secrets), C(no_pull_secret), C(secret_missing),
                  C(secret_expired), C(secret_refused), C(secret_of_other_registry), C(secret_malformed),
                  C(secret_unfit), C(secret_passwordless), C(never_pulled), C(signature_refused), C(image_missing),
                  C(image_name_invalid), C(host_missing), C(registry_unknown), C(works_from_here) or C(not_known). The
                  guide docs/doctor.md explains each cause.
              type: str
              sample: made_before_secret
            message:
              description: The cause in a sentence.
              type: str
              sample: The pod was created before its service account default got the pull secret docr-direct-acme-shop.
            advice:
              description: The fix in a sentence.
              type: str
              sample: "Delete the pod, so that its ReplicaSet creates a new pod."
        notes:
          description: What could not be determined, such as permissions of tokens if the image host does not answer.
          type: list
          elements: str
          sample: []
"""

from ..module_utils._module.run import run_module
from ..module_utils._module.tasks.doctor import CLUSTER_INFO


def main() -> None:
    """Run the module."""
    run_module(CLUSTER_INFO)


if __name__ == "__main__":
    main()
