# SPDX-License-Identifier: Apache-2.0
"""The REST API: the factory of the application and one blueprint a noun."""
