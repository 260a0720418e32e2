# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options do together, over all files and variables: indexes that pip ignores, conflicts that stop it, and hints.

Each pip command is judged by what counts for it. pip's source: ``PipSession.is_secure_origin`` for the trust in a
host, and the checks at the start of each command's ``run`` for the conflicts.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import urllib.parse
from typing import Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple

from ansible_collections.devfleet.pip.plugins.module_utils._host import places as host_places
from ansible_collections.devfleet.pip.plugins.module_utils._pip import checks as pip_checks
from ansible_collections.devfleet.pip.plugins.module_utils._pip import effective as pip_effective
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options as pip_options
from ansible_collections.devfleet.pip.plugins.module_utils._pip import options_data as pip_options_data

IGNORED_INDEX = "ignored_index"
NOT_CACHED = "not_cached"
CONFLICT = "conflict"
USER_INSTALL = "user_install"

_INDEX_COMMANDS = "download index install list lock wheel"
_REQUIREMENT_COMMANDS = "download install lock wheel"
_INDEXES = ("index-url", "extra-index-url", "find-links")
_ARCHIVE = r"[^?#]*\.(whl|zip|tar|tbz|tgz|txz|tlz|tar\.(bz2|gz|xz|lz|lzma))([?#].*)?"

# What pip takes one by one and refuses together: the commands, an option, those of which none may be beside it, and
# the first release that refuses them, where all of them are older. An option stands for one that is on, or set; with
# a word, for that value.
_CONFLICTS = (
    ("install", "user", "target prefix", ""),
    ("install", "target", "prefix", ""),
    (_INDEX_COMMANDS, "pre", "all-releases only-final", ""),
    (_REQUIREMENT_COMMANDS, "require-hashes", "no-require-hashes", ""),
    (
        _REQUIREMENT_COMMANDS, "only-deps",
        "no-deps group requirement requirements-from-script use-deprecated=legacy-resolver", "",
    ),
    (_REQUIREMENT_COMMANDS, "build-constraint", "no-build-isolation=false", ""),
    ("list", "outdated", "uptodate", ""),
    ("list", "outdated", "format=freeze", "22.3"),
    ("freeze inspect list", "path", "local user", ""),
)  # fmt: skip
_COMMANDS = (*_INDEX_COMMANDS.split(), "freeze", "inspect")
_OPTIONS = {
    *_INDEXES, "no-index", "no-user", "trusted-host",
    *(word.partition("=")[0] for _takers, first, rest, _since in _CONFLICTS for word in (first, *rest.split())),
}  # fmt: skip

# From these releases on pip behaves otherwise; the tests hold each against real pips.
_TRUSTED_HTTP_CACHED_SINCE = (21, 3)
_KEYRING_NEEDS_INPUT_SINCE = (23, 1)
_CONSTRAINT_STAYS_OUT_OF_BUILDS = (26, 2)
_PAGES_CACHED_SINCE = (26, 2)

_Place = Tuple[str, Optional[int]]  # a host, and its port


class Trouble(NamedTuple):
    """What goes wrong between options that may be right one by one.

    message: one whole sentence without secrets. origins: what is at fault, that which the sentence names first at the
    head. severity: as of a Finding; WARNING also for a conflict at which only other pips than the given ones stop.
    """

    kind: str
    message: str
    origins: tuple[pip_effective.Origin, ...]
    severity: str = pip_checks.ERROR


