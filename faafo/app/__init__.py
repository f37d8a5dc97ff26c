# SPDX-License-Identifier: Apache-2.0
"""The application that serves api and web: factory, error handlers, HTTP server, life cycle."""
