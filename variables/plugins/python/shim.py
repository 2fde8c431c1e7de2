"""What plugins import of Ansible and Jinja2.

Where this Python has them, they are used. Where it has not, the names that plugins commonly import
are here, in gdeploy's own words; any other one is an ImportError that says so.
"""
import collections.abc as abc
import contextlib
import importlib.util
import itertools
import json
import os
import sys
import types

import gdeploy_common as common
import gdeploy_wire as wire
from gdeploy_common import boolean, to_text

real = False      # Ansible is installed
settings = {}     # of the run: verbosity, playbook_dir


def begin(hello):
    """Find Ansible and Jinja2, or stand in for them."""
    global real
    settings.update(hello["settings"])
    real = importlib.util.find_spec("ansible") is not None
    own = {}
    if importlib.util.find_spec("jinja2") is None:
        own.update(jinja2_modules())
    else:
        import jinja2
        wire.undefined_class = jinja2.Undefined
        wire.new_undefined = lambda name, hint: jinja2.StrictUndefined(hint=hint, name=name)
    if not real:
        own.update(ansible_modules())
    if own:
        sys.meta_path.insert(0, common.Finder(own, missing))
    if real:
        sys.argv[:] = ["ansible-playbook"]  # Ansible reads it when it is imported
        from ansible.template import AnsibleUndefined
        wire.new_undefined = lambda name, hint: AnsibleUndefined(hint=hint, name=name)
    from ansible.utils.unsafe_proxy import AnsibleUnsafeText
    wire.unsafe_text = AnsibleUnsafeText


def missing(root, name):
    return "%s is not there: %s has no %s, and gdeploy stands in for the common names only; install it there, or name a Python that has it in the setting plugins_python" % (
        name, sys.executable or "this Python", root)


def errors():
    import ansible.errors
    return ansible.errors


def plugin_error(message):
    return errors().AnsibleError(message)


def undefined_errors():
    from jinja2.exceptions import UndefinedError
    return (UndefinedError, errors().AnsibleUndefinedVariable)


def undefined_error(message):
    from jinja2.exceptions import UndefinedError
    return UndefinedError(message)


# What templates know, for plugins that ask for it.

class Variables(dict):
    """The variables of the task, as they were written; each is fetched when it is wanted."""

    def __init__(self, ask):
        dict.__init__(self)
        self._ask = ask

    def __missing__(self, name):
        found = self._ask("raw", name=name)
        if not found:
            raise KeyError(name)
        self[name] = found[0]
        return found[0]

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name):
        return dict.__contains__(self, name) or bool(self._ask("raw", name=name))

    def keys(self):
        return list(dict.fromkeys(self._ask("names") + list(dict.keys(self))))

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def values(self):
        return [self[name] for name in self.keys()]

    def copy(self):
        return dict(self.items())


class Context(abc.Mapping):
    """The context of a template: its variables, rendered."""

    def __init__(self, ask):
        self._ask = ask
        self.environment = environment(ask)
        self.eval_ctx = EvalContext(ask)
        self.name, self.blocks, self.exported_vars = None, {}, set()
        self.vars = self.parent = self

    def __getitem__(self, name):
        found = self._ask("variable", name=name)
        if not found:
            raise KeyError(name)
        return found[0]

    def __iter__(self):
        return iter(self._ask("names"))

    def __len__(self):
        return len(self._ask("names"))

    def resolve(self, name):
        found = self._ask("variable", name=name)
        return found[0] if found else wire.new_undefined(name, None)

    resolve_or_missing = resolve

    def get_all(self):
        return dict(self)

    get_exported = get_all


class EvalContext(object):
    def __init__(self, ask):
        self.environment = environment(ask)
        self.autoescape, self.volatile = False, False


class Registered(dict):
    """The filters or tests of the template's environment."""

    def __init__(self, ask, kind, own):
        dict.__init__(self, own)
        self._ask, self._kind = ask, kind

    def __missing__(self, name):
        if not self._ask("has", kind=self._kind, name=name):
            raise KeyError(name)
        return lambda value, *args, **kwargs: self._ask(self._kind, name=name, value=value, args=list(args), kwargs=kwargs)

    def __getitem__(self, name):
        return self.__missing__(name)  # gdeploy's, and those of the user, before Jinja's own

    def __contains__(self, name):
        return bool(self._ask("has", kind=self._kind, name=name))

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default


