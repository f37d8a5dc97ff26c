# SPDX-License-Identifier: Apache-2.0
"""The worker: renders fractals and tiles on RPC calls, and stores the images of fractals."""
