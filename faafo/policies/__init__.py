# SPDX-License-Identifier: Apache-2.0
"""Who may do what: oslo.policy rules, one module a noun."""
