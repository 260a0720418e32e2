#!/usr/bin/python
# Copyright (c) 2026, the devfleet.pip authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The caches and the files of pip in one go. The work is done in module_utils: this file is its face for Ansible."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pip_client
short_description: Bring pip's caches and pip's files to their state in one round trip
version_added: 1.0.0
author:
  - The devfleet.pip authors (@devfleet)
description:
  - Does what M(devfleet.pip.pip_cache), then M(devfleet.pip.pip_config), and then M(devfleet.pip.pip_environment) would
    do, and tells what pip will not use.
  - On a fleet the number of tasks is what a run costs. This is the one task of the role
    P(devfleet.pip.pip_client#role).
extends_documentation_fragment:
  - devfleet.pip.attributes
  - devfleet.pip.attributes.changing
  - devfleet.pip.attributes.windows
options:
  cache:
    description:
      - The options of M(devfleet.pip.pip_cache). Without them, or with an empty dictionary, caches are left alone.
      - Where a cache fails, no file is touched. What is plainly wrong with the options of any part is told before
        anything is touched.
    type: dict
  config:
    description:
      - The options of M(devfleet.pip.pip_config). Here C(options) and C(content) may be given together. Then they must
        say the same, and with C(exact) the text becomes the file.
    type: dict
  environment:
    description:
      - The options of M(devfleet.pip.pip_environment). Without them, or with an empty dictionary, environment variables
        are left alone.
      - Where a file of pip fails, no variable is touched.
      - On Windows the places are C(machine_profile), the machine's variables, and C(user_profiles), those of the user
        that the task runs as. The others, and C(users), are refused.
    type: dict
  verify:
    description:
      - Fail where pip would not use an option or a cache of the task, and name what wins. Not in check mode.
      - The variables of O(environment) count too, but for those of services.
    type: bool
    default: false
  only:
    description:
      - Which parts of the task to do. Without it, all of them.
      - V(verify) alone changes nothing, and fails where something would have to be changed, or where pip would not use
        it.
    type: list
    elements: str
    choices: [cache, config, environment, verify]
seealso:
  - module: devfleet.pip.pip_config
  - module: devfleet.pip.pip_cache
  - module: devfleet.pip.pip_environment
"""

EXAMPLES = r"""
- name: Every developer's cache and configuration
  devfleet.pip.pip_client:
    cache:
      users: ["*"]
      cachedir_tag: true
    config:
      users: ["*"]
      options:
        global:
          timeout: 30
    verify: true
  become: true
"""

RETURN = r"""
caches:
  description: As RV(devfleet.pip.pip_cache#module:caches).
  returned: always
  type: list
  elements: dict
files:
  description: As RV(devfleet.pip.pip_config#module:files).
  returned: when no cache failed
  type: list
  elements: dict
shadowed:
  description: As RV(devfleet.pip.pip_config#module:shadowed).
  returned: when no cache failed
  type: list
  elements: dict
pips:
  description: As RV(devfleet.pip.pip_config#module:pips).
  returned: when no cache failed
  type: list
  elements: dict
environment:
  description: As RV(devfleet.pip.pip_environment#module:files).
  returned: when no cache and no file of pip failed
  type: list
  elements: dict
left:
  description: As RV(devfleet.pip.pip_environment#module:left).
  returned: when no cache and no file of pip failed
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.devfleet.pip.plugins.module_utils import _compile_once

_compile_once.install()  # speeds up what follows

from ansible_collections.devfleet.pip.plugins.module_utils import (
    _ini_secrets,
    _pip_cache_task,
    _pip_client_task,
    _pip_config_task,
    _pip_verdict,
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=_pip_client_task.ARGUMENTS, supports_check_mode=True, **_pip_client_task.RULES)
    config, environment = module.params["config"], module.params["environment"]
    module.params.update(config=None, environment=None)  # until their secrets are known
    module.no_log_values.clear()  # else every value, 'true' and '2' too, would be masked everywhere
    if config is not None:
        config = checked(module, "config", config, _pip_config_task.ARGUMENTS, _pip_client_task.CONFIG_RULES)
        module.params["config"] = _pip_config_task.masked_options(config)
    if environment:
        environment_task = import_environment_task()
        environment = checked(module, "environment", environment, environment_task.ARGUMENTS, {})
        module.params["environment"] = environment_task.masked_options(environment)
    cache = module.params["cache"]
    if cache:
        cache = checked(module, "cache", cache, _pip_cache_task.ARGUMENTS, _pip_cache_task.RULES)
    only = _pip_client_task.PARTS if module.params["only"] is None else module.params["only"]
    given = {"cache": cache, "config": config, "environment": environment}
    is_check = module.check_mode
    if list(only) == ["verify"]:
        module.check_mode = True
        only = _pip_client_task.PARTS
    result = do_all(module, {name: options for name, options in given.items() if name in only})
    if "msg" not in result:
        judge(result, module.params["only"] or _pip_client_task.PARTS, module.params["verify"], is_check)
    if "msg" in result:
        module.fail_json(**result)
    module.exit_json(**result)


def import_environment_task() -> Any:
    """Return what only a task with variables needs: a host compiles all that is imported, at every run."""
    from ansible_collections.devfleet.pip.plugins.module_utils import _pip_environment_task

    return _pip_environment_task


def do_all(module: AnsibleModule, tasks: Mapping[str, dict[str, Any] | None]) -> dict[str, Any]:
    """Do the tasks that have options, up to the first that fails; return their results as one.

    All of them are checked before the first: what is plainly wrong with one leaves everything as it was.
    """
    cache, config, environment = tasks.get("cache"), tasks.get("config"), tasks.get("environment")
    result: dict[str, Any] = {"changed": False, "caches": [], "diff": []}
    prepared = (
        None if config is None else _pip_config_task.prepare(config, _pip_client_task.set_for_shells(environment))
    )
    if isinstance(prepared, dict):
        return {**result, **prepared}
    if environment:
        fault = import_environment_task().fault_of(module, environment)
        if fault:
            return {**result, "msg": fault}
    if cache:
        result = _pip_cache_task.run(module, cache)
    if "msg" not in result:
        result.update(files=[], shadowed=[], pips=[])
        if config is not None and prepared is not None:
            result = _pip_client_task.joined(result, _pip_config_task.work(module, prepared, config))
    if "msg" not in result:
        done: dict[str, Any] = {"files": [], "left": [], "changed": False}
        if environment:
            done = import_environment_task().run(module, environment)
        done["environment"] = done.pop("files")
        result = _pip_client_task.joined(result, done)
    return result


def judge(result: dict[str, Any], only: Sequence[str], is_verified: bool, is_check_mode: bool) -> None:
    """Make the result a failure where pip would not use what was set; and, when nothing but that was asked
    for and so nothing was done, where anything would have had to be."""
    faults: list[str] = []
    if list(only) == ["verify"]:
        faults = _pip_verdict.what_is_not_there(result) + _pip_verdict.what_pip_does_not_use(result)
        result["changed"] = False
    elif is_verified and "verify" in only and not is_check_mode:
        faults = _pip_verdict.what_pip_does_not_use(result)
    if faults:
        result["msg"] = " ".join(faults)


def checked(
    module: AnsibleModule, name: str, given: Mapping[str, Any], arguments: dict[str, Any], rules: dict[str, Any]
) -> dict[str, Any]:
    """Return the options of one of the two tasks, of their types and with their defaults."""
    answer = ArgumentSpecValidator(arguments, **rules).validate(dict(given))
    if answer.error_messages:
        module.fail_json(msg=f"{name}: {_ini_secrets.mask_urls('; '.join(answer.error_messages))}", caches=[])
    return dict(answer.validated_parameters)


if __name__ == "__main__":
    main()
