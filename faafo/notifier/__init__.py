# SPDX-License-Identifier: Apache-2.0
"""The notifier: claims deliveries of events, sends them to webhooks, and reports."""
