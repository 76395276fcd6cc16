"""Where a model's files are."""

from __future__ import annotations

import shutil
from pathlib import Path


class Storage:
    """Files on this machine only. A cluster's storage initializer brings others before the start."""

    @staticmethod
    def download(uri: str, out_dir: str | None = None) -> str:
        """The folder or file of a path or ``file://`` URI, copied into ``out_dir`` if that is given.

        Raises:
            ValueError: it is on another machine.
            FileNotFoundError: there is no such file or folder.
        """
        place = str(uri).removeprefix("file://")
        if "://" in place:
            raise ValueError(
                f"{uri!r} is not on this machine, and seldon-runtime-compat fetches nothing: let a storage "
                "initializer bring the files before the start (modelUri of a SeldonDeployment), or fetch "
                "them in load() with the client of that store"
            )
        found = Path(place)
        if not found.exists():
            raise FileNotFoundError(f"there is no file or folder {place!r}")
        if out_dir is None:
            return place
        if found.is_dir():
            return str(shutil.copytree(found, out_dir, dirs_exist_ok=True))
        Path(out_dir).mkdir(parents=True, exist_ok=True)
        shutil.copy2(found, out_dir)
        return out_dir
