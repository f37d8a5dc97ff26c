# SPDX-License-Identifier: Apache-2.0
"""The worker: renders what it is called for, and stores the image."""
