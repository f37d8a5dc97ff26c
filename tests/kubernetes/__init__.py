# SPDX-License-Identifier: Apache-2.0
"""The manifests of the trial, started for real with podman: see ``make test-kubernetes``."""
