"""The application and its routes without wrappers around an endpoint: what goes wrong is the middleware's."""

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp


class Application(Starlette):
    """Starlette's application; exceptions pass through to the middleware, which turns them into answers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the router inside the middleware, without Starlette's own two layers for exceptions."""
        # `/spApi/storeTokens/` is another address than `/spApi/storeTokens`, and is not there.
        self.router.redirect_slashes = False
        app: ASGIApp = self.router
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app


class MethodRoute(Route):
    """One method of one path. `endpoint` is an ASGI application; GET does not bring HEAD along."""

    def __init__(self, method: str, path: str, endpoint: ASGIApp) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.methods = {method}
