"""What an environment holds on disk for a set of requirements. Runs in every system's own environment, so it imports
nothing of ours, and of others only `packaging`, which all of them hold."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def closure(requirements: Iterable[str]) -> set[str]:
    """The distributions that these requirements (PEP 508) are made of, with all they require: canonical names.

    Raises importlib.metadata.PackageNotFoundError when one of them is not installed.
    """
    seen: set[tuple[str, frozenset[str]]] = set()
    open_ends = [Requirement(text) for text in requirements]
    while open_ends:
        wanted = open_ends.pop()
        known = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if known in seen:
            continue
        seen.add(known)
        required = [Requirement(line) for line in distribution(wanted.name).requires or ()]
        open_ends += [requirement for requirement in required if _applies(requirement, wanted.extras)]
    return {name for name, _ in seen}


def _applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def installed_bytes(names: Iterable[str]) -> int:
    """Bytes of all files that these distributions installed, byte code included; a file of two counts once."""
    files = {Path(str(file.locate())) for name in names for file in distribution(name).files or ()}
    return sum(file.stat().st_size for file in files if file.is_file())


def imported(requirements: Sequence[str]) -> list[str]:
    """Those of the requirements of which this process has imported something."""
    owners = packages_distributions()
    modules = {module.partition(".")[0] for module in sys.modules}
    names = {canonicalize_name(name) for module in modules for name in owners.get(module, ())}
    return [text for text in requirements if canonicalize_name(Requirement(text).name) in names]
