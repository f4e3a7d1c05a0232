"""`python -m appliance.transmission.trial`: which calls of the hosting server work from here, without telling it anything.

It is the control sample of an update: what the version before gets done is no fault of the way. The check-in tells nothing (the
server asks for a state, and is given none), and the upload has no readings in it.
"""

import sys

from appliance.common.errors import DcaError
from appliance.common.files import to_json
from appliance.common.paths import Paths
from appliance.privacy.choice import choice
from appliance.settings.store import SettingsStore
from appliance.store.rows import Batch
from appliance.store.uuid7 import Uuid7Maker
from appliance.transmission.enrolment import open_client


def working_ways(paths: Paths) -> list[str]:
    """Return which of `check_in` and `upload` the server answers as it should; nothing where the site may not send anything yet."""
    try:
        settings = SettingsStore(paths.settings)
        client = open_client(paths.trust, settings) if choice(settings) else None
    except DcaError as error:
        print(f"dca: {error}", file=sys.stderr)
        return []
    if client is None:
        return []
    works = []
    with client:
        for way, call in (
            ("check_in", client.knock),
            ("upload", lambda: client.upload(Batch(Uuid7Maker().make(), ()))),
        ):
            try:
                call()
            except DcaError as error:
                print(f"dca: {way}: {error}", file=sys.stderr)
            else:
                works.append(way)
    return works


if __name__ == "__main__":
    print(to_json({"works": working_ways(Paths.from_environment())}).decode())
