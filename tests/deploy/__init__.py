# SPDX-License-Identifier: Apache-2.0
"""Hosts that boot systemd, and the playbook run on them for real: see ``make test-deploy``."""