def troubles(
    layers: Sequence[pip_effective.Layer], environment: Mapping[str, str], pip_versions: Sequence[str] = ()
) -> list[Trouble]:
    """Return what goes wrong between all options that count, each with every command that it concerns.

    pip_versions: the releases that will read them; empty stands for the newest.
    """
    found: dict[Trouble, list[str]] = {}
    layers = [  # a file may say very much else
        layer._replace(view={section: _of_interest(keys) for section, keys in layer.view.items()}) for layer in layers
    ]
    for command in _COMMANDS:
        options = pip_effective.effective_options(command, layers, environment)
        for trouble in (*_of_indexes(command, options, pip_versions), *_conflicts(command, options, pip_versions)):
            found.setdefault(trouble, []).append(command)
    named = []
    for trouble, commands in found.items():
        key = str(trouble.origins[0].key)
        takers = {taker for option in pip_options.meanings(key) for taker in option.sections}
        is_any = trouble.kind != CONFLICT and takers - {pip_effective.GLOBAL} == set(commands)
        who = "pip" if is_any else pip_effective.listed(f"pip {command}" for command in commands)
        verb = trouble.message.partition(" ")[0]
        message = trouble.message if len(commands) > 1 and not is_any else f"{verb}s{trouble.message[len(verb) :]}"
        named.append(trouble._replace(message=f"{who} {message}"))
    return named


def _of_interest(keys: Mapping[str, str | None]) -> dict[str, str | None]:
    return {
        key: value
        for key, value in keys.items()
        if any(option.name in _OPTIONS for option in pip_options.meanings(key))
    }


def _named(origin: pip_effective.Origin, *others: pip_effective.Origin) -> str:
    """Return how a sentence names an origin: with its file where ``others`` are elsewhere."""
    of_file = f" of {origin.path}" if any(other.path != origin.path for other in others) else ""
    return origin.variable or f"'{origin.key}' in [{origin.section}]{of_file}"


# Indexes over plain http


def _of_indexes(
    command: str, options: Mapping[str, pip_effective.Effective], pip_versions: Sequence[str]
) -> Iterator[Trouble]:
    """Yield the indexes and pages of links that the command ignores, and those of which it caches nothing."""
    trust = options.get(pip_effective.subject_of(command, "trusted-host"))
    trusted = [place for host in (trust.winner.value.split() if trust else ()) for place in _places(_as_url(host))]
    no_index = options.get(pip_effective.subject_of(command, "no-index"))
    is_local = no_index is not None and pip_checks.is_true(no_index.winner.value)
    old = [version for version in pip_versions if pip_options.version_tuple(version) < _TRUSTED_HTTP_CACHED_SINCE]
    for name in _INDEXES[2:] if is_local else _INDEXES:
        effective = options.get(pip_effective.subject_of(command, name))
        for url in effective.winner.value.split() if effective and effective.option else ():
            for host, port in _places(url) if url.lower().startswith("http://") else ():
                assert effective is not None
                origin, others = effective.winner, (trust.winner,) if trust else ()
                what = f"{pip_checks.quoted(url, name)}, for {_named(origin, *others)},"
                is_file = name == "find-links" and re.fullmatch(_ARCHIVE, url, re.IGNORECASE)
                if not is_file and not _is_secure(host, port, trusted):
                    where = _named(trust.winner, origin) if trust else "'trusted-host' in [global]"
                    has_port = any(host == other for other, _port in trusted)
                    message = (
                        f"ignore {what} because it is plain http and no 'trusted-host' for it names {host}"
                        f"{' with this port or none' if has_port else ''}; use https, or add {host} to {where}."
                    )
                    yield Trouble(IGNORED_INDEX, message, (origin, *others))
                elif old or not {(host, port), (host, None)}.intersection(trusted):
                    advice = "" if old else ", or name the host in 'trusted-host'"
                    message = f"keep nothing from {what} in its cache, because it is plain http; use https{advice}."
                    yield Trouble(NOT_CACHED, message, (origin,), pip_checks.WARNING)


def _as_url(host: str) -> str:
    is_bare_address = host.count(":") >= 2 and "@" not in host and "[" not in host
    return f"https://[{host}]" if is_bare_address else f"https://{host}"


def _places(url: str) -> list[_Place]:
    """Return the host and the port of a URL; nothing where pip itself finds none."""
    try:
        parts = urllib.parse.urlsplit(url)
        return [(parts.hostname, parts.port)] if parts.hostname else []
    except ValueError:
        return []


