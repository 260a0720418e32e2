# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small Windows host for tests: files, owners, rights, environment and registry, as plain data.

It answers those modules of ansible.windows that the collection calls, by their documentation. It proves what the
collection asks of a Windows host, and what it makes of the answers; it does not prove what a real one answers.
"""

from __future__ import annotations

import base64
import hashlib
import ntpath
import re
from typing import Any, Callable, Dict

from ansible_collections.devfleet.pip.tests.windows_stand_in.documentation import (
    ContractError,
    check_arguments,
    check_result,
    documented,
    source_of,
)

Result = Dict[str, Any]

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"
USERS = "S-1-5-32-545"
AUTHENTICATED_USERS = "S-1-5-11"
PROFILES = r"HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
ENVIRONMENTS = {
    r"HKLM:\SYSTEM\CurrentControlSet\Control\Session Manager\Environment": "machine",
    r"HKCU:\Environment": "user",
}

_ACCOUNTS = {
    SYSTEM: r"NT AUTHORITY\SYSTEM",
    AUTHENTICATED_USERS: r"NT AUTHORITY\Authenticated Users",
    ADMINISTRATORS: r"BUILTIN\Administrators",
    USERS: r"BUILTIN\Users",
}
_LONGEST_PATH = 259
_HELD = "The process cannot access the file '{}' because it is being used by another process."


class ModuleError(Exception):
    """What a module fails with: ``str(failure)`` is its message."""


class WindowsHost:
    """A host and its state. ``state`` is JSON: whoever keeps it between two tasks keeps the host.

    accounts: {sid: name}; profiles: {sid: path}; user: the sid that modules run as, an administrator, whose files
    belong to the administrators; environment: {variable: value} of each level (process, user, machine); nodes:
    everything in the file system, under its path in lower case. held_open: files and links that another process has
    open; held_for_reading: files that it lets others read; denied: paths that only their owner may look at or into;
    hidden_owners: directories in which only administrators may see what belongs to whom;
    written_by_another: {path: text that another process writes as soon as the file has been read}; calls: the modules
    that were run, each with its arguments; event_log: what they wrote to the event log.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        self.is_check_mode = False
        self.task_environment: dict[str, str] = {}

    # What tests say and ask

    def add_file(self, path: str, content: bytes, owner: str | None = None) -> None:
        """Put a file there, and the directories that lead to it."""
        self._make_directories(ntpath.dirname(path), owner)
        self._nodes[self._key(path)] = self._new_node(path, owner, content=base64.b64encode(content).decode())

    def add_directory(self, path: str, owner: str | None = None) -> None:
        """Put a directory there, and those that lead to it."""
        self._make_directories(path, owner)

    def add_link(self, path: str, target: str, kind: str = "symbolic link", owner: str | None = None) -> None:
        """Put a link there; ``kind``: 'symbolic link' or 'junction'."""
        self._make_directories(ntpath.dirname(path), None)
        self._nodes[self._key(path)] = self._new_node(path, owner, link=kind, target=target)

    def content(self, path: str) -> bytes | None:
        """Return a file's bytes; None where there is no file."""
        node = self._find(path)
        return base64.b64decode(node["content"]) if node and "content" in node else None

    def files(self) -> dict[str, bytes]:
        """Return all files."""
        return {node["path"]: base64.b64decode(node["content"]) for node in self._nodes.values() if "content" in node}

    def node(self, path: str) -> dict[str, Any]:
        """Return what is known of a file or directory, links followed."""
        node = self._find(path)
        assert node is not None, f"{path} does not exist"
        return node

    def access(self, path: str) -> list[dict[str, Any]]:
        """Return the rules by which a file or directory may be used, inherited ones too."""
        node = self.node(path)
        parent = ntpath.dirname(node["path"])
        if node["is_protected"] or parent == node["path"]:
            return list(node["rules"])
        inherited = [{**rule, "is_inherited": True} for rule in self.access(parent)]
        return list(node["rules"]) + inherited

    # What the connection hands over

    def run(self, module: str, arguments: dict[str, Any], environment: dict[str, str] | None = None) -> Result:
        """Run a module of ansible.windows; return its result. Raise ContractError for what is not documented."""
        self.is_check_mode = bool(arguments.get("_ansible_check_mode"))
        self.task_environment = environment or {}
        if module not in MODULES:
            raise ContractError(f"The stand-in has no module ansible.windows.{module}.")
        checked = check_arguments(module, arguments)
        self.state["calls"].append({"module": module, "check_mode": self.is_check_mode, "arguments": checked})
        if not arguments.get("_ansible_no_log"):  # as Ansible.Basic does, which most modules are built on
            self.state["event_log"].append({"module": module, "arguments": checked})
        if self.is_check_mode and not re.search(r"supports_check_mode\s*=?\s*\$true", source_of(module)):
            return {"changed": False, "skipped": True, "msg": "remote module does not support check mode"}
        try:
            result = {"changed": False, **MODULES[module](self, checked)}
        except ModuleError as failure:
            return {"changed": False, "failed": True, "msg": str(failure)}
        if "_copy_mode" not in checked:
            check_result(module, result)
        return result

    def put_file(self, path: str, content: bytes) -> None:
        """Receive a file from the controller."""
        self.add_file(self.expanded(path), content)

    def make_temporary_directory(self, directory: str, name: str) -> str:
        """Make a directory for the files of a task; return its path."""
        path = ntpath.join(self.expanded(directory), name)
        self._make_directories(path, None)
        return path

    def remove_tree(self, path: str) -> None:
        """Remove a file or directory, and all that is in it."""
        key = self._key(path)
        for found in [found for found in self._nodes if found == key or found.startswith(key + "\\")]:
            del self._nodes[found]

    def expanded(self, path: str) -> str:
        """Return a path as a module's path option takes it: variables expanded."""
        return re.sub(r"%([^%]+)%", lambda match: self._variables().get(match[1].upper(), match[0]), path)

    # The modules

    def _slurp(self, arguments: dict[str, Any]) -> Result:
        path = self.expanded(arguments["src"])
        node = self._find(path)
        if node is None:
            raise ModuleError(f"Path {path} is not found")
        self._refuse_denied(node)
        if "content" not in node:
            raise ModuleError(f"Path {path} is a directory")
        self._refuse_held(node, 'Exception calling "ReadAllBytes" with "1" argument(s): ')
        result = {"content": node["content"], "encoding": "base64"}
        other = self.state["written_by_another"].pop(node["path"], None)
        if other is not None:
            node["content"] = base64.b64encode(other.encode()).decode()
        return result

    def _win_stat(self, arguments: dict[str, Any]) -> Result:
        path = self.expanded(arguments["path"])
        node = self._find(path) if arguments["follow"] else self._find_link(path)
        if node is None or self._is_denied(node):  # the module makes no difference
            return {"stat": {"exists": False}}
        stat = self._facts(node)
        if arguments["get_size"]:
            contents = [found["content"] for found in self._tree(node["path"]) if "content" in found]
            stat["size"] = sum(len(base64.b64decode(content)) for content in contents)
        if arguments["get_checksum"] and "content" in node:
            self._refuse_held(node, "Failed to get hash of file, set get_checksum to False to ignore this error: ")
            stat["checksum"] = hashlib.new(
                arguments["checksum_algorithm"], base64.b64decode(node["content"])
            ).hexdigest()
        return {"stat": stat}

    def _facts(self, node: dict[str, Any]) -> dict[str, Any]:
        """Return what win_stat and win_find tell of everything."""
        link = node.get("link")
        is_dir = "content" not in (self._find(node["path"]) or node)
        attributes = ["Directory"] * is_dir + ["ReparsePoint"] * (link is not None)
        if node["path"] in self.state["held_open"]:
            link = None  # what kind of link it is, the modules cannot ask then, and only warn of that
        facts = {
            "exists": True,
            "attributes": ", ".join(attributes) or "Archive",
            "path": node["path"],
            "filename": ntpath.basename(node["path"]),
            "isdir": is_dir,
            "isreg": "content" in node,
            "islnk": link == "symbolic link",
            "isjunction": link == "junction",
            "nlink": node.get("nlink", 1),
            "owner": self._name_of(node["owner"]),
        }
        return {**facts, "lnk_target": node["target"], "lnk_source": node["target"]} if link else facts

    def _win_find(self, arguments: dict[str, Any]) -> Result:
        if not arguments["hidden"] or arguments["get_checksum"]:
            raise ContractError("The stand-in finds what is hidden, too, and computes no checksums.")
        kinds = {"directory": [True], "file": [False], "any": [True, False]}[arguments["file_type"]]
        found = []
        for path in arguments["paths"]:
            if path in self.state["hidden_owners"]:
                raise ModuleError("Attempted to perform an unauthorized operation.")
            top = self._find(path)
            if top is None or "content" in top:
                continue  # the module warns, and goes on
            inside = self._key(top["path"]).rstrip("\\") + "\\"
            for key, node in self._nodes.items():
                is_deeper = "\\" in key[len(inside) :]
                if self._is_denied(self._nodes.get(ntpath.dirname(key), top)):
                    continue
                if key.startswith(inside) and key != inside and (arguments["recurse"] or not is_deeper):
                    facts = {**self._facts(node), "path": ntpath.join(path, node["path"][len(inside) :])}
                    if facts["isdir"] in kinds:
                        found.append(facts)
        return {"files": sorted(found, key=lambda file: str(file["path"])), "matched": len(found)}

    def _win_copy(self, arguments: dict[str, Any]) -> Result:
        mode = arguments.get("_copy_mode")
        if mode == "query":
            return {"files": self._files_that_differ(arguments), "directories": [], "symlinks": []}
        if mode != "single":
            raise ContractError(f"The stand-in has no mode {mode} of ansible.windows.win_copy.")
        if self.is_check_mode:
            raise ContractError("ansible.windows.win_copy copies no single file in check mode.")
        path = self.expanded(arguments["dest"])
        parent = self._find(ntpath.dirname(path))
        if parent is None or "content" in parent:
            raise ModuleError(f"Destination directory '{ntpath.dirname(path)}' does not exist")
        content = self.node(arguments["src"])["content"]
        node = self._find(path)
        result: Result = {"changed": True}
        if node is not None:
            if arguments["backup"]:
                result["backup_file"] = f"{node['path']}.4711.20261124-040500.bak"
                self.add_file(result["backup_file"], base64.b64decode(node["content"]))
            self._refuse_held(node, "")
            self._refuse_denied(node)
            if node["path"] in self.state["held_for_reading"]:
                raise ModuleError(_HELD.format(node["path"]))
            node["content"] = content
        else:
            self.add_file(path, base64.b64decode(content))
        return result

    def _files_that_differ(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        differing = []
        for file in arguments["files"]:
            path = ntpath.join(self.expanded(arguments["dest"]), file["dest"])
            content = self.content(path)
            if content is None or hashlib.sha1(content).hexdigest() != file["checksum"]:
                differing.append(file)
        return differing

    def _win_file(self, arguments: dict[str, Any]) -> Result:
        path = self.expanded(arguments["path"])
        node = self._find_link(path)
        if node is not None:
            self._refuse_denied(node)
        if arguments.get("state") == "directory":
            if node is not None and "content" in node:
                raise ModuleError(f"path {path} is not a directory")
            if node is None and not self.is_check_mode:
                self._make_directories(path, None)
            return {"changed": node is None}
        if arguments.get("state") == "absent":
            if node is not None and "content" in node:
                self._refuse_held(node, f"Failed to delete {path}: ")
            if node is not None and not self.is_check_mode:
                self.remove_tree(node["path"])
            return {"changed": node is not None}
        raise ContractError(f"The stand-in has no state {arguments.get('state')} of ansible.windows.win_file.")

    def _win_owner(self, arguments: dict[str, Any]) -> Result:
        path = self.expanded(arguments["path"])
        sid = self._sid_of(arguments["user"])
        nodes = self._tree(path) if arguments["recurse"] else [self._existing(path)]
        strangers = [node for node in nodes if node["owner"] != sid]
        if not self.is_check_mode:
            for node in strangers:
                node["owner"] = sid
        return {"changed": bool(strangers)}

    def _win_acl(self, arguments: dict[str, Any]) -> Result:
        node = self._existing(arguments["path"])  # not expanded: its type is str
        inherit = arguments.get("inherit") or "ContainerInherit, ObjectInherit"
        rule = {
            "sid": self._sid_of(arguments["user"]),
            "rights": arguments["rights"],
            "type": arguments["type"],
            "inherit": inherit if "content" not in node else "None",
        }
        has_rule = rule in node["rules"]
        if not self.is_check_mode and arguments["state"] == "present" and not has_rule:
            node["rules"].append(rule)
        elif not self.is_check_mode and arguments["state"] == "absent" and has_rule:
            node["rules"].remove(rule)
        return {"changed": (arguments["state"] == "present") != has_rule}

    def _win_acl_inheritance(self, arguments: dict[str, Any]) -> Result:
        path = self.expanded(arguments["path"])
        node = self._existing(path)
        is_protected = arguments["state"] == "absent"
        is_changed = node["is_protected"] != is_protected
        if is_changed and not self.is_check_mode:
            if is_protected and arguments["reorganize"]:
                node["rules"] = [
                    {name: value for name, value in rule.items() if name != "is_inherited"}
                    for rule in self.access(path)
                ]
            node["is_protected"] = is_protected
        return {"changed": is_changed}

    def _win_environment(self, arguments: dict[str, Any]) -> Result:
        given = arguments.get("variables")
        if given is None:
            if not arguments.get("name") or not arguments.get("state"):
                raise ModuleError("one of the following is required: name, variables")
            value = arguments.get("value") if arguments["state"] == "present" else ""
            if arguments["state"] == "present" and not value:
                raise ModuleError("When state=present, value must be defined and not an empty string")
            given = {arguments["name"]: value}
        elif any(arguments.get(name) for name in ("name", "value", "state")):
            raise ModuleError("parameters are mutually exclusive: variables, name, value, state")
        values = {}
        for name, after in given.items():
            values[name] = self._set_variable(arguments["level"], name, str(after or ""))
        last = list(values.values())[-1]
        # The releases of ansible.windows do not agree on the name.
        name_of_all = "env_values" if "env_values" in documented("win_environment")["return"] else "values"
        return {
            "changed": any(value["changed"] for value in values.values()),
            "before_value": last["before"],
            "value": last["after"],
            name_of_all: values,
        }

    def _set_variable(self, level: str, name: str, after: str) -> dict[str, Any]:
        variables = self.state["environment"][level]
        found = next((known for known in variables if known.upper() == name.upper()), None)
        before = variables[found] if found else None
        # PowerShell compares texts without case.
        changed = before is not None if not after else before is None or before.lower() != after.lower()
        if changed and not self.is_check_mode:
            if found:
                del variables[found]
            if after:
                variables[name] = after
        return {"before": before, "after": after or None, "changed": changed}

    def _setup(self, arguments: dict[str, Any]) -> Result:
        if arguments["gather_subset"] != ["!all", "!min", "env"]:
            raise ContractError("The stand-in gathers no facts but the environment.")
        levels = self.state["environment"]
        variables = {**levels["process"], **levels["machine"], **levels["user"], **self.task_environment}
        return {"ansible_facts": {"ansible_env": variables}}

    def _win_whoami(self, _arguments: dict[str, Any]) -> Result:
        sid = self.state["user"]
        domain, _backslash, name = self._name_of(sid).partition("\\")
        groups = []
        for group in (ADMINISTRATORS, AUTHENTICATED_USERS):
            of_group, _backslash, name_of_group = self._name_of(group).partition("\\")
            groups.append({"sid": group, "account_name": name_of_group, "domain_name": of_group, "type": "Alias"})
        account = {"sid": sid, "account_name": name, "domain_name": domain, "type": "User"}
        return {"account": account, "groups": groups}

    def _win_reg_stat(self, arguments: dict[str, Any]) -> Result:
        path = arguments["path"]
        if path in ENVIRONMENTS:
            variables = self.state["environment"][ENVIRONMENTS[path]]
            values = {name: {"value": value, "raw_value": value, "type": "REG_SZ"} for name, value in variables.items()}
            return {"exists": True, "sub_keys": [], "properties": values}
        if path == PROFILES:
            return {"exists": True, "properties": {}, "sub_keys": list(self.state["profiles"])}
        sid = path[len(PROFILES) + 1 :]
        if not path.startswith(PROFILES + "\\") or sid not in self.state["profiles"]:
            return {"exists": False}
        value = {
            "value": self.state["profiles"][sid],
            "raw_value": self.state["profiles"][sid],
            "type": "REG_EXPAND_SZ",
        }
        return {"exists": True, "sub_keys": [], "properties": {"ProfileImagePath": value}}

    # The file system

    @property
    def _nodes(self) -> dict[str, dict[str, Any]]:
        nodes: dict[str, dict[str, Any]] = self.state["nodes"]
        return nodes

    def _key(self, path: str) -> str:
        if len(path) > _LONGEST_PATH:
            raise ModuleError(f"The specified path, file name, or both are too long: {path}")
        return ntpath.normpath(path).lower()

    def _find_link(self, path: str) -> dict[str, Any] | None:
        """Return what stands at a path: the directories on the way may be links, and it itself may be one."""
        if not ntpath.splitdrive(path)[0]:
            raise ContractError(f"The path '{path}' is not absolute when it gets to the host.")
        parent, name = ntpath.split(ntpath.normpath(path))
        if name:
            found = self._find(parent)
            path = ntpath.join(found["path"], name) if found else path
        return self._nodes.get(self._key(path))

    def _find(self, path: str) -> dict[str, Any] | None:
        """Return what a path leads to, every link followed; None where they lead in a circle."""
        try:
            node = self._find_link(path)
            return self._find(node["target"]) if node and "target" in node else node
        except RecursionError:
            return None

    def _existing(self, path: str) -> dict[str, Any]:
        node = self._find(path)
        if node is None:
            raise ModuleError(f"{path} file or directory does not exist on the host")
        return node

    def _tree(self, path: str) -> list[dict[str, Any]]:
        top = self._existing(path)
        inside = self._key(top["path"]) + "\\"
        return [top] + [node for key, node in self._nodes.items() if key.startswith(inside)]

    def _make_directories(self, path: str, owner: str | None) -> None:
        if self._find(path) is None:
            parent = ntpath.dirname(path)
            if parent != path:
                self._make_directories(parent, owner)
                above = self._find(parent)
                path = ntpath.join(above["path"] if above else parent, ntpath.basename(path))
            self._nodes[self._key(path)] = self._new_node(path, owner)

    def _new_node(self, path: str, owner: str | None, **more: Any) -> dict[str, Any]:
        owner = owner or ADMINISTRATORS
        return {"path": ntpath.normpath(path), "owner": owner, "rules": [], "is_protected": False, **more}

    def _refuse_held(self, node: dict[str, Any], prefix: str) -> None:
        if node["path"] in self.state["held_open"]:
            raise ModuleError(prefix + _HELD.format(node["path"]))

    def _is_denied(self, node: dict[str, Any]) -> bool:
        return any((node["path"] + "\\").startswith(path + "\\") for path in self.state["denied"])

    def _refuse_denied(self, node: dict[str, Any]) -> None:
        if self._is_denied(node):
            raise ModuleError("Access is denied")

    # Accounts and the environment

    def _name_of(self, sid: str) -> str:
        return str({**_ACCOUNTS, **self.state["accounts"]}.get(sid, sid))

    def _sid_of(self, user: str) -> str:
        for sid, name in {**_ACCOUNTS, **self.state["accounts"]}.items():
            if user.lower() in (sid.lower(), name.lower(), name.rpartition("\\")[2].lower()):
                return str(sid)
        raise ModuleError(f"{user} is not a valid user or group on the host machine or domain")

    def _variables(self) -> dict[str, str]:
        levels = self.state["environment"]
        merged = {**levels["process"], **levels["machine"], **levels["user"], **self.task_environment}
        return {name.upper(): value for name, value in merged.items()}


MODULES: dict[str, Callable[[WindowsHost, dict[str, Any]], Result]] = {
    "setup": WindowsHost._setup,
    "slurp": WindowsHost._slurp,
    "win_acl": WindowsHost._win_acl,
    "win_acl_inheritance": WindowsHost._win_acl_inheritance,
    "win_copy": WindowsHost._win_copy,
    "win_environment": WindowsHost._win_environment,
    "win_file": WindowsHost._win_file,
    "win_find": WindowsHost._win_find,
    "win_owner": WindowsHost._win_owner,
    "win_reg_stat": WindowsHost._win_reg_stat,
    "win_stat": WindowsHost._win_stat,
    "win_whoami": WindowsHost._win_whoami,
}


def new_state(machine: str = "PC1", users: tuple[str, ...] = ("ada", "grace"), user: str = "ada") -> dict[str, Any]:
    """Return the state of a fresh host with these people, as ``user``, who is an administrator."""
    accounts = {f"S-1-5-21-1-2-3-{1001 + number}": f"{machine}\\{name}" for number, name in enumerate(users)}
    sid_of = {name: sid for sid, name in zip(accounts, users)}
    state: dict[str, Any] = {
        "accounts": accounts,
        "profiles": {SYSTEM: r"C:\WINDOWS\system32\config\systemprofile"},
        "user": sid_of[user],
        "environment": {
            "process": {
                "ProgramData": r"C:\ProgramData",
                "PUBLIC": r"C:\Users\Public",
                "USERNAME": user,
                "USERPROFILE": f"C:\\Users\\{user}",
                "APPDATA": f"C:\\Users\\{user}\\AppData\\Roaming",
                "LOCALAPPDATA": f"C:\\Users\\{user}\\AppData\\Local",
                "TEMP": f"C:\\Users\\{user}\\AppData\\Local\\Temp",
            },
            "user": {},
            "machine": {},
        },
        "nodes": {},
        "held_open": [],
        "held_for_reading": [],
        "denied": [],
        "hidden_owners": [],
        "written_by_another": {},
        "calls": [],
        "event_log": [],
    }
    host = WindowsHost(state)
    for path in (r"C:\ProgramData", r"C:\Users\Public", r"C:\WINDOWS\system32"):
        host.add_directory(path, SYSTEM)
    host.node("C:\\")["rules"] = [_rule(ADMINISTRATORS, "FullControl"), _rule(USERS, "ReadAndExecute")]
    for name, sid in sid_of.items():
        state["profiles"][sid] = f"C:\\Users\\{name}"
        host.add_directory(f"C:\\Users\\{name}", sid)
        profile = host.node(f"C:\\Users\\{name}")
        profile["is_protected"] = True
        profile["rules"] = [_rule(trustee, "FullControl") for trustee in (SYSTEM, ADMINISTRATORS, sid)]
        for folder in ("Roaming", "Local", "Local\\Temp"):
            host.add_directory(f"C:\\Users\\{name}\\AppData\\{folder}", sid)
    return state


def _rule(sid: str, rights: str) -> dict[str, Any]:
    return {"sid": sid, "rights": rights, "type": "allow", "inherit": "ContainerInherit, ObjectInherit"}
