"""The application and its routes without wrappers around an endpoint: what goes wrong is the middleware's."""

from collections.abc import Awaitable

from starlette.applications import Starlette
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class Application(Starlette):
    """Starlette's application; exceptions pass through to the middleware, which turns them into answers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the router inside the middleware, without Starlette's own two layers for exceptions."""
        # `/spApi/storeTokens/` is another address than `/spApi/storeTokens`, and is not there.
        self.router.redirect_slashes = False
        app: ASGIApp = ExactRoutes(self.router)
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app


class MethodRoute(Route):
    """One method of one path. `endpoint` is an ASGI application; GET does not bring HEAD along."""

    def __init__(self, method: str, path: str, endpoint: ASGIApp) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.method = method
        self.methods = {method}


class ExactRoutes:
    """Finds routes whose path has no parameters by the path itself; the router tries one after the other."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._routes = {
            (route.method, route.path): route
            for route in router.routes
            if isinstance(route, MethodRoute) and not route.param_convertors
        }

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request, or whatever else the server says. Raise HTTPException where there is no route."""
        # Only requests have a method and a path.
        route = self._routes.get((scope.get("method", ""), scope.get("path", "")))
        if route is None:
            return self._router(scope, receive, send)
        scope["route"] = route
        return route.app(scope, receive, send)
