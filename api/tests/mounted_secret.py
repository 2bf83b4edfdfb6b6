"""Files that change on disk as those of a Kubernetes Secret do."""

import shutil
from collections.abc import Mapping
from pathlib import Path


class MountedSecret:
    """A volume as the kubelet mounts a Secret: the files are links into a directory that `..data`
    links to, and a new version comes with a new directory and a swap of that link."""

    def __init__(self, directory: Path, *names: str) -> None:
        self._directory = directory
        self._version = 0
        directory.mkdir()
        for name in names:
            self.path(name).symlink_to(Path("..data") / name)

    def path(self, name: str) -> Path:
        return self._directory / name

    def swap(self, contents: Mapping[str, str]) -> None:
        """Put these contents in the place of those before."""
        previous = self._directory / f"..version-{self._version}"
        self._version += 1
        version = self._directory / f"..version-{self._version}"
        version.mkdir()
        for name, content in contents.items():
            (version / name).write_text(content)
        link = self._directory / "..data_tmp"
        link.symlink_to(version.name)
        link.replace(self._directory / "..data")
        shutil.rmtree(previous, ignore_errors=True)