def environment(ask):
    import jinja2
    env = jinja2.Environment(undefined=jinja2.StrictUndefined)
    env.filters, env.tests = Registered(ask, "filter", env.filters), Registered(ask, "test", env.tests)
    return env


class Templar(object):
    """Renders templates as the task would."""

    def __init__(self, ask, variables):
        self._ask, self._own, self._variables = ask, variables, variables
        self._loader = None

    @property
    def available_variables(self):
        return self._variables

    @available_variables.setter
    def available_variables(self, variables):
        self._variables = variables

    @property
    def environment(self):
        return environment(self._ask)

    def template(self, variable, *args, **kwargs):
        with_ = None if self._variables is self._own else dict(self._variables)
        return self._ask("template", value=variable, vars=with_)

    do_template = template

    def is_template(self, data):
        return self._ask("is template", value=data)

    is_possibly_template = is_template

    @contextlib.contextmanager
    def set_temporary_context(self, available_variables=None, **more):
        before = self._variables
        if available_variables is not None:
            self._variables = available_variables
        try:
            yield self
        finally:
            self._variables = before


def new_lookup(module, frame, templar):
    """Make the LookupModule of a lookup plugin."""
    name = frame["name"]
    if not real:
        plugin = module.LookupModule(loader=Files(), templar=templar)
        plugin._gdeploy = (name, getattr(module, "DOCUMENTATION", ""))
        return plugin
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import lookup_loader
    lookup_loader._load_config_defs(name, module, frame["file"])
    loader = DataLoader()
    loader.set_basedir(settings["playbook_dir"])
    templar._loader = loader
    plugin = module.LookupModule(loader=loader, templar=templar)
    plugin._load_name, plugin._original_path = name, frame["file"]
    return plugin


class Files(object):
    """The controller's files, as a lookup finds them by its loader."""

    def get_basedir(self):
        return settings["playbook_dir"]

    def path_dwim(self, given):
        return os.path.normpath(os.path.join(self.get_basedir(), os.path.expanduser(given)))

    def path_exists(self, path):
        return os.path.exists(self.path_dwim(path))

    def path_dwim_relative_stack(self, paths, dirname, source, is_role=False):
        return wire.ask("find", kind=dirname, name=source)

    def _get_file_contents(self, path):
        return wire.ask("read", path=self.path_dwim(path)).encode("utf-8", "surrogateescape"), True


# Ansible's names, where it is not installed.

def error_classes():
    class AnsibleError(Exception):
        """What goes wrong in a plugin; message is what the operator reads."""

        def __init__(self, message="", obj=None, show_content=True, suppress_extended_error=False, orig_exc=None):
            Exception.__init__(self, message)
            self._message, self.obj, self.orig_exc = to_text(message), obj, orig_exc

        @property
        def message(self):
            return self._message

        def __str__(self):
            return self._message
    classes = {"AnsibleError": AnsibleError}
    for name, base in (("AnsibleRuntimeError", "AnsibleError"), ("AnsibleTemplateError", "AnsibleRuntimeError"),
                       ("AnsibleFilterError", "AnsibleTemplateError"), ("AnsibleFilterTypeError", "AnsibleTemplateError"),
                       ("AnsibleLookupError", "AnsibleTemplateError"), ("AnsibleUndefinedVariable", "AnsibleTemplateError"),
                       ("AnsibleOptionsError", "AnsibleError"), ("AnsibleRequiredOptionError", "AnsibleOptionsError"),
                       ("AnsibleParserError", "AnsibleError"), ("AnsiblePluginError", "AnsibleError"),
                       ("AnsibleFileNotFound", "AnsibleRuntimeError"), ("AnsibleConnectionFailure", "AnsibleRuntimeError")):
        bases = (classes[base], TypeError) if name == "AnsibleFilterTypeError" else (classes[base],)
        classes[name] = type(name, bases, {"__module__": "ansible.errors"})
    return classes


