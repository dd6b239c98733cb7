"""The application and its routes without wrappers around an endpoint: what goes wrong is the middleware's."""

from collections.abc import Awaitable

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send


class Application(Starlette):
    """Starlette's application; exceptions pass through to the middleware, which turns them into answers."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the router inside the middleware, without Starlette's own two layers for exceptions."""
        # `/spApi/storeTokens/` is another address than `/spApi/storeTokens`, and is not there.
        self.router.redirect_slashes = False
        app: ASGIApp = DirectRoutes(self.router)
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app


class MethodRoute(Route):
    """One method of one path, whose `endpoint` is an ASGI application.

    GET brings HEAD along only where that is said (`by_head`): a callback from Amazon does something.
    """

    def __init__(self, method: str, path: str, endpoint: ASGIApp, *, by_head: bool = False) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.methods = {method, "HEAD"} if by_head else {method}


class PrefixRoute(BaseRoute):
    """Every method of every path below a prefix: `endpoint` looks at them itself, as they were sent.

    `path` is what the log, the metrics and the audit call it.
    """

    def __init__(self, prefix: str, path: str, endpoint: ASGIApp) -> None:
        self.prefix = prefix
        self.path = path
        self.app = endpoint

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell the router that it is none of these, which DirectRoutes has found by then."""
        return Match.NONE, {}


class DirectRoutes:
    """Finds routes by the path itself, or its beginning; the router tries the patterns of the others."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._routes = {
            (method, route.path): route
            for route in router.routes
            if isinstance(route, MethodRoute) and not route.param_convertors
            for method in route.methods or ()
        }
        self._below = [route for route in router.routes if isinstance(route, PrefixRoute)]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take one request, or whatever else the server says. Raise HTTPException where there is no route."""
        # Only requests have a method and a path.
        path = scope.get("path", "")
        route: MethodRoute | PrefixRoute | None = self._routes.get((scope.get("method", ""), path))
        if route is None:
            route = next((each for each in self._below if path.startswith(each.prefix)), None)
        if route is None:
            return self._router(scope, receive, send)
        scope["route"] = route
        return route.app(scope, receive, send)
