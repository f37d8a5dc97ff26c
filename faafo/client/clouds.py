# SPDX-License-Identifier: Apache-2.0
"""A user's login at Keystone by a cloud of ``clouds.yaml``, which openstacksdk reads."""

import os

from keystoneauth1.exceptions import ClientException
from keystoneauth1.session import Session
from openstack.config import OpenStackConfig
from openstack.exceptions import ConfigException

from faafo import errors
from faafo.client.openstack import SERVICE_TYPE, TIMEOUT, KeystoneLogin
from faafo.urls import masked_text


def open_login() -> KeystoneLogin:
    """Return the login of the cloud that OS_CLOUD names; asks no server.

    :raises faafo.errors.ConfigurationError: when there is no such cloud, or it is incomplete.
    """
    name = os.environ["OS_CLOUD"]
    try:
        cloud = OpenStackConfig().get_one(cloud=name)
        plugin = cloud.get_auth()
    except (ConfigException, ClientException) as error:
        why = " ".join(masked_text(str(error)).split())
        raise errors.ConfigurationError(f"OS_CLOUD = {name}: {why}") from None
    verify, certificate = cloud.get_requests_verify_args()
    session = Session(verify=verify, cert=certificate, timeout=TIMEOUT)
    cacert = verify if isinstance(verify, str) else None
    interface = cloud.get_interface(SERVICE_TYPE)
    return KeystoneLogin(plugin, session, cacert, interface, cloud.get_region_name(SERVICE_TYPE))