class Display(object):
    """Tells the operator something, on standard error."""

    @property
    def verbosity(self):
        return settings["verbosity"]

    def display(self, msg, color=None, stderr=False, screen_only=False, log_only=False, newline=True):
        if not log_only:
            sys.stderr.write(to_text(msg) + ("\n" if newline else ""))
            sys.stderr.flush()

    def warning(self, msg, formatted=False):
        self.display("[WARNING]: " + to_text(msg))

    def error(self, msg, wrap_text=True):
        self.display("ERROR! " + to_text(msg))

    def deprecated(self, msg, version=None, removed=False, date=None, collection_name=None):
        self.display("[DEPRECATION WARNING]: " + to_text(msg))

    def verbose(self, msg, host=None, caplevel=2):
        if self.verbosity > caplevel:
            self.display(("<%s> %s" % (host, to_text(msg))) if host else msg)

    def debug(self, msg, host=None):
        pass


for _level in range(1, 7):
    setattr(Display, "v" * _level, lambda self, msg, host=None, _level=_level: self.verbose(msg, host, _level - 1))


class LookupBase(object):
    """What lookup plugins are made of."""

    def __init__(self, loader=None, templar=None, **kwargs):
        self._loader, self._templar = loader, templar
        self._display, self._options = Display(), {}

    def run(self, terms, variables=None, **kwargs):
        raise NotImplementedError("the lookup has no run()")

    def set_options(self, task_keys=None, var_options=None, direct=None):
        name, documentation = self._gdeploy
        known = (wire.ask("yaml", text=documentation) or {}).get("options") or {}
        self._options = {key: Option(name, key, spec or {}).value(direct or {}, var_options or {}) for key, spec in known.items()}

    def get_option(self, option, hostvars=None):
        if option not in self._options:
            raise KeyError("the lookup %s documents no option %r" % (self._gdeploy[0], option))
        return self._options[option]

    def get_options(self, hostvars=None):
        return self._options

    def set_option(self, option, value):
        self._options[option] = value

    def has_option(self, option):
        return option in self._options

    def find_file_in_search_path(self, myvars, subdir, file, ignore_missing=False):
        found = wire.ask("find", kind=subdir, name=file)
        if not found and not ignore_missing:
            raise errors().AnsibleFileNotFound("there is no file %s in the search path of the task" % file)
        return found or None

    @staticmethod
    def get_basedir(variables):
        return variables.get("role_path") or variables.get("playbook_dir") or settings["playbook_dir"]

    @staticmethod
    def _flatten(terms):
        return [item for term in terms for item in (term if isinstance(term, (list, tuple)) else [term])]

    @staticmethod
    def _combine(a, b):
        return [LookupBase._flatten([x, y]) for x, y in itertools.product(a, b)]


class Option(object):
    """An option of a lookup, as its DOCUMENTATION describes it."""

    def __init__(self, lookup, name, spec):
        self.name, self.spec = name, spec
        self.title = "the option %s of the lookup %s" % (name, lookup)

    def value(self, direct, variables):
        for name in [self.name] + list(self.spec.get("aliases") or []):
            if name in direct:
                return self.typed(direct[name])
        for one in self.spec.get("vars") or []:
            if one["name"] in variables:
                return self.typed(wire.ask("template", value=variables[one["name"]], vars=None))
        for one in self.spec.get("env") or []:
            if one["name"] in os.environ:
                return self.typed(os.environ[one["name"]])
        for one in self.spec.get("ini") or []:
            written = wire.ask("ini", section=one["section"], key=one["key"])
            if written is not None:
                return self.typed(written)
        if self.spec.get("required") and "default" not in self.spec and not self.name.startswith("_"):
            raise errors().AnsibleOptionsError("%s is required" % self.title)
        return self.typed(self.spec.get("default"))

    def typed(self, v):
        if v is None:
            return None
        kind = self.spec.get("type", "str")
        try:
            v = self.types.get(kind, lambda v: v)(v)
        except (TypeError, ValueError):
            raise errors().AnsibleOptionsError("%s is %r, and must be a %s" % (self.title, v, kind))
        choices = self.spec.get("choices")
        if choices and any(item not in choices for item in (v if isinstance(v, list) else [v])):
            raise errors().AnsibleOptionsError("%s is %r, and must be one of %s" % (self.title, v, ", ".join(map(str, choices))))
        return v

    types = {
        "str": lambda v: v if isinstance(v, (str, bytes)) else str(v), "string": lambda v: v if isinstance(v, (str, bytes)) else str(v),
        "int": int, "integer": int, "float": float, "bool": lambda v: boolean(v, strict=False), "boolean": lambda v: boolean(v, strict=False),
        "list": lambda v: [word.strip() for word in v.split(",")] if isinstance(v, str) else list(v),
        "path": lambda v: os.path.abspath(os.path.expandvars(os.path.expanduser(v))),
        "pathlist": lambda v: [os.path.expanduser(word) for word in (v.split(":") if isinstance(v, str) else v)],
        "dict": lambda v: dict(json.loads(v) if isinstance(v, str) else v), "dictionary": lambda v: dict(json.loads(v) if isinstance(v, str) else v),
    }


