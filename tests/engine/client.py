"""The Docker client that tests and benchmarks call."""

import os
import shutil

# Debian's client before any other on the PATH: it is the one that builds with BuildKit and finds the Compose plugin.
# DCA_DOCKER: another, for an engine that refuses what Debian's speaks (DOCKER_MIN_API_VERSION).
DOCKER = (
    os.environ.get("DCA_DOCKER") or shutil.which("docker", path=f"/usr/bin{os.pathsep}{os.environ.get('PATH', '')}") or "docker"
)
BASE_IMAGE = "debian:trixie-slim"