def _is_secure(host: str, port: int | None, trusted: Sequence[_Place]) -> bool:
    """Say whether pip takes pages from this host over plain http."""
    secure: list[_Place] = [("localhost", None), ("127.0.0.0/8", None), ("::1/128", None), *trusted]
    return any(other_port in (None, port) and _is_in(host, other) for other, other_port in secure)


def _is_in(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network)
    except ValueError:
        return network in ("*", host)


# Conflicts


def _conflicts(
    command: str, options: Mapping[str, pip_effective.Effective], pip_versions: Sequence[str]
) -> Iterator[Trouble]:
    """Yield the pairs of options that stop the command together."""
    for commands, first, rest, first_release in _CONFLICTS:
        origin = _origin_of(command, first, options) if command in commands.split() else None
        for second in rest.split() if origin else ():
            other = _origin_of(command, second, options)
            if origin is None or other is None:
                continue
            names = (str(origin.key), str(other.key))
            known = [first_release, *(pip_options.meanings(name)[0].since for name in names)]
            since = max(map(pip_options.version_tuple, known))
            is_known = not pip_versions or any(pip_options.version_tuple(version) >= since for version in pip_versions)
            message = f"stop at {_named(origin, other)} together with {_named(other, origin)}; remove one of them."
            yield Trouble(CONFLICT, message, (origin, other), pip_checks.ERROR if is_known else pip_checks.WARNING)


def _origin_of(
    command: str, wanted: str, options: Mapping[str, pip_effective.Effective]
) -> pip_effective.Origin | None:
    """Return where the option is set to what is ``wanted``; None where it is not."""
    name, _equals, word = wanted.partition("=")
    effective = options.get(pip_effective.subject_of(command, name))
    if effective is None or effective.option is None:
        return None
    value, kind = effective.winner.value, effective.option.kind
    if name in pip_effective.ADDED_UP:
        values = [origin.value for origin in (*effective.adds_to, effective.winner)]
        value = ",".join(values).rpartition(":none:")[2].strip(",")
    is_set = value != ""
    if kind in ("bool", "inverted"):
        is_set = pip_checks.is_true(value) != (word == "false")
    elif word:
        is_set = word in value.split()
    return effective.winner if is_set else None


# Hints

_HINTS = (
    (
        "requires_virtualenv", "require-virtualenv",
        ("'require-virtualenv' makes pip install nothing outside of virtual environments; a task of ansible.builtin.pip"
        " without 'virtualenv' needs PIP_REQUIRE_VIRTUALENV=false in its environment."),
    ),
    (
        USER_INSTALL, "user",
        ("'user' makes every pip install in a virtual environment fail; a task of ansible.builtin.pip with 'virtualenv'"
        " needs PIP_USER=false in its environment."),
    ),
    (
        "requires_hashes", "require-hashes",
        ("'require-hashes' makes pip refuse every package that is named without a version and a hash; a task of"
        " ansible.builtin.pip with 'name' needs PIP_REQUIRE_HASHES=false in its environment."),
    ),
    (
        "no_keyring", "no-input",
        ("'no-input' keeps pip 23.1 and later from asking keyring for passwords; set 'keyring-provider' to 'subprocess'"
        " or 'import', if they are there."),
    ),
    (
        "upload_times", "uploaded-prior-to",
        ("'uploaded-prior-to' makes pip fail with every index that does not tell the upload times of its files; only"
        " file: URLs are exempt. Try it with your index."),
    ),
    (
        "cached_pages", "refresh-package",
        ("pip 26.2 and later take the pages of an index from the cache for as long as its Cache-Control allows; set"
        " 'refresh-package' to the packages whose new releases must be seen at once."),
    ),
    (
        "constraint", "constraint",
        ("'constraint' does not hold for what pip 26.2 and later install to build a package; set 'build-constraint'"
        " too, if it should."),
    ),
)  # fmt: skip
_OTHER_PLACES = ("target", "prefix", "root")
# What uv reads instead of these options.
_UV_VARIABLES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cache-dir": "UV_CACHE_DIR",
    "cert": "SSL_CERT_FILE",
}


