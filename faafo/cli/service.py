# SPDX-License-Identifier: Apache-2.0
"""The service that is meant: the options and variables that name it, and the client for it."""

import argparse
import os
from typing import Any

from cliff.app import App
from cliff.command import Command

from faafo.cli import values
from faafo.client import Client, TokenAuth
from faafo.client.client import DEFAULT_URL
from faafo.client.login import without_login
from faafo.client.user_auth import from_environment

CONNECTIONS = 8
# Of a user who has logged in; it takes precedence over a login in the URL.
TOKEN_VARIABLE = "FAAFO_TOKEN"


class ServiceApp(App):
    """An application whose commands talk to one service."""

    _client: Client | None = None

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """Add the options that name the service."""
        parser = super().build_option_parser(description, version, argparse_kwargs)
        parser.add_argument(
            "--url",
            type=values.url,
            help=f"address of the service (default: FAAFO_URL, or what the catalogue "
            f"of Keystone has if OS_CLOUD or OS_AUTH_URL is set, or {DEFAULT_URL}). Put a login, "
            "https://user:password@host, into FAAFO_URL: every user can read command lines.",
        )
        parser.add_argument(
            "--cacert",
            type=values.readable_file,
            metavar="PATH",
            help="certificates to trust, a PEM file (default: FAAFO_CACERT, or "
            "OS_CACERT with Keystone, or those of certifi)",
        )
        return parser

    def initialize_app(self, argv: list[str]) -> None:
        """Read the environment."""
        for option, convert in (("url", values.url), ("cacert", values.readable_file)):
            variable = f"FAAFO_{option.upper()}"
            text = os.environ.get(variable)
            if getattr(self.options, option) is None and text:
                try:
                    setattr(self.options, option, convert(text))
                except argparse.ArgumentTypeError as error:
                    self.parser.error(f"environment variable {variable}: {error}")

    def open_client(self, connections: int = CONNECTIONS) -> Client:
        """Return a client for the service.

        Keystone is asked for what neither the options nor FAAFO_URL and FAAFO_TOKEN say.
        """
        url, cacert = self.options.url, self.options.cacert
        token = os.environ.get(TOKEN_VARIABLE)
        has_login = token or (url and without_login(url)[1])
        login = None if url and has_login else from_environment()
        auth = TokenAuth(token) if token else login
        if login is not None:
            url, cacert = url or login.url(), cacert or login.cacert
        return Client(url or DEFAULT_URL, auth=auth, cacert=cacert, connections=connections)

    @property
    def client(self) -> Client:
        """The client of the command that runs; it is closed when the command has ended."""
        if self._client is None:
            self._client = self.open_client()
        return self._client

    def clean_up(self, cmd: Command, result: int, err: BaseException | None) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()
