# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site of the documentation; `make docs` puts the pages beside this file."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

project = "devfleet.pip"
project_copyright = "2026, the devfleet.pip authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
html_title = "devfleet.pip"
html_show_sphinx = False
html_theme_options = {
    "collapse_navigation": False,
    "display_version": False,
    "topbar_links": {},
    "vcs_pageview_mode": "",
}
highlight_language = "YAML+Jinja"
myst_heading_anchors = 3
nitpicky = True

# Where the labels of Ansible's own documentation are; so the site is built without asking a host for their list.
ANSIBLE = "https://docs.ansible.com/ansible/latest"
PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
MODULE = re.compile(r"ansible_collections\.(?!devfleet\.)(\w+)\.(\w+)\.(\w+_module)$")


def link_to_ansible(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Return the link that a label of Ansible's documentation stands for; None for any other."""
    label = node.get("reftarget", "")
    found = MODULE.match(label)
    page = "collections/{}/{}/{}.html".format(*found.groups()) if found else PAGES.get(label)
    return nodes.reference("", "", content, internal=False, refuri=f"{ANSIBLE}/{page}") if page else None


def setup(app: Any) -> None:
    app.connect("missing-reference", link_to_ansible)