class Hint(NamedTuple):
    """What it is about, the option that it concerns, and one whole sentence."""

    kind: str
    key: str
    message: str


def hints_for(
    options: Mapping[str, str],
    pip_versions: Sequence[str] = (),
    is_venv: bool = False,
    programs: Mapping[str, str] | None = None,
) -> list[Hint]:
    """Return the hints about these options of ``pip install``, given by pip's main names of them.

    pip_versions: the pips that read them; none stands for the newest. is_venv: whether that is in a virtual
    environment only. programs: what find_programs() returns.
    """
    programs = programs or {}
    newest = max(map(pip_options.version_tuple, pip_versions or [pip_options_data.PIP_VERSION]))
    on = {name for name, value in options.items() if pip_checks.is_true(value)}
    indexes = [url for name in _INDEXES[:2] for url in options.get(name, "").split()]
    sources = [*(() if "no-index" in on else indexes), *options.get("find-links", "").split()]
    names_a_user = any(re.match("[^/]*//[^/@:]+@", url) for url in indexes)
    has_keyring = "keyring" in programs or "keyring-provider" in options or names_a_user
    due = {
        "requires_virtualenv": "require-virtualenv" in on and not is_venv,
        USER_INSTALL: "user" in on,
        "requires_hashes": "require-hashes" in on,
        "no_keyring": "no-input" in on
        and has_keyring
        and options.get("keyring-provider", "auto") == "auto"
        and newest >= _KEYRING_NEEDS_INPUT_SINCE,
        "upload_times": bool(options.get("uploaded-prior-to"))
        and not (sources and all(source.startswith(("file:", "/", "~", ".")) for source in sources)),
        "cached_pages": bool(indexes and pip_versions)
        and "refresh-package" not in options
        and newest >= _PAGES_CACHED_SINCE,
        "constraint": bool(options.get("constraint") and not options.get("build-constraint"))
        and newest >= _CONSTRAINT_STAYS_OUT_OF_BUILDS,
    }
    found = [Hint(*hint) for hint in _HINTS if due[hint[0]]]
    for name in _OTHER_PLACES:
        if options.get(name):
            message = (
                f"'{name}' makes pip install put every package below {options[name]}, in virtual environments too,"
                " whose Python does not find it there; leave it to the command line where that is not wanted."
            )
            found.append(Hint("other_place", name, message))
    unseen = [name for name in _UV_VARIABLES if options.get(name)] if "uv" in programs else []
    if unseen:
        variables = pip_effective.listed(_UV_VARIABLES[name] for name in unseen)
        who = f"{programs['uv']} ignores"
        if "pipx" in programs:
            who = f"{programs['uv']}, and {programs['pipx']}, which uses it, ignore"
        found.append(
            Hint("other_program", unseen[0], f"{who} pip.conf and PIP_* variables; set {variables} for it as well.")
        )
    return found


def find_programs(homes: Sequence[str] = ()) -> dict[str, str]:
    """Return the paths of the programs that hints_for() knows, as far as users with these homes have them."""
    directories = [os.environ.get("PATH", os.defpath)]
    directories += [os.path.join(home, name) for home in homes for name in (".local/bin", ".cargo/bin")]
    found = {name: shutil.which(name, path=os.pathsep.join(directories)) for name in ("keyring", "pipx", "uv")}
    if found["pipx"] and not found["uv"]:  # pipx may bring its own
        found["uv"] = shutil.which("uv", path=os.path.dirname(host_places.real_path(found["pipx"])))
    return {name: path for name, path in found.items() if path}
