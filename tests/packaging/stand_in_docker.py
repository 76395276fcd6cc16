"""Stands in for ``docker`` where no engine runs: executes a Dockerfile's steps for real, in a scratch folder.

    build [--build-arg NAME=VALUE]... [-t TAG] CONTEXT
    run [-e NAME=VALUE]... [--env-file FILE] [-p PORT:PORT] [-v FOLDER:PLACE] IMAGE
    health [-e NAME=VALUE]... IMAGE         what HEALTHCHECK says of a container run with these variables

FROM becomes a new virtual environment of this Python, the root of files a folder below ``$STAND_IN_DOCKER``;
COPY copies to folders; there is no isolation. As in an engine, a step whose inputs have not changed is not
run again; one RUN may install. USER becomes: the folder cannot be written to, and root gives up its
privileges. ``-p`` sets the port of the first transport.
"""

from __future__ import annotations

import argparse
import fcntl
import fnmatch
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter

STATE = Path(os.environ["STAND_IN_DOCKER"])
IGNORED = {"COMMENT", "EXPOSE"}
PIP = """#!/bin/sh
exec {python} -m pip --python {environment}/bin/python "$@"
"""


class Build:
    """The steps so far: ``key`` stands for all that they were made of."""

    def __init__(self, context: Path, arguments: dict[str, str]) -> None:
        self.context = context
        self.given = arguments
        self.arguments: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.key = ""
        self.root: Path | None = None
        self.place = PurePosixPath("/")
        self.environment: Path | None = None
        self.command = self.health = ""
        self.user = "0"

    def expanded(self, value: str) -> list[str]:
        return list(WordSplitter(value, args=self.arguments, envs=self.variables).split())

    def change(self, *causes: Any) -> Path:
        """The folder of the next layer."""
        self.key = hashlib.sha256(repr((self.key, causes)).encode()).hexdigest()[:16]
        return STATE / "layers" / self.key

    def step(self, instruction: str, value: str) -> None:
        getattr(self, f"do_{instruction.lower()}")(value)

    def do_from(self, value: str) -> None:
        (value,) = self.expanded(value)
        assert re.fullmatch(r"python:3\.\d+-slim(@sha256:[0-9a-f]{64})?", value), value
        self.root = self.change(value) / "root"
        self.root.mkdir(parents=True, exist_ok=True)

    def do_arg(self, value: str) -> None:
        name, has_default, default = value.partition("=")
        if name in self.given or has_default:
            self.arguments[name] = self.given.get(name, default)

    def do_env(self, value: str) -> None:
        words = self.expanded(value)
        if "=" not in words[0]:  # the old form, of one variable
            words = [f"{words[0]}={' '.join(words[1:])}"]
        self.variables.update(word.split("=", 1) for word in words)

    def do_workdir(self, value: str) -> None:
        self.place /= value
        self._layer(lambda root: self._inside(root).mkdir(parents=True, exist_ok=True), value)

    def do_user(self, value: str) -> None:
        (self.user,) = self.expanded(value)

    def do_copy(self, value: str) -> None:
        source, target = self.expanded(value)
        names = [name for name in self._files() if source == "." or fnmatch.fnmatchcase(name, source)]
        assert names, f"nothing to copy: {value}"
        contents = {name: hashlib.sha256((self.context / name).read_bytes()).hexdigest() for name in names}

        def copy(root: Path) -> None:
            for name in names:
                copied = self._inside(root, target) / name
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(self.context / name, copied)

        self._layer(copy, "COPY", self.place, target, contents)

    def do_run(self, value: str) -> None:
        assert self.environment is None, "one RUN"

        def install(root: Path) -> None:
            print(f"RUN {value}", flush=True)
            environment = root.parent / "environment"
            venv.create(environment, with_pip=False, symlinks=True)
            pip = environment / "bin" / "pip"
            pip.write_text(PIP.format(python=sys.executable, environment=environment))
            pip.chmod(0o755)
            variables = {**os.environ, **self.arguments, **self.variables, "PATH": _path(environment)}
            subprocess.run(["/bin/sh", "-c", value], cwd=self._inside(root), env=variables, check=True)

        self.environment = self._layer(install, "RUN", value, self.arguments, self.variables) / "environment"

    def do_healthcheck(self, value: str) -> None:
        match = re.fullmatch(r"(--[\w-]+=\S+\s+)*CMD\s+(.*)", value, re.S)
        assert match, value
        self.health = match[2]

    def do_cmd(self, value: str) -> None:
        self.command = value

    def _files(self) -> list[str]:
        ignore = self.context / ".dockerignore"
        lines = ignore.read_text().splitlines() if ignore.exists() else []
        patterns = [line for line in lines if line and not line.startswith("#")]
        found = sorted(path.relative_to(self.context) for path in self.context.rglob("*") if path.is_file())
        return [str(path) for path in found if not any(_is_ignored(path, pattern) for pattern in patterns)]

    def _layer(self, make: Callable[[Path], None], *causes: Any) -> Path:
        """The next layer's folder; its ``root`` is a copy of the one before that ``make`` has changed."""
        assert self.root is not None, "no FROM"
        before, folder = self.root, self.change(*causes)
        self.root = folder / "root"
        done = folder / "done"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(before, self.root)
            make(self.root)
            done.touch()
        return folder

    def _inside(self, root: Path, folder: str = ".") -> Path:
        """Where a folder of the image is, seen from WORKDIR."""
        return root / (self.place / folder).relative_to("/")

    def image(self) -> dict[str, Any]:
        assert self.root is not None
        assert self.environment is not None
        app = self._inside(self.root)
        if self.user != "0":
            for path in [app, *app.rglob("*")]:
                path.chmod(path.stat().st_mode & (0o777 if path.name == "seldon-state" else 0o555))
        return {
            "app": str(app),
            "variables": {**self.variables, "PATH": _path(self.environment)},
            "command": self.command,
            "health": self.health,
            "user": self.user,
        }


