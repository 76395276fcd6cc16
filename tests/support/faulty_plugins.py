"""The sources of a faulty plugin ``bad``, which is the module of a distribution ``acme-bad``."""

from __future__ import annotations

HEAD = "import click, sys\nfrom seldon_runtime.plugin import *\n"
LABEL = "plugin 'bad' (acme-bad 1.0, acme_bad)"
"""The plugin in messages, behind its kind."""
OBSERVER = """
class Watches(Observer):
    def lifecycle_changed(self, state):
        BODY

@hookimpl
def seldon_observer():
    return Watches()
"""
TRANSPORT = """
import threading, time

class Silent:
    name, address = "silent", "silent:nowhere"
    def __init__(self, settings=None): pass
    def start(self): {start}
    def stop_accepting(self): {stop_accepting}
    def stop(self, grace_s): {stop}

@hookimpl
def seldon_transport(settings):
    {hook}
    return {given}
"""


def hook(signature: str, body: str) -> str:
    """A plugin with one hook."""
    return f"{HEAD}@hookimpl\ndef {signature}:\n    {body}\n"


def observer(body: str) -> str:
    """A plugin with an observer, which runs ``body`` at each state of the process."""
    return HEAD + OBSERVER.replace("BODY", body)


def transport(
    start: str = "pass",
    stop_accepting: str = "pass",
    stop: str = "pass",
    hook: str = "pass",
    given: str = "Silent()",
) -> str:
    """A plugin with a transport: what its methods and its hook do, and what the hook returns."""
    return HEAD + TRANSPORT.format(
        start=start, stop_accepting=stop_accepting, stop=stop, hook=hook, given=given
    )
