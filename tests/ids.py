# SPDX-License-Identifier: Apache-2.0
"""Ids of a request and of a span, for tests of what passes them on."""

REQUEST_ID = "req-01234567-89ab-4def-8123-456789abcdef"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01"
