# SPDX-License-Identifier: Apache-2.0
"""``faafo backlog``, against the real API."""

import json


def test_the_backlog_is_shown(faafo):
    status, output, _errors = faafo("backlog", "show", "-f", "json")
    assert (status, json.loads(output)["outstanding"]) == (0, 0)
    assert faafo("backlog", "show", "-f", "value", "-c", "outstanding")[1] == "0\n"
