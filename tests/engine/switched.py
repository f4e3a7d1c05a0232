"""Beginning a replacement inside an appliance, as its own install does once all is verified and tested."""

import json
from typing import Any

from docker.models.containers import Container

BEGIN = """
import json, os, sys
from appliance.common.clock import to_rfc3339, utc_now
from appliance.common.paths import Paths
from appliance.common.version import installed_version
from appliance.release import HealthGateTimes
from updater.engine.container_spec import successor
from updater.engine.engine import Engine
from updater.records.journal import Old, Transaction
from updater.replacement.handover import begin

wanted = json.loads(sys.argv[1])
transaction = wanted.get("transaction") or os.urandom(6).hex()
with Engine.open() as engine:
    own = engine.own_container()
    old_image, new_image = engine.image(own["Image"]), engine.image(wanted["image"])
    reference, api = own["Config"]["Image"], engine.version().api
    spec = successor(own, old_image, new_image, reference=reference, labels={"dca.transaction": transaction}, api=api)
    release = {"version": wanted["version"], "counter": 2, "switcher": wanted["switcher"]}
    begin(engine, Paths.from_environment(), Transaction(
        transaction=transaction, phase="prepared", started_at=to_rfc3339(utc_now()), by="console",
        from_version=installed_version(), from_counter=1, to_release=release,
        old=Old(own["Id"], own["Name"].lstrip("/"), own["Image"], reference, own),
        new_image_id=new_image["Id"], expected_digests=(new_image["Id"],), spec=spec, restart_policy=spec.restart_policy, api=api,
        hosting_url=wanted["hosting_url"], gate=HealthGateTimes(wanted["deadline"], wanted["steady"]),
    ))
print(transaction)
"""


def begin_update(
    container: Container,
    image: str,
    version: str,
    *,
    deadline: float = 60,
    steady: float = 2,
    switcher: str = "old",
    hosting_url: str = "",
) -> str:
    """Let the appliance in `container` move to `image`; return the transaction. The gate's times are in seconds."""
    wanted: dict[str, Any] = {"image": image, "version": version, "deadline": deadline, "steady": steady}
    wanted |= {"switcher": switcher, "hosting_url": hosting_url}
    ran: Any = container.exec_run(["python3", "-P", "-c", BEGIN, json.dumps(wanted)])
    assert ran.exit_code == 0, ran.output.decode()
    return str(ran.output.decode().split()[-1])
