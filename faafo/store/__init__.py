# SPDX-License-Identifier: Apache-2.0
"""Where images live: one driver a file, behind the interface of ``base.ImageStore``."""
