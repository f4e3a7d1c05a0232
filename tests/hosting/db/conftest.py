"""What is collected: a cluster is tried where Citus was built (docs/hosting-guide.md), which no package brings."""

from tests.hosting.citus import is_installed

collect_ignore = [] if is_installed() else ["test_citus.py"]
