#!/usr/bin/python3
"""Run a module, with what gdeploy has in the place of Ansible's library where this Python has none."""
import base64
import sys
import types

NAME = "@NAME@"
PARTS = {"common": "@COMMON@", "module": "@MODULE@", "own": "@OWN@"}


def has_ansible():
    try:
        import importlib.util
        return importlib.util.find_spec("ansible.module_utils.basic") is not None
    except ImportError as e:
        return sys.version_info[0] == 2 or "ansible" not in str(e)


def stand_in():
    for name in ("common", "module"):
        part = sys.modules["gdeploy_" + name] = types.ModuleType("gdeploy_" + name)
        exec(compile(base64.b64decode(PARTS[name]), "gdeploy:" + name + ".py", "exec"), part.__dict__)
    sys.modules["gdeploy_module"].begin(NAME)


if not has_ansible():
    stand_in()
exec(compile(base64.b64decode(PARTS["own"]), NAME, "exec", dont_inherit=True))
