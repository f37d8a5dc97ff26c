# SPDX-License-Identifier: Apache-2.0
"""The release itself: what is built from a tag, and what that does where nothing else is."""