def _path(environment: Path) -> str:
    return f"{environment}/bin:/usr/local/bin:/usr/bin:/bin"


def _is_ignored(path: Path, pattern: str) -> bool:
    """Patterns are of the context's root, but for ``**/``, which are of any folder."""
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatchcase(part, pattern[3:]) for part in path.parts)
    return any(fnmatch.fnmatchcase(str(folder), pattern) for folder in (path, *path.parents))


def build(options: argparse.Namespace) -> None:
    steps = Build(Path(options.context).resolve(), _pairs(options.build_arg))
    recipe = io.BytesIO((steps.context / "Dockerfile").read_bytes())
    file = _file(options.tag)
    file.parent.mkdir(parents=True, exist_ok=True)
    with (STATE / "lock").open("w") as lock:  # one build at a time: layers are shared
        fcntl.flock(lock, fcntl.LOCK_EX)
        for step in DockerfileParser(fileobj=recipe).structure:
            if step["instruction"] not in IGNORED:
                steps.step(step["instruction"], step["value"])
        file.write_text(json.dumps(steps.image()))


def run(options: argparse.Namespace, what: str = "command") -> NoReturn:
    image = json.loads(_file(options.image).read_text())
    variables = dict(image["variables"])
    if options.env_file:
        lines = Path(options.env_file).read_text().splitlines()
        variables |= _pairs([line for line in lines if line and not line.startswith("#")])
    if options.publish:
        variables["PREDICTIVE_UNIT_SERVICE_PORT"] = options.publish.partition(":")[0]
    variables |= _pairs(options.env)
    command = ["/bin/sh", "-c", image[what]]
    if image["user"] != "0" and os.geteuid() == 0 and shutil.which("setpriv"):
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    os.chdir(image["app"])
    os.execvpe(command[0], command, variables)


def health(options: argparse.Namespace) -> NoReturn:
    run(options, "health")


def _file(tag: str) -> Path:
    return STATE / "images" / f"{tag.replace('/', '_')}.json"


def _pairs(words: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def main() -> None:
    parser = argparse.ArgumentParser("docker")
    commands = parser.add_subparsers(required=True)
    building = commands.add_parser("build")
    building.add_argument("--build-arg", action="append", default=[])
    building.add_argument("-t", "--tag", default="latest")
    building.add_argument("context")
    building.set_defaults(act=build)
    for name, act in (("run", run), ("health", health)):
        running = commands.add_parser(name)
        running.add_argument("-e", "--env", action="append", default=[])
        running.add_argument("--env-file")
        running.add_argument("-p", "--publish")
        running.add_argument("-v", "--volume")
        running.add_argument("--rm", action="store_true")
        running.add_argument("image")
        running.set_defaults(act=act)
    options = parser.parse_args()
    options.act(options)


if __name__ == "__main__":
    main()
