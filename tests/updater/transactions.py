"""A replacement of a container to test with."""

from dataclasses import replace
from typing import Any

from appliance.release import HealthGateTimes
from updater.engine.container_spec import ContainerSpec
from updater.records.journal import Old, Transaction

TRANSACTION = "0123456789ab"
OLD_ID, OLD_IMAGE, NEW_IMAGE = "a" * 64, "sha256:" + "1" * 64, "sha256:" + "2" * 64
ALWAYS = {"Name": "always", "MaximumRetryCount": 0}
INSPECT = {
    "Id": OLD_ID,
    "Name": "/dca",
    "Image": OLD_IMAGE,
    "State": {"Status": "running"},
    "Config": {"Image": "dca/appliance:stable", "Env": ["TZ=UTC"], "Labels": {"dca.role": "main"}, "User": "10001:10001"},
    "HostConfig": {"RestartPolicy": ALWAYS, "NetworkMode": "none"},
    "Mounts": [{"Type": "volume", "Name": "data", "Source": "/v/data", "Destination": "/data", "RW": True}],
    "NetworkSettings": {"Networks": {"none": {}}},
}


def transaction(**changes: Any) -> Transaction:
    """Return one from version 0.1.0 to 0.2.0, about to begin."""
    base = Transaction(
        transaction=TRANSACTION,
        phase="switching",
        started_at="2026-11-26T01:00:00Z",
        by="auto",
        from_version="0.1.0",
        from_counter=6,
        to_release={"version": "0.2.0", "counter": 7, "switcher": "old"},
        old=Old(OLD_ID, "dca", OLD_IMAGE, "dca/appliance:stable", INSPECT),
        new_image_id=NEW_IMAGE,
        expected_digests=(NEW_IMAGE,),
        spec=ContainerSpec("dca", {"Image": "dca/appliance:stable", "Labels": {"dca.transaction": TRANSACTION}}, (), ALWAYS),
        restart_policy=ALWAYS,
        api=(1, 41),
        hosting_url="https://hosting.example.com",
        gate=HealthGateTimes(10, 1),
    )
    return replace(base, **changes)
