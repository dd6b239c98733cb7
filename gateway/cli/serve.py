"""Serving until a signal comes."""

import argparse

from gateway.server.ending_signals import Stopped
from gateway.server.serve import APP, ServeOptions, serve


def run(options: argparse.Namespace, factory: str = APP) -> None:
    """Serve; the server prints its document itself, once it takes requests. Raise OperatorError.

    Raise KeyboardInterrupt where a signal comes before that.
    """
    values = {name: value for name, value in vars(options).items() if name != "command"}
    try:
        serve(ServeOptions(**values), factory)
    except Stopped:
        raise KeyboardInterrupt from None
