# SPDX-License-Identifier: Apache-2.0
"""How a user of the command line logs in at Keystone: by OS_CLOUD, by OS_* variables, or not."""

import importlib
import os
from typing import TYPE_CHECKING

from faafo import errors

if TYPE_CHECKING:
    from faafo.client.openstack import KeystoneLogin

CLOUD = "OS_CLOUD"
VARIABLES = ("OS_AUTH_URL", "OS_AUTH_TYPE")
# Imported when they are used: keystoneauth1 takes half a second, and openstacksdk is an extra.
CLOUDS_DRIVER = "faafo.client.clouds"
VARIABLES_DRIVER = "faafo.client.openstack"


def from_environment() -> "KeystoneLogin | None":
    """Return the login that the environment describes; None if it describes none.

    :raises faafo.errors.ConfigurationError: when a variable is missing or not valid.
    """
    if os.environ.get(CLOUD):
        driver = CLOUDS_DRIVER
    elif any(os.environ.get(name) for name in VARIABLES):
        driver = VARIABLES_DRIVER
    else:
        return None
    try:
        module = importlib.import_module(driver)
    except ImportError as error:
        install = "openstacksdk reads clouds.yaml; install it with: pip install 'faafo[clouds]'"
        raise errors.ConfigurationError(f"{CLOUD}: {error}; {install}") from None
    login: KeystoneLogin = module.open_login()
    return login
