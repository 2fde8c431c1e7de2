"""What modules in Python import of ansible.module_utils, for hosts that have a Python and not Ansible.

In gdeploy's own words: the names and what they do are Ansible's.
"""
import hashlib
import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback

import gdeploy_common as common
from gdeploy_common import to_bytes, to_text

HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


def begin(name):
    """Make the modules of this file importable."""
    text = {"to_text": to_text, "to_native": to_text, "to_bytes": to_bytes, "jsonify": common.jsonify}
    modules = dict(common.modules())
    modules["ansible"] = {"__version__": "2.14.18"}
    modules["ansible.module_utils.basic"] = dict(
        text, AnsibleModule=AnsibleModule, env_fallback=env_fallback, missing_required_lib=missing_required_lib, get_bin_path=get_bin_path,
        boolean=common.boolean, json=json, os=os, traceback=traceback, BOOLEANS_TRUE=common.TRUE, BOOLEANS_FALSE=common.FALSE)
    modules["ansible.module_utils.common.process"] = {"get_bin_path": get_bin_path}
    sys.meta_path.insert(0, common.Finder(modules, lambda root, lacks: (
        "%s is not there: the Python of this host has no Ansible, and gdeploy stands in for the common names only; "
        "install ansible-core on the host, or do without it in %s" % (lacks, name))))


def env_fallback(*names, **kwargs):
    """Give the first of the variables of the environment that is set."""
    for name in names:
        if name in os.environ:
            return os.environ[name]
    raise LookupError(names)


def missing_required_lib(library, reason=None, url=None):
    text = "Failed to import the required Python library (%s) on %s's Python %s." % (library, os.uname()[1], sys.executable)
    if reason:
        text += " This is required %s." % reason
    if url:
        text += " See %s for more info." % url
    return text


def get_bin_path(arg, opt_dirs=None, required=None):
    """Give the path of a program, in the PATH and in the usual directories of the system."""
    dirs = list(opt_dirs or []) + os.environ.get("PATH", "").split(os.pathsep)
    dirs += [one for one in ("/sbin", "/usr/sbin", "/usr/local/sbin") if one not in dirs and os.path.exists(one)]
    found = shutil.which(arg, path=os.pathsep.join(d for d in dirs if d))
    if found is None:
        raise ValueError('Failed to find required executable "%s" in paths: %s' % (arg, os.pathsep.join(dirs)))
    return found


class Refused(Exception):
    """Why the arguments cannot be used."""


