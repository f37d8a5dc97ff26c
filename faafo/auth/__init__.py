# SPDX-License-Identifier: Apache-2.0
"""Authentication and authorization, for the strategies other than noauth."""
