# SPDX-License-Identifier: Apache-2.0
"""Tracing: spans of what services do for a fractal, exported to a collector of OpenTelemetry."""