class Spec(object):
    """The parameters that a module takes, or that a dict among them takes."""

    def __init__(self, options, where="", **rules):
        self.options, self.where, self.rules = options, where, rules
        self.hidden = set()

    def names(self):
        return sorted(self.options) + sorted(alias for spec in self.options.values() for alias in spec.get("aliases") or [])

    def read(self, given):
        """Give the parameters with their types and defaults."""
        params = self.by_name(given)
        for name, spec in self.options.items():
            self.hide(spec, params.get(name))
        self.exclusive(params)
        self.fallbacks(params)
        missing = [name for name, spec in sorted(self.options.items()) if spec.get("required") and name not in params]
        if missing:
            raise Refused("missing required arguments: %s%s" % (", ".join(missing), self.where))
        for name, spec in self.options.items():
            if params.get(name) is not None:
                params[name] = self.typed(name, spec, params[name])
                self.choose(name, spec, params[name])
        self.rest(params)
        for name, spec in self.options.items():
            if name not in params or params[name] is None and spec.get("default") is not None:
                default = spec.get("default")
                params[name] = self.typed(name, spec, default) if default is not None else None
                self.hide(spec, params[name])
        for name, spec in self.options.items():
            if spec.get("options") is not None:
                params[name] = self.inner(name, spec, params[name])
        return params

    def by_name(self, given):
        params, aliases = {}, {alias: name for name, spec in self.options.items() for alias in spec.get("aliases") or []}
        unknown = sorted(key for key in given if key not in self.options and key not in aliases)
        if unknown:
            known = []
            for name in sorted(self.options):
                also = sorted(self.options[name].get("aliases") or [])
                known.append("%s (%s)" % (name, ", ".join(also)) if also else name)
            raise Refused("Unsupported parameters", unknown, known)
        for key, value in given.items():
            if key in aliases:
                params[aliases[key]] = value
        params.update((key, value) for key, value in given.items() if key in self.options)
        return params

    def hide(self, spec, value):
        if spec.get("no_log") and value is not None:
            for one in value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]:
                self.hidden.add(to_text(one))

    def fallbacks(self, params):
        for name, spec in self.options.items():
            fallback = spec.get("fallback")
            if name in params or not fallback or fallback[0] is None:
                continue
            args = [one for one in fallback[1:] if not isinstance(one, dict)]
            flat = [one for group in args for one in (group if isinstance(group, (list, tuple)) else [group])]
            kwargs = next((one for one in fallback[1:] if isinstance(one, dict)), {})
            try:
                params[name] = fallback[0](*flat, **kwargs)
            except Exception:  # it has none
                continue

    def exclusive(self, params):
        for group in groups(self.rules.get("mutually_exclusive")):
            if len([name for name in group if params.get(name) is not None]) > 1:
                raise Refused("parameters are mutually exclusive: %s%s" % ("|".join(group), self.where))

    def rest(self, params):
        def missing(names):
            return [name for name in names if params.get(name) is None]
        for group in groups(self.rules.get("required_together")):
            if missing(group) and len(missing(group)) < len(group):
                raise Refused("parameters are required together: %s%s" % (", ".join(group), self.where))
        for group in groups(self.rules.get("required_one_of")):
            if len(missing(group)) == len(group):
                raise Refused("one of the following is required: %s%s" % (", ".join(group), self.where))
        for rule in self.rules.get("required_if") or []:
            key, value, needed = rule[:3]
            any_of = len(rule) > 3 and rule[3]
            lacking = missing(needed)
            if params.get(key, self.options.get(key, {}).get("default")) == value and (len(lacking) == len(needed) if any_of else lacking):
                raise Refused("%s is %s but %s of the following are missing: %s%s" % (
                    key, value, "any" if any_of else "all", ", ".join(needed if any_of else lacking), self.where))
        for key, needed in (self.rules.get("required_by") or {}).items():
            lacking = missing([needed] if isinstance(needed, str) else needed)
            if params.get(key) is not None and lacking:
                raise Refused("missing parameter(s) required by '%s': %s%s" % (key, ", ".join(lacking), self.where))

    def typed(self, name, spec, value):
        wanted = spec.get("type", "str")
        try:
            value = wanted(value) if callable(wanted) else TYPES[wanted](value)
        except (TypeError, ValueError) as e:
            raise Refused("argument '%s' is of type %s%s and we were unable to convert to %s: %s" % (name, type(value), self.where, wanted, e))
        elements = spec.get("elements")
        if wanted == "list" and elements:
            value = [self.element(name, elements, one) for one in value]
        return value

    def element(self, name, wanted, value):
        try:
            return TYPES[wanted](value)
        except (TypeError, ValueError) as e:
            raise Refused("Elements value for option '%s'%s is of type %s and we were unable to convert to %s: %s" % (
                name, self.where, type(value), wanted, e))

    def choose(self, name, spec, value):
        choices = spec.get("choices")
        if not choices:
            return
        wrong = [one for one in value if one not in choices] if isinstance(value, list) else [] if value in choices else [value]
        if wrong:
            form = "value of %s must be one or more of: %s. Got no match for: %s%s" if isinstance(value, list) else "value of %s must be one of: %s, got: %s%s"
            raise Refused(form % (name, ", ".join(map(str, choices)), ", ".join(map(to_text, wrong)), self.where))

    def inner(self, name, spec, value):
        rules = {rule: spec.get(rule) for rule in ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")}
        of = Spec(spec["options"], " found in %s" % name, **rules)
        if value is None:
            return of.read({}) if spec.get("apply_defaults") else None
        done = [of.read(one) for one in value] if isinstance(value, list) else of.read(value)
        self.hidden |= of.hidden
        return done


def groups(rule):
    """Give the lists of names of a rule, which may be one list alone."""
    if not rule:
        return []
    return [rule] if isinstance(rule[0], str) else rule


def as_text(value):
    return value if isinstance(value, str) else to_text(value) if isinstance(value, bytes) else str(value)


def as_list(value):
    if isinstance(value, list):
        return value
    if isinstance(value, str):
        return value.split(",")
    if isinstance(value, (int, float)):
        return [str(value)]
    raise TypeError("%s cannot be converted to a list" % type(value))


def as_dict(value):
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        if value.startswith("{"):
            return json.loads(value)
        if "=" in value:
            return dict(word.strip().split("=", 1) for word in shlex.split(value.replace(",", " ")))
        raise TypeError("dictionary requested, could not parse JSON or key=value")
    raise TypeError("%s cannot be converted to a dict" % type(value))


def as_bool(value):
    try:
        return common.boolean(value)
    except TypeError:
        raise TypeError("The value '%s' is not a valid boolean.  Valid booleans include: %s" % (
            to_text(value), ", ".join(repr(one) for one in sorted(common.TRUE + common.FALSE, key=str))))


def as_number(kind):
    def convert(value):
        try:
            if isinstance(value, bool):
                raise ValueError
            return kind(value)
        except ValueError:
            raise TypeError("%s cannot be converted to %s" % (type(value), {int: "an int", float: "a float"}[kind]))
    return convert


def as_bytes(bits):
    def convert(value):
        text = str(value).strip()
        unit = text.lstrip("0123456789. ").upper()
        number = float(text[:len(text) - len(unit)] if unit else text)
        power = " KMGTPEZY".find(unit[:1]) if unit and unit[0] != "B" else 0
        if power < 0:
            raise ValueError("%s is no size" % value)
        return int(number * 1024 ** power)
    return convert


TYPES = {
    "str": as_text, "list": as_list, "dict": as_dict, "bool": as_bool, "int": as_number(int), "float": as_number(float),
    "path": lambda value: os.path.expanduser(os.path.expandvars(as_text(value))), "raw": lambda value: value,
    "jsonarg": lambda value: value.strip() if isinstance(value, str) else json.dumps(value), "json": lambda value: value.strip() if isinstance(value, str) else json.dumps(value),
    "bytes": as_bytes(False), "bits": as_bytes(True),
}


class AnsibleModule(object):
    """A module's parameters, and how it ends."""

    def __init__(self, argument_spec, bypass_checks=False, no_log=False, mutually_exclusive=None, required_together=None,
                 required_one_of=None, add_file_common_args=False, supports_check_mode=False, required_if=None, required_by=None):
        given = self.load()
        self.argument_spec, self.supports_check_mode, self.no_log = argument_spec, supports_check_mode, given.get("_ansible_no_log", no_log)
        self._name, self.check_mode = given.get("_ansible_module_name", "module"), given.get("_ansible_check_mode", False)
        self._diff, self._verbosity, self._debug = given.get("_ansible_diff", False), given.get("_ansible_verbosity", 0), False
        self.ansible_version, self.tmpdir = given.get("_ansible_version", ""), given.get("_ansible_tmpdir") or tempfile.gettempdir()
        self.params = {name: value for name, value in given.items() if not name.startswith("_ansible_")}
        self.run_command_environ_update, self._warnings, self._deprecations, self.cleanup_files = {}, [], [], []
        self.no_log_values = set()
        if add_file_common_args:
            self.fail_json("add_file_common_args is not there: the Python of this host has no Ansible; set modes and owners by the module file")
        if self.check_mode and not supports_check_mode:
            self.exit_json(skipped=True, msg="remote module (%s) does not support check mode" % self._name)
        if not bypass_checks:
            self.read(Spec(argument_spec, mutually_exclusive=mutually_exclusive, required_together=required_together,
                           required_one_of=required_one_of, required_if=required_if, required_by=required_by))

    @staticmethod
    def load():
        if len(sys.argv) > 1:
            with open(sys.argv[1], "rb") as file:
                text = file.read()
        else:
            text = sys.stdin.buffer.read()
        return json.loads(to_text(text))["ANSIBLE_MODULE_ARGS"]

    def read(self, spec):
        refused = None
        try:
            self.params = spec.read(self.params)
        except Refused as e:
            refused = e.args
        self.no_log_values |= spec.hidden
        if refused and len(refused) > 1:
            self.fail_json("Unsupported parameters for (%s) module: %s. Supported parameters include: %s." % (
                self._name, ", ".join(refused[1]), ", ".join(refused[2])))
        if refused:
            self.fail_json(refused[0])

    # How it ends.

    def exit_json(self, **result):
        result.setdefault("changed", False)
        self.end(result)
        sys.exit(0)

    def fail_json(self, msg, **result):
        result.update(failed=True, msg=msg)
        if "exception" not in result and sys.exc_info()[2] is not None:
            result["exception"] = "".join(traceback.format_tb(sys.exc_info()[2]))
        self.end(result)
        sys.exit(1)

    def end(self, result):
        for kind, own in (("warnings", self._warnings), ("deprecations", self._deprecations)):
            also = result.pop(kind, [])
            all_of = own + (also if isinstance(also, list) else [also])
            if all_of:
                result[kind] = all_of
        result.setdefault("invocation", {"module_args": self.params})
        for path in self.cleanup_files:
            self.cleanup(path)
        print("\n" + json.dumps(self.masked(result), default=plain))

    def masked(self, v):
        """Give v without what must not be shown."""
        if isinstance(v, dict):
            return {key: self.masked(item) for key, item in v.items()}
        if isinstance(v, (list, tuple, set)):
            return [self.masked(item) for item in v]
        if isinstance(v, bool) or v is None:
            return v
        text = to_text(v) if isinstance(v, (str, bytes)) else str(v)
        if text in self.no_log_values and text:
            return HIDDEN
        if isinstance(v, (str, bytes)):
            for hidden in self.no_log_values:
                text = text.replace(hidden, "********") if hidden else text
            return text
        return v

    def warn(self, warning):
        self._warnings.append(warning)

    def deprecate(self, msg, version=None, date=None, collection_name=None):
        self._deprecations.append({"msg": msg, "version": version, "collection_name": collection_name} if date is None else
                                  {"msg": msg, "date": date, "collection_name": collection_name})

    def log(self, msg, log_args=None):
        pass

    def debug(self, msg):
        pass

    def boolean(self, arg):
        return arg if arg is None or isinstance(arg, bool) else common.boolean(arg)

    def jsonify(self, data):
        return common.jsonify(data)

    def from_json(self, data):
        return json.loads(data)

    # What it does.

    def get_bin_path(self, arg, required=False, opt_dirs=None):
        try:
            return get_bin_path(arg, opt_dirs)
        except ValueError as e:
            if required:
                self.fail_json(str(e))
            return None

    def run_command(self, args, check_rc=False, close_fds=True, executable=None, data=None, binary_data=False, path_prefix=None, cwd=None,
                    use_unsafe_shell=False, prompt_regex=None, environ_update=None, umask=None, encoding="utf-8", errors="surrogate_or_strict",
                    expand_user_and_vars=True, pass_fds=None, before_communicate_callback=None, ignore_invalid_cwd=True, handle_exceptions=True):
        if use_unsafe_shell:
            command = args if isinstance(args, str) else " ".join(shlex.quote(one) for one in args)
            argv = [executable or os.environ.get("SHELL_EXECUTABLE", "/bin/sh"), "-c", command]
        else:
            argv = shlex.split(to_text(args)) if isinstance(args, (str, bytes)) else [to_text(one) for one in args]
            if expand_user_and_vars:
                argv = [os.path.expandvars(os.path.expanduser(one)) for one in argv if one is not None]
        env = dict(os.environ)
        env.update(self.run_command_environ_update)
        env.update({name: to_text(value) for name, value in (environ_update or {}).items()})
        if path_prefix:
            env["PATH"] = "%s:%s" % (path_prefix, env.get("PATH", ""))
        if cwd and not os.path.isdir(cwd) and ignore_invalid_cwd:
            cwd = None
        if data is not None and not binary_data:
            data = to_bytes(data) + b"\n"
        old = os.umask(umask) if umask is not None else None
        try:
            done = subprocess.run(argv, input=data, stdin=None if data is not None else subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env=env, cwd=cwd, close_fds=close_fds, pass_fds=pass_fds or ())
        except OSError as e:
            if not handle_exceptions:
                raise
            self.fail_json(rc=e.errno, stdout="", stderr="", msg="%s" % e, cmd=args)
        finally:
            if old is not None:
                os.umask(old)
        out, err = (done.stdout, done.stderr) if encoding is None else (to_text(done.stdout, encoding, errors), to_text(done.stderr, encoding, errors))
        rc = done.returncode
        if rc != 0 and check_rc:
            self.fail_json(cmd=args, rc=rc, stdout=out, stderr=err, msg=to_text(err).rstrip())
        return rc, out, err

    def digest_from_file(self, filename, algorithm):
        if not os.path.exists(filename):
            return None
        if os.path.isdir(filename):
            self.fail_json("attempted to take checksum of directory: %s" % filename)
        digest = hashlib.new(algorithm) if isinstance(algorithm, str) else algorithm
        with open(filename, "rb") as file:
            for block in iter(lambda: file.read(65536), b""):
                digest.update(block)
        return digest.hexdigest()

    def md5(self, filename):
        return self.digest_from_file(filename, "md5")

    def sha1(self, filename):
        return self.digest_from_file(filename, "sha1")

    def sha256(self, filename):
        return self.digest_from_file(filename, "sha256")

    def backup_local(self, fn):
        if not os.path.exists(fn):
            return ""
        backup = "%s.%s.%s~" % (fn, os.getpid(), time.strftime("%Y-%m-%d@%H:%M:%S"))
        shutil.copy2(fn, backup)
        return backup

    def cleanup(self, tmpfile):
        if os.path.exists(tmpfile):
            os.unlink(tmpfile)

    def add_cleanup_file(self, path):
        self.cleanup_files.append(path)

    def atomic_move(self, src, dest, unsafe_writes=False, keep_dest_attrs=True):
        """Put a file in the place of another one in one step, which keeps its mode and owner."""
        before = os.stat(dest) if os.path.exists(dest) else None
        beside = tempfile.mktemp(prefix=".gdeploy-", dir=os.path.dirname(os.path.abspath(dest)))
        shutil.copyfile(src, beside)
        if before is not None:
            os.chmod(beside, stat.S_IMODE(before.st_mode))
            if os.geteuid() == 0:
                os.chown(beside, before.st_uid, before.st_gid)
        else:
            mask = os.umask(0)
            os.umask(mask)
            os.chmod(beside, 0o666 & ~mask)
        os.rename(beside, os.path.realpath(dest))
        os.unlink(src)


def plain(v):
    if isinstance(v, (set, frozenset)):
        return list(v)
    return to_text(v) if isinstance(v, bytes) else str(v)
