package facts

import (
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// aboutPython prints what there is to know of a Python, a line each.
const aboutPython = `import sys, importlib.util as i
v = sys.version_info
print(sys.executable, sys.implementation.name, i.find_spec("ssl") is not None, *v, sep="\n")`

// interpreter is a Python of the host, which roles ask for though gdeploy needs none.
type interpreter struct {
	executable, kind string
	hasSSL           bool
	// version is major, minor, micro, the release level and its number.
	version []string
}

// interpreter finds the one that Ansible would take first; nil where there is none.
func (h *host) interpreter() *interpreter {
	if h.python != nil {
		return h.python
	}
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		told := strings.Split(strings.TrimSpace(h.ask(name, "-I", "-S", "-c", aboutPython)), "\n")
		if len(told) == 8 {
			h.python = &interpreter{told[0], told[1], told[2] == "True", told[3:]}
			break
		}
	}
	return h.python
}

// levels are how versions before the final one are written.
var levels = map[string]string{"alpha": "a", "beta": "b", "candidate": "rc"}

func pythonVersion(h *host) {
	if p := h.interpreter(); p != nil {
		text := strings.Join(p.version[:3], ".")
		if level := levels[p.version[3]]; level != "" {
			text += level + p.version[4]
		}
		h.setText("python_version", text)
	}
}

func python(h *host) {
	p := h.interpreter()
	if p == nil {
		return
	}
	version, info := values.NewMap(5), []values.Value{}
	for i, name := range []string{"major", "minor", "micro", "releaselevel", "serial"} {
		part := values.String(p.version[i])
		if n, err := strconv.ParseInt(p.version[i], 10, 64); err == nil {
			part = values.Int(n)
		}
		version.Set(name, part)
		info = append(info, part)
	}
	h.set("python", values.MapOf("executable", values.String(p.executable), "has_sslcontext", values.Bool(p.hasSSL), "type", values.String(p.kind),
		"version", values.FromMap(version), "version_info", values.FromSlice(info)))
}

// capabilities tells what the kernel lets the login user do, as capsh prints it.
func capabilities(h *host) {
	enforced, held := "NA", []values.Value{}
	for line := range strings.Lines(h.ask("capsh", "--print")) {
		current, ok := strings.CutPrefix(line, "Current:")
		if !ok {
			continue
		}
		current = strings.TrimSpace(current)
		if enforced = "True"; current == "=ep" {
			enforced = "False"
			continue
		}
		_, list, _ := strings.Cut(current, "=")
		for _, one := range strings.Split(list, ",") {
			held = append(held, values.String(strings.TrimSpace(one)))
		}
	}
	h.setText("system_capabilities_enforced", enforced)
	h.set("system_capabilities", values.FromSlice(held))
}
