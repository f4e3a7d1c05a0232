"""The container engine, through its socket: the only importer of `docker`. Used in short-lived processes and the switcher only.

The package is imported inside the functions that need it: an appliance without a socket never loads it. What the engine answers
is handed on as it is; what it takes long for, or may not survive, is tried again as long as the caller is patient.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from appliance.common.clock import from_rfc3339
from appliance.common.message import Message
from updater.engine.container_spec import Json
from updater.engine.failures import engine_error, unreachable
from updater.engine.own_container import MOUNT_INFO, proved
from updater.engine.progress_stream import LoadReport, PullReport, Tell
from updater.engine.reference import split_reference
from updater.engine.replaceable import DOCKER_DESKTOP
from updater.errors import EngineError

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

Answer = TypeVar("Answer")

DEFAULT_HOST = "unix:///var/run/docker.sock"
TIMEOUT_SECONDS = 60
SILENCE_SECONDS = 600.0
"""Longest silence of the engine while it pulls or loads: a slow disk says nothing while a large layer is unpacked."""
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 3.0
BROKEN_PATIENCE_SECONDS = 6.0
"""For errors of the engine itself: most of those that go away do so soon, and meanwhile the appliance may be down."""
LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """Which engine answers. `api` is the version of its API that is spoken with it."""

    name: str
    version: str
    api: tuple[int, int]
    os: str
    arch: str


class Engine:
    """One engine; a context manager. Every method raises EngineError with its kind and one sentence."""

    def __init__(self, host: str, *, patience: float = 0.0, timeout: int = TIMEOUT_SECONDS) -> None:
        """`patience`: seconds to repeat a call while the engine is away or broken; `timeout`: seconds for one answer."""
        self._host = host
        self._patience = patience
        self._timeout = timeout
        self._client: APIClient | None = None

    @classmethod
    def open(cls, environment: Mapping[str, str] = os.environ, *, patience: float = 0.0, timeout: int = TIMEOUT_SECONDS) -> Self:
        """Return the engine that `DOCKER_HOST` names, else the one at the usual socket. Nothing is asked yet."""
        return cls(environment.get("DOCKER_HOST") or DEFAULT_HOST, patience=patience, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the next call opens others."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def version(self) -> EngineVersion:
        """Return which engine answers."""

        def ask(client: "APIClient") -> EngineVersion:
            told = client.version()
            major, minor = str(client.api_version).split(".")[:2]
            name = next((str(part["Name"]) for part in told.get("Components") or () if part.get("Name")), "Engine")
            if str((told.get("Platform") or {}).get("Name")).startswith(DOCKER_DESKTOP):
                name = DOCKER_DESKTOP
            return EngineVersion(
                name,
                str(told.get("Version") or ""),
                (int(major), int(minor)),
                str(told.get("Os") or ""),
                str(told.get("Arch") or ""),
            )

        return self._ask("say its version", ask)

    def container(self, reference: str) -> Json | None:
        """Return what is known of a container, by name or id; None where there is none."""
        return self._look(f"describe the container {reference}", lambda client: client.inspect_container(reference))

    def own_container(self, mount_info: Path = MOUNT_INFO) -> Json:
        """Return the container this process runs in: the one in which the engine finds a mark of this process."""
        found = proved(self, mount_info)
        if found is None:
            raise EngineError(
                Message(
                    "The container engine at %(host)s does not know the container this appliance runs in. Mount the "
                    "socket of the engine that runs it.",
                    host=self._host,
                ),
                "not found",
            )
        return found

    def run(self, container: str, command: Sequence[str], seconds: float) -> int | None:
        """Run a command in a running container, as its user; return its exit code, None where it has not ended in time."""
        doing = f"run {command[0]} in the container {container}"

        def begin(client: "APIClient") -> str:
            made = str(client.exec_create(container, list(command), stdout=False, stderr=False)["Id"])
            client.exec_start(made, detach=True)
            return made

        made, end = self._ask(doing, begin), time.monotonic() + seconds
        while time.monotonic() < end:
            state = self._ask(doing, lambda client: client.exec_inspect(made))
            if not state["Running"] and state.get("ExitCode") is not None:
                return int(state["ExitCode"])
            time.sleep(LOOK_SECONDS)
        return None

    def was_stopped(self, container: str, since: float) -> bool:
        """Return whether somebody has had a container stopped or killed since a moment (seconds since 1970).

        A container that ends by itself is not among that, and what an engine did before it was last started is forgotten.
        """
        return bool(self._events(container, since, "stop", "kill"))

    def stops(self, container: str, since: float) -> int:
        """Return how often somebody has asked for the stop of a container that ran, since a moment; two at once are two."""
        sent = (event["Actor"]["Attributes"].get("signal") for event in self._events(container, since, "kill"))
        return sum(number != str(signal.SIGKILL.value) for number in sent)

    def _events(self, container: str, since: float, *kinds: str) -> list[Json]:
        filters = {"container": [container], "event": list(kinds)}

        def ask(client: "APIClient") -> list[Json]:
            moments: Any = {"since": f"{since:.6f}", "until": f"{time.time():.6f}"}  # finer than the package thinks
            return list(client.events(filters=filters, decode=True, **moments))

        try:
            return self._ask(f"tell what became of the container {container}", ask)
        except EngineError as error:
            if error.forbidden:
                return []
            raise

    def image(self, reference: str) -> Json | None:
        """Return what is known of an image, by reference, digest or id; None where there is none."""
        return self._look(f"describe the image {reference}", lambda client: client.inspect_image(reference))  # type: ignore[no-untyped-call]

    def containers(self, labels: Mapping[str, str]) -> list[Json]:
        """Return all containers with these labels (an empty value: whatever it is), running or not, each as `container` does."""
        wanted = {"label": [f"{name}={value}" if value else name for name, value in labels.items()]}
        listed = self._ask("list containers", lambda client: client.containers(all=True, filters=wanted))
        return [found for row in listed if (found := self.container(row["Id"])) is not None]

    def sharing_network(self, container: Json) -> list[str]:
        """Return the names of the containers that use the network of another one (`network_mode: container:NAME`)."""
        listed = self._ask("list containers", lambda client: client.containers(all=True))
        modes = {f"container:{container['Id']}", f"container:{str(container['Name']).lstrip('/')}"}
        sharing = [row for row in listed if (row.get("HostConfig") or {}).get("NetworkMode") in modes]
        return sorted(str(name).lstrip("/") for row in sharing for name in (row.get("Names") or ())[:1])

    def images(self, reference_prefix: str) -> list[Json]:
        """Return the images of which a tag begins so: `Id`, `RepoTags`, `Created`."""
        listed = self._ask("list images", lambda client: client.images())
        return [row for row in listed if any(tag.startswith(reference_prefix) for tag in row.get("RepoTags") or ())]

    def create(self, name: str, body: Json) -> str:
        """Create a container from a body of `POST /containers/create`; return its id."""

        def create(client: "APIClient") -> str:
            return str(client.create_container_from_config(body, name)["Id"])  # type: ignore[no-untyped-call]

        return self._ask(f"create the container {name}", create)

    def start(self, container: str) -> None:
        """Start a container; one that runs already is left as it is."""
        self._ask(f"start the container {container}", lambda client: client.start(container))

    def stop(self, container: str, seconds: int) -> bool:
        """Stop a container: SIGTERM (or its own signal), after `seconds` SIGKILL. Returns when it has stopped.

        False where it did not run any more.
        """

        def ask(client: "APIClient") -> bool:
            url = f"{client.base_url}/v{client.api_version}/containers/{container}/stop"
            answer = client.post(url, params={"t": seconds}, timeout=self._timeout + seconds)
            answer.raise_for_status()
            return bool(answer.status_code != HTTPStatus.NOT_MODIFIED)

        return self._ask(f"stop the container {container}", ask)

    def rename(self, container: str, name: str) -> None:
        """Give a container another name, without a leading slash."""
        self._ask(f"rename the container {container} to {name}", lambda client: client.rename(container, name))

    def remove(self, container: str, *, force: bool = False, volumes: bool = False) -> None:
        """Remove a container; one that is gone already is as wanted. `volumes`: with its nameless ones."""
        doing = f"remove the container {container}"
        with _gone_is_fine():
            self._ask(doing, lambda client: client.remove_container(container, v=volumes, force=force))

    def put_archive(self, container: str, folder: str, archive: bytes) -> None:
        """Unpack a tar archive in a folder of a container, running or not; with a read-only root the folder has to be a volume."""
        self._ask(f"hand files to the container {container}", lambda client: client.put_archive(container, folder, archive))

    def set_restart_policy(self, container: str, policy: Json) -> None:
        """Set what the engine does when the container ends: `{"Name", "MaximumRetryCount"}`."""
        wanted: Any = {"Name": policy.get("Name") or "no", "MaximumRetryCount": policy.get("MaximumRetryCount") or 0}
        doing = f"set the restart policy of the container {container} to {wanted['Name']}"
        self._ask(doing, lambda client: client.update_container(container, restart_policy=wanted))

    def connect_network(self, network: str, container: str, endpoint: Json) -> None:
        """Connect a container to a network with an endpoint of our own; fields this package does not know ride along."""

        def connect(client: "APIClient") -> None:
            url = f"{client.base_url}/v{client.api_version}/networks/{network}/connect"
            body = {"Container": container, "EndpointConfig": endpoint}
            client.post(url, json=body, timeout=self._timeout).raise_for_status()

        self._ask(f"connect the container {container} to the network {network}", connect)

    def wait(self, container: str, seconds: float) -> int:
        """Return the exit code of a container once it has ended; one that was never started is waited for."""
        end = time.monotonic() + seconds
        while True:
            state = (self.container(container) or {}).get("State")
            if state is None:
                raise EngineError(Message("The container %(container)s is gone.", container=container), "not found")
            if state["Status"] in ("exited", "dead"):
                return int(state["ExitCode"])
            if time.monotonic() > end:
                raise EngineError(f"The container {container} did not end within {seconds:g} s.", "broken")
            time.sleep(LOOK_SECONDS)

    def logs(self, container: str, lines: int = 400) -> str:
        """Return the last lines that a container has written."""
        said = self._ask(f"show the log of the container {container}", lambda client: client.logs(container, tail=lines))
        return bytes(said).decode(errors="replace")

    def tag(self, image: str, reference: str) -> None:
        """Let `reference` (`REPOSITORY:TAG`) name an image; what it named before keeps its other names."""
        repository, tag = split_reference(reference)
        self._ask(f"tag the image {image} as {reference}", lambda client: client.tag(image, repository, tag))

    def untag(self, reference: str) -> None:
        """Take a name from an image; the engine removes an image without names that no container uses."""
        with _gone_is_fine():
            self._ask(f"remove the tag {reference}", lambda client: client.remove_image(reference))

    def pull(self, repository: str, digest: str, progress: Tell) -> str:
        """Pull an image by its digest and return its id. `progress` is told a text and a percentage, or None where unknown.

        Credentials are those of the file that `DOCKER_CONFIG` names, as for the docker command.
        """
        from docker.auth import get_config_header, resolve_repository_name  # noqa: PLC0415 - see the module docstring

        def pull(client: "APIClient") -> None:
            header = get_config_header(client, resolve_repository_name(repository)[0])
            response = client.post(
                f"{client.base_url}/v{client.api_version}/images/create",
                params={"fromImage": repository, "tag": digest},
                headers={"X-Registry-Auth": header} if header else {},
                stream=True,
                timeout=SILENCE_SECONDS,
            )
            report = PullReport(progress)
            for line in _lines(response, doing):
                report.told(line)

        doing = f"pull {repository}@{digest}"
        self._ask(doing, pull)
        found = self.image(f"{repository}@{digest}")
        if found is None:
            raise EngineError(
                Message("The container engine did not %(doing)s: it told of no error, and does not have the image.", doing=doing)
            )
        return str(found["Id"])

    def load(self, file: Path, progress: Tell) -> str:
        """Load an image archive (`docker save`, gzip or not) and return the id of the one image in it. Raises OSError, too."""
        doing = f"load the image archive {file.name}"

        def load(client: "APIClient") -> set[str]:
            archive.seek(0)
            url = f"{client.base_url}/v{client.api_version}/images/load"
            response = client.post(url, data=archive, params={"quiet": "0"}, stream=True, timeout=SILENCE_SECONDS)
            report = LoadReport(progress)
            for line in _lines(response, doing):
                report.told(line)
            return report.loaded

        with file.open("rb") as archive:
            loaded = self._ask(doing, load)
        found = {image["Id"] for name in loaded if (image := self.image(name)) is not None}
        if len(found) != 1:
            raise EngineError(
                Message(
                    "The image archive %(name)s holds %(count)s images, and one was expected.", name=file.name, count=len(found)
                ),
                "refused",
            )
        return str(found.pop())

    def _look(self, doing: str, question: "Callable[[APIClient], Json]") -> Json | None:
        try:
            return self._ask(doing, question)
        except EngineError as error:
            if error.kind == "not found":
                return None
            raise

    def _ask(self, doing: str, question: "Callable[[APIClient], Answer]") -> "Answer":
        """Return the answer, asking again while the engine is away or broken and the caller is patient."""
        began, pause = time.monotonic(), FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._ask_once(doing, question)
            except EngineError as error:
                patience = {"unreachable": self._patience, "broken": min(self._patience, BROKEN_PATIENCE_SECONDS)}
                if time.monotonic() - began + pause > patience.get(error.kind, 0.0):
                    raise
            self.close()  # an engine that was restarted may speak another version
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _ask_once(self, doing: str, question: "Callable[[APIClient], Answer]") -> "Answer":
        from docker import APIClient  # noqa: PLC0415 - see the module docstring
        from docker.errors import APIError, DockerException  # noqa: PLC0415
        from requests.exceptions import HTTPError, RequestException  # noqa: PLC0415 - what the package lets through

        try:
            if self._client is None:
                self._client = APIClient(base_url=self._host, version="auto", timeout=self._timeout)
            return question(self._client)
        except APIError as error:
            raise engine_error(doing, error.status_code, str(error.explanation or error)) from error
        except HTTPError as error:
            raise _explain(doing, error.response) from error
        except (DockerException, RequestException, OSError) as error:
            raise unreachable(self._host) from error


@contextlib.contextmanager
def _gone_is_fine() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        if error.kind != "not found":
            raise


def _explain(doing: str, response: "Response") -> EngineError:
    text = response.text
    with contextlib.suppress(ValueError, TypeError, KeyError):
        text = str(json.loads(text)["message"])
    return engine_error(doing, response.status_code, text)


def started_at_of(container: Json) -> float:
    """Return when a container was last started, exactly, by the engine's clock: seconds since 1970, 0 where it never was."""
    with contextlib.suppress(ValueError):
        return from_rfc3339(str(container["State"]["StartedAt"])).timestamp()
    return 0.0


def _lines(response: "Response", doing: str) -> Iterator[Json]:
    """Yield each line of a stream. Raises EngineError at the first that tells of an error: the status was 200 long before."""
    with response:
        if response.status_code >= 400:
            raise _explain(doing, response)
        for line in response.iter_lines():
            try:
                told = json.loads(line) if line.strip() else {}
            except ValueError:
                raise engine_error(doing, None, f"it said what cannot be understood ({line[:80]!r})") from None
            detail = told.get("errorDetail") or {}
            if said := told.get("error") or detail.get("message"):
                raise engine_error(doing, detail.get("code"), str(said))
            yield told