def unsafe_classes():
    class AnsibleUnsafe(object):
        __UNSAFE__ = True

    class AnsibleUnsafeText(str, AnsibleUnsafe):
        pass

    class AnsibleUnsafeBytes(bytes, AnsibleUnsafe):
        pass

    def wrap_var(v):
        if isinstance(v, str):
            return AnsibleUnsafeText(v)
        if isinstance(v, bytes):
            return AnsibleUnsafeBytes(v)
        if isinstance(v, abc.Mapping):
            return {wrap_var(key): wrap_var(item) for key, item in v.items()}
        if isinstance(v, (list, tuple, set)):
            return type(v)(wrap_var(item) for item in v)
        return v
    return {"AnsibleUnsafe": AnsibleUnsafe, "AnsibleUnsafeText": AnsibleUnsafeText, "AnsibleUnsafeBytes": AnsibleUnsafeBytes, "wrap_var": wrap_var}


def ansible_modules():
    modules = common.modules()
    modules.update({
        "ansible": {"__version__": "2.14.18"}, "ansible.errors": error_classes(),
        "ansible.plugins": {}, "ansible.plugins.lookup": {"LookupBase": LookupBase, "display": Display()},
        "ansible.utils": {}, "ansible.utils.display": {"Display": Display}, "ansible.utils.unsafe_proxy": unsafe_classes(),
        "ansible.template": {"AnsibleUndefined": wire.undefined_class},
    })
    return modules


# Jinja2's names, where it is not installed.

def jinja2_modules():
    class UndefinedError(Exception):
        @property
        def message(self):
            return str(self)

    class Undefined(object):
        """What is not defined: any use of it is an error."""

        def __init__(self, hint=None, obj=None, name=None, exc=UndefinedError):
            self.__dict__.update(_undefined_hint=hint, _undefined_obj=obj, _undefined_name=name, _undefined_exception=exc)

        def _fail(self, *args, **kwargs):
            raise UndefinedError(self._undefined_hint or "%r is undefined" % (self._undefined_name,))

        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            self._fail()

        __str__ = __repr__ = __iter__ = __len__ = __bool__ = __eq__ = __ne__ = __hash__ = __contains__ = __getitem__ = _fail
        __call__ = __add__ = __radd__ = __sub__ = __mul__ = __mod__ = __lt__ = __le__ = __gt__ = __ge__ = __int__ = __float__ = _fail

    def passing(name):
        def mark(function):
            function.jinja_pass_arg = types.SimpleNamespace(name=name)
            return function
        return mark

    class Environment(object):
        def __init__(self, **options):
            self.filters, self.tests, self.globals, self.undefined = {}, {}, {}, Undefined

        def call_filter(self, name, value, args=(), kwargs=None, **more):
            return self.filters[name](value, *args, **(kwargs or {}))

        def call_test(self, name, value, args=(), kwargs=None, **more):
            return self.tests[name](value, *args, **(kwargs or {}))
    wire.undefined_class = Undefined
    wire.new_undefined = lambda name, hint: Undefined(hint=hint, name=name)
    passes = {"pass_context": passing("context"), "pass_environment": passing("environment"), "pass_eval_context": passing("eval_context")}
    undefined = {"Undefined": Undefined, "StrictUndefined": Undefined}
    classes = {"UndefinedError": UndefinedError, "TemplateError": type("TemplateError", (Exception,), {})}
    return {"jinja2": dict(passes, Environment=Environment, **undefined, **classes), "jinja2.exceptions": classes,
            "jinja2.runtime": dict(undefined, Context=Context), "jinja2.filters": dict(passes), "jinja2.utils": dict(passes), "jinja2.environment": {"Environment": Environment}}
