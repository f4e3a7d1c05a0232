"""What the supervisor says about itself: for the control API and in one line."""

from collections.abc import Sequence
from typing import Any

from appliance.common.clock import to_rfc3339
from updater.components.component import Component, ComponentState
from updater.components.issues import IssueBook
from updater.components.memory import MEBIBYTE, proportional_bytes


def component_status(component: Component) -> dict[str, Any]:
    """Return a component as the control API gives it; `memory_mb` is its PSS in MiB."""
    memory = proportional_bytes(component.pid) if component.pid is not None else None
    return {
        "name": component.name,
        "state": component.state.value,
        "pid": component.pid,
        "started_at": to_rfc3339(component.started_at) if component.started_at else None,
        "restarts": component.restarts,
        "last_exit": component.last_exit,
        "last_heartbeat_at": to_rfc3339(component.last_heartbeat_at) if component.last_heartbeat_at else None,
        "status": component.status or None,
        "memory_mb": None if memory is None else round(memory / MEBIBYTE, 1),
    }


def health_line(components: Sequence[Component], issues: IssueBook) -> tuple[bool, str]:
    """Return whether all is well, and one line for a person."""
    wrong = [text for component in components if (text := _trouble(component, issues))]
    if wrong:
        return False, "; ".join(wrong)
    names = " and ".join(component.name for component in components)
    oldest = max((component.heartbeat_age for component in components), default=0.0)
    return True, f"{names} {'is' if len(components) == 1 else 'are'} running; last heartbeat {oldest:.0f} s ago"


def _trouble(component: Component, issues: IssueBook) -> str | None:
    since = f"since {to_rfc3339(component.changed_at)}"
    if component.state is not ComponentState.RUNNING:
        reason = f", after it {component.last_exit}" if component.last_exit else ""
        return f"the {component.name} is {_WORDS[component.state]} {since}{reason}"
    if component.heartbeat_age > component.spec.watchdog_seconds:
        return f"the {component.name} has sent no heartbeat for {component.heartbeat_age:.0f} s"
    for issue in issues.open(component.name):
        if issue.finding.check == "deep":
            return f"{issue.finding.text} (since {to_rfc3339(issue.since)})"
    return None


_WORDS = {
    ComponentState.STARTING: "starting",
    ComponentState.BACKING_OFF: "down (started again soon)",
    ComponentState.FAILED: "down",
    ComponentState.STOPPING: "stopping",
    ComponentState.STOPPED: "stopped",
}
