# SPDX-License-Identifier: Apache-2.0
"""All tables: what the migrations lead to."""

from faafo.db import Base, event_models, models, operation_models, quota_models

METADATA = Base.metadata
MODULES = (models, event_models, operation_models, quota_models)
