"""The app as a deployment of Ray Serve: `serve run copydesk.service.http.replica:build`, or a RayService of KubeRay.

The proxies queue what comes, and hand a replica no more than it can read together: when one dies, what waits goes to
another, and only what it was working on is lost.
"""

import math
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from copydesk.model.errors import ConfigError
from copydesk.model.installation import need_extra
from copydesk.service.http.app import make_app
from copydesk.service.http.routes.probes import find_fault
from copydesk.service.inference.loading import load_analyzer, open_tracer
from copydesk.service.logs import configure_logs
from copydesk.service.settings import Settings, read_settings

if TYPE_CHECKING:
    from ray.serve import Application
    from ray.serve.config import AutoscalingContext

_DRAIN_S = 30  # a request has its answer by then, or is beyond its time


class Scale(BaseModel):
    """How many replicas there are, and what each of them has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_replicas: int = Field(1, ge=1, description="Replicas at least.")
    max_replicas: int = Field(4, ge=1, description="Replicas at most.")
    queue_seconds: float = Field(2.0, gt=0, description="Seconds of work that may wait for each replica.")
    num_cpus: float = Field(2, gt=0, description="Cores of a replica.")
    num_gpus: float = Field(0, ge=0, description="GPUs of a replica.")
    max_ongoing: int = Field(16, ge=1, description="Requests that a replica reads together: enough for full passes.")
    max_queued: int = Field(400, ge=1, description="Requests that may wait in each proxy; more get 503.")
    insecure: bool = Field(False, description="Let anybody ask who reaches the proxies.")


def build(scale: Scale) -> "Application":
    """The application, by the COPYDESK_* variables that are set here. Raises ConfigError, InstallError."""
    need_extra("ray", "Ray Serve")
    from ray import serve
    from ray.serve.config import AutoscalingConfig, AutoscalingPolicy

    settings = read_settings(host="0.0.0.0")  # the proxies listen, and pass on the Host that they were called by
    if not (settings.api_keys or scale.insecure):
        raise ConfigError(
            "anybody could ask without a key; set COPYDESK_API_KEYS to the SHA-256 digests of your keys, or the "
            "argument insecure: true"
        )
    policy = AutoscalingPolicy(policy_function=WaitingWork, policy_kwargs={"target_s": scale.queue_seconds})
    deployment = serve.deployment(
        serve.ingress()(Replica),
        name="copydesk",
        max_ongoing_requests=scale.max_ongoing,
        max_queued_requests=scale.max_queued,
        graceful_shutdown_timeout_s=_DRAIN_S,
        ray_actor_options={"num_cpus": scale.num_cpus, "num_gpus": scale.num_gpus},
        autoscaling_config=AutoscalingConfig(
            min_replicas=scale.min_replicas,
            max_replicas=scale.max_replicas,
            metrics_interval_s=1.0,
            look_back_period_s=5.0,
            upscale_delay_s=5.0,
            downscale_delay_s=300.0,
            policy=policy,
        ),
    )
    application: Application = deployment.bind(settings)
    return application


class Replica:
    """One process with a model; Ray calls its methods by their names."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __serve_build_asgi_app__(self) -> FastAPI:
        """The same app that `copydesk serve` runs."""
        configure_logs()
        self._app = make_app(self._settings, lambda: load_analyzer(self._settings), open_tracer())
        return self._app

    def check_health(self) -> None:
        """Raise when another replica should take this one's place."""
        if fault := find_fault(self._app):
            raise RuntimeError(fault)

    def record_autoscaling_stats(self) -> dict[str, float]:
        """What `WaitingWork` goes by."""
        return {"queue_seconds": self._app.state.scheduler.admission.delay_s}


class WaitingWork:
    """A policy of autoscaling: as many replicas as leave `target_s` seconds of work waiting for each."""

    def __init__(self, target_s: float) -> None:
        self._target_s = target_s

    def __call__(self, context: "AutoscalingContext") -> tuple[int, dict[str, Any]]:  # Any: the state, which is empty
        """The replicas that there should be.

        The replicas know how long what they hold will take; what waits in the proxies is reckoned to take as long each.
        """
        held_s = sum(context.aggregated_metrics.get("queue_seconds", {}).values())
        n_queued = context.total_queued_requests or 0.0
        n_held = context.total_num_requests - n_queued
        waiting_s = held_s * (1 + n_queued / n_held) if n_held > 0 else held_s
        return math.ceil(waiting_s / self._target_s), {}
