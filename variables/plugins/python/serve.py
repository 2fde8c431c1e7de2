"""Load the plugins and answer gdeploy's calls, one frame each: its length, a line feed, JSON."""
import hashlib
import importlib.util
import os
import queue
import sys
import threading
import traceback
import types

import gdeploy_shim as shim
import gdeploy_wire as wire

CLASSES = {"filter": ("FilterModule", "filters"), "test": ("TestModule", "tests")}


class Server(object):
    """Calls run in the main thread. While one waits for gdeploy, which may have to call other
    plugins to answer, further ones run in threads of their own."""

    def __init__(self, stream, out):
        self.stream, self.out = stream, out
        self.writing = threading.Lock()
        self.calls = queue.Queue()
        self.main_is_idle = True
        self.counting = threading.Lock()
        self.asked = {}
        self.local = threading.local()
        self.current = None

    def read(self):
        try:
            while True:
                length = self.stream.readline()
                if not length:
                    break
                frame = self.stream.read(int(length))
                self.dispatch(wire.loads(frame))
        finally:
            os._exit(0)  # gdeploy has ended

    def dispatch(self, frame):
        if "answer" in frame:
            self.asked.pop(frame["answer"]).put(frame)
            return
        with self.counting:
            idle, self.main_is_idle = self.main_is_idle, False
        if not idle:
            thread = threading.Thread(target=self.run, args=(frame,))
            thread.daemon = True
            thread.start()
        else:
            self.calls.put(frame)

    def work(self):
        while True:
            self.run(self.calls.get())
            with self.counting:
                self.main_is_idle = True

    def run(self, frame):
        self.local.call = self.current = frame["id"]
        try:
            answer = {"result": wire.encode(DOES[frame["do"]](frame))}
            data = wire.dumps(dict(answer, id=frame["id"]))
        except BaseException as e:  # sys.exit too
            data = wire.dumps({"id": frame["id"], "error": told(e)})
        self.send(data)

    def send(self, data):
        with self.writing:
            self.out.write(b"%d\n" % len(data))
            self.out.write(data)
            self.out.flush()

    def ask(self, what, **more):
        """Ask gdeploy, and wait for the answer."""
        call, answer = getattr(self.local, "call", self.current), queue.Queue()
        self.asked[id(answer)] = answer
        self.send(wire.dumps(dict({key: wire.encode(value) for key, value in more.items()}, id=call, ask=id(answer), what=what)))
        frame = answer.get()
        if "undefined" in frame:
            raise shim.undefined_error(frame["undefined"])
        if "error" in frame:
            raise shim.plugin_error(frame["error"])
        return frame["value"]


def told(e):
    """Give an exception as gdeploy reads it."""
    kind = "other"
    if isinstance(e, shim.undefined_errors()):
        kind = "undefined"
    elif isinstance(e, shim.errors().AnsibleError):
        kind = "ansible"
    elif isinstance(e, TypeError):
        kind = "type"
    message = str(getattr(e, "message", None) or e)
    last = ("%s: %s" % (type(e).__name__, message)).rstrip(": ")
    return {"kind": kind, "message": message, "last": last, "line": line_of(e), "trace": "".join(traceback.format_exception(type(e), e, e.__traceback__))}


def line_of(e):
    """Give the innermost place in a file that is not gdeploy's."""
    places = [frame for frame in traceback.extract_tb(e.__traceback__) if not frame[0].startswith(("gdeploy:", "<"))]
    return "%s:%d" % (places[-1][0], places[-1][1]) if places else ""


loaded = {}  # path -> module, or the exception that loading it ended with


def load(path, kind):
    """Give the module in a file, which is loaded once."""
    if path not in loaded:
        try:
            loaded[path] = importlib_load(path, kind)
        except BaseException as e:
            loaded[path] = e
    if isinstance(loaded[path], BaseException):
        raise loaded[path]
    return loaded[path]


def importlib_load(path, kind):
    base = os.path.splitext(os.path.basename(path))[0]
    name = "ansible.plugins.%s.%s_%s" % (kind, hashlib.sha256(os.fsencode(path)).hexdigest()[:12], base)
    parts = path.split(os.sep)
    if "ansible_collections" in parts:
        at = len(parts) - 1 - parts[::-1].index("ansible_collections")
        collections([os.sep.join(parts[:at + 1])])
        name = ".".join(parts[at:-1] + [base])
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def collections(roots):
    """Let plugins import what lies beside them in their collections."""
    package = sys.modules.get("ansible_collections")
    if package is None:
        package = sys.modules["ansible_collections"] = types.ModuleType("ansible_collections")
        package.__path__ = []
    for root in roots:
        if root not in package.__path__:
            package.__path__.append(root)


def names(frame):
    """List what files of filters or tests define: the first of a name counts."""
    cls, method = CLASSES[frame["kind"]]
    found, bad = {}, {}
    for path in frame["files"]:
        try:
            module = load(path, frame["kind"])
        except BaseException as e:
            bad[path] = "cannot load: %s" % told(e)["last"]
            continue
        if not hasattr(module, cls):
            bad[path] = "it has no class %s" % cls
            continue
        try:
            here = getattr(getattr(module, cls)(), method)()
            for name, function in here.items():
                functions.setdefault((frame["kind"], path, str(name)), function)
                found.setdefault(str(name), path)
        except BaseException as e:
            bad[path] = "%s(): %s" % (method, told(e)["last"])
    return {"found": found, "bad": bad}


functions = {}


def call(frame):
    """Call a filter or a test."""
    if (frame["do"], frame["file"], frame["name"]) not in functions:
        names({"kind": frame["do"], "files": [frame["file"]]})  # this is another process than the one that listed them
    function = functions[frame["do"], frame["file"], frame["name"]]
    args = [frame["value"]] + frame["args"]
    wants = getattr(getattr(function, "jinja_pass_arg", None), "name", None)
    if wants == "context":
        args.insert(0, shim.Context(server.ask))
    elif wants == "environment":
        args.insert(0, shim.environment(server.ask))
    elif wants == "eval_context":
        args.insert(0, shim.EvalContext(server.ask))
    result = function(*args, **frame["kwargs"])
    return bool(result) if frame["do"] == "test" else result


def lookup(frame):
    """Run a lookup."""
    module = load(frame["file"], "lookup")
    if not hasattr(module, "LookupModule"):
        raise shim.plugin_error("it has no class LookupModule")
    variables = shim.Variables(server.ask)
    plugin = shim.new_lookup(module, frame, shim.Templar(server.ask, variables))
    result = plugin.run(frame["terms"], variables=variables, **frame["kwargs"])
    if not isinstance(result, list):
        print("[WARNING]: the lookup %s of %s gives no list but a %s" % (frame["name"], frame["file"], type(result).__name__), file=sys.stderr)
    return [] if result is None else list(result)


DOES = {"names": names, "filter": call, "test": call, "lookup": lookup}
server = None


def serve(stream, out, hello):
    """Answer calls until gdeploy ends."""
    global server
    if hasattr(sys, "set_int_max_str_digits"):
        sys.set_int_max_str_digits(0)
    server = Server(stream, out)
    wire.TOKEN, wire.ask = hello["token"], server.ask
    shim.begin(hello)
    server.send(wire.dumps({"ready": True, "python": sys.version.split()[0], "ansible": shim.real}))
    reader = threading.Thread(target=server.read)
    reader.daemon = True
    reader.start()
    server.work()
