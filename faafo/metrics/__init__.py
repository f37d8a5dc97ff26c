# SPDX-License-Identifier: Apache-2.0
"""Metrics: what a process counts and measures, for Prometheus."""
