"""Access to a model's files."""

from __future__ import annotations

import shutil
from pathlib import Path


class Storage:
    """Access to files of this machine. A cluster's storage initializer fetches others before the start."""

    @staticmethod
    def download(uri: str, out_dir: str | None = None) -> str:
        """Return the path of a local path or ``file://`` URI; copy the files to ``out_dir`` first, if given.

        Raises:
            ValueError: the files are on another machine.
            FileNotFoundError: no file or folder has this path.
        """
        place = str(uri).removeprefix("file://")
        if "://" in place:
            raise ValueError(
                f"{uri!r} is not on this machine, and seldon-runtime-compat cannot fetch it: let a storage "
                "initializer fetch the files before the start (modelUri of a SeldonDeployment), or fetch "
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
