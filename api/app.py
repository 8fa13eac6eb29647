"""The application: what it opens, which routers it has, how it answers errors."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import description, errors, middleware
from api.routers import auth, executions, functions, health, rest, storage
from api.state import AppState, app_state
from zilliance.settings import Settings

Alongside = Callable[[AppState], AbstractAsyncContextManager[None]]


def create_app(settings: Settings, *, alongside: Alongside | None = None) -> FastAPI:
    """The API as an ASGI application.

    `alongside` opens what another package wants to run in the same process, for as long as the API runs:
    the worker package runs a worker on the API's own Temporal client, so that executions start eagerly.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with app_state(settings) as state, rest.followed(app, state):
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
    for router in (health.router, auth.router, rest.router, storage.router, functions.router, executions.router):
        app.include_router(router)
    description.install(app)
    return app
