# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pip's options, read from pip's own parsers by tests/tools/read_pip_options.py, which writes the tables of this file.

The tables are text, which a target, at each run, compiles ten times faster than the same as literals.
"""

from __future__ import annotations

from typing import Tuple

PIP_VERSION = """\
26.3"""

COMMANDS = """\
cache check completion config debug download freeze hash help index inspect install list lock search show uninstall \
wheel"""

# name aliases first-release | variant | ...; a variant is commands : dest : kind : allowed words.
# The commands '*' are all of them. The kinds: bool, inverted (a switch that turns its dest off: a file has to say the
# opposite), count, int, float, word, text, path (a leading ~ is expanded), file (a path in an option of plain text),
# url; words, list, paths, files, urls (as many as wanted, parted by blanks); const (for the command line only);
# no-cache (any value turns the cache off).
_OPTIONS = """\
abi 9.0.0 | debug download index install : abis : list
algorithm 8.0.0 | hash : algorithm : word : sha256 sha384 sha512
all 8.1.0 | freeze : freeze_all : bool
all-releases 26.0 | download index install list lock wheel : release_control : text
bash 1.5 | completion : shell : const
break-system-packages 23.0.1 | install uninstall : override_externally_managed : bool
build-constraint 25.3 | download install lock wheel : build_constraints : files
cache-dir 6.0 | * : cache_dir : path
cert 1.5 | * : cert : path
check-build-dependencies 22.1.1 | download install lock wheel : check_build_deps : bool
client-cert 6.0 | * : client_cert : path
compile 1.5 | install : compile : bool
config-settings 22.1 | install lock wheel : config_settings : text
constraint 7.1.0 | download install lock wheel : constraints : files
debug 21.3 | * : debug_mode : bool
dest destination-dir destination-directory 8.0.0 | download : download_dir : file
disable-pip-version-check 6.0 | * : disable_pip_version_check : bool
dry-run 22.2 | install : dry_run : bool
editable 1.5 | install lock wheel : editables : list | list : editable : bool
editor 10.0.0 | config : editor : text
exclude 20.3 | freeze list : excludes : list
exclude-editable 10.0.0 | freeze : exclude_editable : bool | list : include_editable : inverted
exists-action 1.5 | * : exists_action : words : s i w b a
extra-index-url 1.5 | download index install list lock wheel : extra_index_urls : urls
files 1.5 | show : files : bool
find-links 1.5 | download index install list lock wheel : find_links : urls
fish 9.0.0 | completion : shell : const
force-reinstall 1.5 | install : force_reinstall : bool
format 9.0.0 | cache : list_format : word : human abspath | list : list_format : word : columns freeze json
global 10.0.0 | config : global_file : bool
group 25.1 | download install lock wheel : dependency_groups : text
help 1.5 | * : help : const
ignore-installed 1.5 | install : ignore_installed : bool
ignore-requires-python 9.0.0 | download index install lock wheel : ignore_requires_python : bool
implementation 9.0.0 | debug download index install : implementation : text
include-editable 10.0.0 | list : include_editable : bool
index 1.5 | search : index : url
index-url pypi-url 1.5 | download index install list lock wheel : index_url : url
isolated 6.0 | * : isolated_mode : bool
json 25.1 | index : json : bool
keyring-provider 23.1 | * : keyring_provider : word : auto disabled import subprocess
local 1.5 | freeze inspect list : local : bool
log log-file local-log 1.5 | * : log : path
no-binary 7.0.0 | download index install list lock wheel : format_control : text
no-build-isolation 10.0.0 | download install lock wheel : build_isolation : inverted
no-cache-dir 6.0 | * : cache_dir : no-cache
no-clean 1.5 | download install lock wheel : no_clean : bool
no-color 10.0.0 | * : no_color : bool
no-compile 1.5 | install : compile : inverted
no-deps no-dependencies 1.5 | download install lock wheel : ignore_dependencies : bool
no-index 1.5 | download index install list lock wheel : no_index : bool
no-input 1.5 | * : no_input : bool
no-proxy-env 26.2 | * : no_proxy_env : bool
no-python-version-warning 20.0 | * : no_python_version_warning : bool
no-require-hashes 26.2 | download install lock wheel : no_require_hashes : bool
no-user 10.0.0 | install : use_user_site : inverted
no-verify 20.3.4 | wheel : no_verify : bool
no-warn-conflicts 10.0.0 | install : warn_about_conflicts : inverted
no-warn-script-location 10.0.0 | install : warn_script_location : inverted
not-required 9.0.0 | list : not_required : bool
only-binary 7.0.0 | download index install list lock wheel : format_control : text
only-deps only-dependencies 26.2 | download install lock wheel : only_dependencies : bool
only-final 26.0 | download index install list lock wheel : release_control : text
outdated 1.5 | list : outdated : bool
output 25.1 | lock : output_file : path
path 1.5 | freeze inspect list : path : paths
platform 9.0.0 | debug download index install : platforms : list
powershell 22.1 | completion : shell : const
pre 1.5 | download index install list lock wheel : pre : bool
prefer-binary 18.0 | download index install list lock wheel : prefer_binary : bool
prefix 8.0.0 | install : prefix_path : file
progress-bar 10.0.0 | download install lock wheel : progress_bar : word : auto on off raw
proxy 1.5 | * : proxy : text
python 22.3 | * : python : text
python-version 9.0.0 | debug download index install : python_version : text
quiet 1.5 | * : quiet : count
refresh-package 26.2 | download index install list lock wheel : refresh_package : text
report 22.2 | install : json_report_file : file
require-hashes 8.0.0 | download install lock wheel : require_hashes : bool
require-virtualenv require-venv 1.5 | * : require_venv : bool
requirement 1.5 | download freeze install lock uninstall wheel : requirements : files
requirements-from-script 26.0 | download install lock wheel : requirements_from_scripts : files
resume-retries 25.1 | * : resume_retries : int
retries 6.0 | * : retries : int
root 1.5 | install : root_path : file
root-user-action 22.1 | install uninstall : root_user_action : word : warn ignore
site 19.1 | config : site_file : bool
src source source-dir source-directory 1.5 | download install lock wheel : src_dir : path
target 1.5 | install : target_dir : file
timeout default-timeout 1.5 | * : timeout : float
trusted-host 6.0 | * : trusted_hosts : list
upgrade 1.5 | install : upgrade : bool
upgrade-strategy 9.0.0 | install : upgrade_strategy : word : only-if-needed eager
uploaded-prior-to 26.0 | download index install list lock wheel : uploaded_prior_to : text
uptodate 1.5 | list : uptodate : bool
use-deprecated 20.2 | * : deprecated_features_enabled : words : legacy-resolver legacy-certs
use-feature 20.2 | * : features_enabled : words : fast-deps inprocess-build-deps venv-isolation truststore \
no-binary-enable-wheel-cache build-constraint
use-pep517 19.0 | download install lock wheel : use_pep517 : bool
user 1.5 | config : user_file : bool | freeze inspect list : user : bool | install : use_user_site : bool
verbose 1.5 | * : verbose : count
version 1.5 | global : version : bool
wheel-dir 1.5 | wheel : wheel_dir : file
yes 1.5 | uninstall : yes : bool
zsh 1.5 | completion : shell : const"""

# last-release-that-has-them first-release-that-does-not names
_REMOVED = """\
6.1.1 7.0.0 list mirrors no-download no-install no-pyc simulate sort-files unzip use-mirrors zip
7.1.2 8.0.0 download-cache log-explicit-levels
9.0.3 10.0.0 allow-all-external allow-external allow-insecure allow-unverified default-vcs download download-dir \
download-directory egg no-allow-external no-allow-insecure no-use-wheel use-wheel
18.1 19.0 process-dependency-links
19.2.3 19.3 venv
20.0.2 20.1 skip-requirements-regex
20.2.4 20.3 unstable-feature
21.2.4 21.3 build build-dir build-directory
23.0.1 23.1 install-option
25.2 25.3 build-option global-option no-use-pep517"""

# name first-release allowed words; of the options whose words ever changed
_WORD_HISTORY = """\
exists-action 1.5 s i w b
exists-action 9.0.0 s i w b a
format 9.0.0 legacy columns freeze json
format 18.0 columns freeze json
progress-bar 10.0.0 on ascii off pretty emoji
progress-bar 21.0 off on ascii pretty emoji
progress-bar 22.1 on off
progress-bar 24.1 on off raw
progress-bar 25.2 auto on off raw
use-deprecated 20.2
use-deprecated 20.3 legacy-resolver
use-deprecated 21.3 legacy-resolver out-of-tree-build
use-deprecated 22.0 legacy-resolver out-of-tree-build backtrack-on-build-failures html5lib
use-deprecated 22.1 legacy-resolver backtrack-on-build-failures html5lib
use-deprecated 22.2 legacy-resolver
use-deprecated 24.2 legacy-resolver legacy-certs
use-feature 20.2 2020-resolver fast-deps
use-feature 21.1 2020-resolver fast-deps in-tree-build
use-feature 22.1 2020-resolver fast-deps
use-feature 22.2 2020-resolver fast-deps truststore
use-feature 22.3 fast-deps truststore no-binary-enable-wheel-cache
use-feature 25.3 fast-deps build-constraint truststore no-binary-enable-wheel-cache
use-feature 26.0 fast-deps build-constraint inprocess-build-deps truststore no-binary-enable-wheel-cache
use-feature 26.2 fast-deps inprocess-build-deps venv-isolation truststore no-binary-enable-wheel-cache \
build-constraint"""

Variant = Tuple[str, str, str, str]


def _variant(text: str) -> Variant:
    commands, dest, kind, words = [*text.split(" : "), ""][:4]
    return commands, dest, kind, words


OPTIONS: dict[str, tuple[str, str, tuple[Variant, ...]]] = {}  # name -> (first release, aliases, variants)
for _head, *_variants in (line.split(" | ") for line in _OPTIONS.splitlines()):
    _name, *_words, _since = _head.split()
    OPTIONS[_name] = (_since, " ".join(_words), tuple(map(_variant, _variants)))

REMOVED: dict[str, tuple[str, str]] = {}  # name -> (last release that has it, first release that does not)
for _last, _since, *_words in map(str.split, _REMOVED.splitlines()):
    REMOVED.update(dict.fromkeys(_words, (_last, _since)))

WORD_HISTORY: dict[str, tuple[tuple[str, str], ...]] = {}  # name -> ((first release, allowed words), ...)
for _name, _since, *_words in map(str.split, _WORD_HISTORY.splitlines()):
    WORD_HISTORY[_name] = (*WORD_HISTORY.get(_name, ()), (_since, " ".join(_words)))
