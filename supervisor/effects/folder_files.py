"""Files that a program looks for in its folder and above, and that may name code for it to run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from supervisor.effects.model import Listing


def lying(files: Listing, cwd: str, home: str, paths: Sequence[str]) -> Iterator[str]:
    """Each of `paths` that lies in the folder `cwd` or in one above it.

    What lies in the home folder itself is the user's own and does not count. Where none can tell, it may lie
    there.
    """
    for folder in (PurePosixPath(cwd), *PurePosixPath(cwd).parents):
        if str(folder) == home:
            continue
        for path in (str(folder / path) for path in paths):
            if files.lies(path) is not False:
                yield path
