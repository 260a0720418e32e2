# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that people write into pip's files though they belong elsewhere: to another file, program or time.

Each table maps what to do to the names, which a message follows with its advice instead of the nearest name.
"""

from __future__ import annotations

_SECTIONS = {
    "this names a level and no command; put the option into [global] of that level's file": (
        "env environment machine site system user"
    ),
    "put what is for every command into [global]": "all common default defaults general main pip pip.conf settings",
    "this section belongs into ~/.pypirc, which twine reads; move it there": (
        "distutils pypi pypitest server-login testpypi"
    ),
    "this section belongs to setuptools (setup.cfg or ~/.pydistutils.cfg); what pip is to know goes into [global]": (
        "aliases bdist bdist_wheel build build_ext build_py develop easy_install egg_info install_lib metadata options"
        " sdist"
    ),
    "this section is another program's; move it to that program's file": (
        "flake8 mypy pytest tool tox twine uv virtualenv"
    ),
}
_KEYS = {
    "pip has no such option any more, as it always uses the virtual environment that it runs in; remove it": (
        "respect-virtualenv"
    ),
    "it belongs into ~/.pypirc, which twine reads; move it there": "index-servers repository",
    "put user name and password into the URL, into a netrc file or into a keyring": "password username",
    "it belongs to setuptools (setup.cfg or ~/.pydistutils.cfg); move it there": (
        "allow-hosts always-copy always-unzip exec-prefix exclude-scripts home install-base install-data install-dir"
        " install-headers install-lib install-platlib install-purelib install-scripts multi-version optimize record"
        " script-dir single-version-externally-managed site-dirs zip-ok"
    ),
    "set the environment variable no_proxy for the hosts to reach without the proxy": "no-proxy noproxy proxy-exclude",
    "use 'proxy', which holds for http and https": "all-proxy ftp-proxy http-proxy https-proxy proxies proxy-url",
    "use 'cert' with the file of the authority's certificate": (
        "ca ca-bundle ca-cert ca-certs ca-file cacert cafile cert-file certfile certificate requests-ca-bundle"
        " ssl-cert ssl-cert-file"
    ),
    "use 'trusted-host' with the names of the hosts": (
        "allow-insecure-host insecure insecure-host no-verify-ssl ssl-no-verify ssl-verify strict-ssl verify verify-ssl"
    ),
    "use 'index-url'": "default-index index-server mirror primary-index registry repository-url",
    "use 'extra-index-url'": "additional-index-url secondary-index",
    "it is an option of uv; move it to uv.toml": (
        "compile-bytecode exclude-newer index-strategy link-mode native-tls prerelease python-downloads"
        " python-preference resolution system-certs"
    ),
}


def _by_name(table: dict[str, str]) -> dict[str, str]:
    return {name: advice for advice, names in table.items() for name in names.split()}


SECTIONS = _by_name(_SECTIONS)
KEYS = _by_name(_KEYS)
