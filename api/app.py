"""The application: what it opens, which routers it has, how it answers errors."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import description, errors, middleware
from api.executions.definitions import allow_runs
from api.routers import (
    ai,
    approvals,
    auth,
    callbacks,
    catalogue,
    diagrams,
    events,
    executions,
    functions,
    gateway,
    gateway_tools,
    health,
    hooks,
    jobs,
    playback,
    process_video,
    rest,
    schedules,
    secrets,
    storage,
    trials,
    tutorials,
    versions,
    video_runs,
    webhooks,
)
from api.state import AppState, app_state
from zilliance.settings import Settings

Alongside = Callable[[AppState], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, *, alongside: Alongside | None = None) -> FastAPI:
    """The API as an ASGI application.

    `alongside` opens what another package wants to run in the same process, for as long as the API runs:
    the worker package runs a worker on the API's own Temporal client, so that executions start eagerly.
    """
    allow_runs(settings.workflow.run_allow)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with app_state(settings) as state, rest.followed(app, state), gateway.passing(app, state):
            app.state.platform = state
            if alongside is None:
                yield
                return
            async with alongside(state):
                yield

    # FastAPI's own pages load their scripts from a foreign host: blank on a machine without internet.
    app = FastAPIOffline(redoc_url=None, title="Zilliance", version="0.1.0", lifespan=lifespan)
    errors.install(app)
    middleware.install(app)
    rest.install(app)
    functions.install(app)
    gateway.install(app)
    # Routes are tried in this order, which costs a busy path more than its own work: what is called most comes first.
    for part in (
        *(functions, process_video, hooks, health, auth, rest, storage, executions, events, jobs, schedules, trials),
        *(tutorials, video_runs, playback, ai, approvals, callbacks, catalogue, secrets, versions, webhooks, gateway),
        *(gateway_tools, diagrams),
    ):
        app.include_router(part.router)
    description.install(app)
    return app
