# SPDX-License-Identifier: Apache-2.0
"""Image stores: one driver a module, behind the interfaces in ``base``."""
