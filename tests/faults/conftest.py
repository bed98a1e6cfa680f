"""Claims of the fault matrix fail with their values shown."""

import pytest

pytest.register_assert_rewrite("fault_claims", "fault_run")
