package user_module

import (
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// said is what a module told on its standard output.
type said struct {
	// data is nil where there was no JSON object.
	data *values.Map
	// junk is what stood behind it.
	junk            string
	changed, failed bool
}

// read finds the JSON object in what a module printed: it begins at the first line that
// opens one and ends at the last that closes one.
func read(out modules.Output) said {
	lines := strings.Split(out.Stdout, "\n")
	first, last := -1, -1
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if first < 0 && strings.HasPrefix(line, "{") {
			first = i
		}
		if first >= 0 && strings.HasSuffix(line, "}") {
			last = i
		}
	}
	if last < 0 {
		return said{}
	}
	text := []byte(strings.Join(lines[first:last+1], "\n"))
	value, err := values.Decode(text)
	data, ok := value.AsMap()
	if err != nil || !ok {
		return said{}
	}
	s := said{data: data, junk: strings.TrimSpace(strings.Join(lines[last+1:], "\n"))}
	s.changed = truthy(data, "changed")
	s.failed = truthy(data, "failed")
	if rc, ok := data.Get("rc"); ok && !data.Has("failed") {
		s.failed = values.Text(rc) != "0"
	}
	return s
}

func truthy(data *values.Map, name string) bool {
	v, ok := data.Get(name)
	return ok && v.Truthy()
}

// result is what the module told, or how it broke.
func (m *Module) result(out modules.Output) (modules.Result, error) {
	s := read(out)
	if s.data == nil {
		return m.broken(out)
	}
	r := modules.Result{Data: s.data, Changed: s.changed, Skipped: truthy(s.data, "skipped")}
	if s.junk != "" {
		r.Warnings = append(r.Warnings, "Module invocation had junk after the JSON data: "+s.junk)
	}
	r.Warnings = append(r.Warnings, notices(s.data)...)
	if facts, ok := s.data.Get("ansible_facts"); ok {
		r.Facts, _ = facts.AsMap()
	}
	r.CacheFacts = truthy(s.data, "_ansible_facts_cacheable")
	drop(s.data)
	addLines(s.data)
	if !s.failed {
		return r, nil
	}
	return r, failure(s.data)
}

// drop takes out what is not for register.
func drop(data *values.Map) {
	for _, key := range data.Clone().Keys() {
		name := values.Text(key)
		switch name {
		case "changed", "failed", "skipped", "ansible_facts", "invocation":
			data.Delete(key)
		default:
			if isInternal(name) && name != "_ansible_verbose_always" {
				data.Delete(key)
				continue
			}
			value, _ := data.Get(name)
			data.SetKey(key, stripped(value))
		}
	}
}

// isInternal reports names that modules and those who call them keep for themselves.
func isInternal(name string) bool { return strings.HasPrefix(name, "_ansible_") }

// stripped is a value without internal names at any depth, as where a module repeats what it was given.
func stripped(v values.Value) values.Value {
	if m, ok := v.AsMap(); ok {
		kept := values.NewMap(m.Len())
		for key, value := range m.All() {
			if !isInternal(values.Text(key)) {
				kept.SetKey(key, stripped(value))
			}
		}
		return values.FromMap(kept)
	}
	if v.Kind() != values.KindList {
		return v
	}
	items := make([]values.Value, 0, len(v.Items()))
	for _, item := range v.Items() {
		items = append(items, stripped(item))
	}
	return values.FromSlice(items)
}

// notices are the module's warnings.
func notices(data *values.Map) []string {
	var texts []string
	for _, name := range []string{"warnings", "deprecations"} {
		list, _ := data.Get(name)
		for _, item := range list.Items() {
			if msg, ok := item.Get("msg"); ok {
				item = msg
			}
			texts = append(texts, values.Text(item))
		}
	}
	return texts
}

// addLines divides output into lines, as Ansible does for every module.
func addLines(data *values.Map) {
	for _, name := range []string{"stdout", "stderr"} {
		if text, ok := data.Get(name); ok && !data.Has(name+"_lines") {
			data.Set(name+"_lines", modules.Lines(values.Text(text)))
		}
	}
}

// failure is the module's own word for why it failed; it may have none.
func failure(data *values.Map) error {
	msg, _ := data.Get("msg")
	text, _ := msg.AsString()
	return modules.Fail("%s", text)
}

// broken is a module that told nothing that can be read.
func (m *Module) broken(out modules.Output) (modules.Result, error) {
	if why := notThere(out.Stderr); why != "" {
		return modules.Result{}, fmt.Errorf("module %q: %s", m.Name, why)
	}
	if name := missing(out.Stderr); name != "" {
		return modules.Result{}, fmt.Errorf("module %q is written for Ansible's Python library, and this host has no %s; a module for gdeploy carries what it needs: it reads the JSON in the file that its first argument names (WANT_JSON) and prints a JSON object", m.Name, name)
	}
	if out.RC == 127 {
		return noInterpreter(out.RC, out.Stdout, out.Stderr)
	}
	return shape("MODULE FAILURE", out.RC, out.Stdout, out.Stderr)
}

// notThere is what the executor's stand-in for Ansible's library says of a part that it does not have.
func notThere(stderr string) string {
	_, why, found := strings.Cut(stderr, "ImportError: ansible")
	if !found || !strings.Contains(why, " is not there: ") {
		return ""
	}
	why, _, _ = strings.Cut(why, "\n")
	return "ansible" + why
}

// missing names the part of Ansible's library that Python did not find.
func missing(stderr string) string {
	_, rest, found := strings.Cut(stderr, "No module named 'ansible")
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "'")
	return "ansible" + rest
}

func noInterpreter(rc int, stdout, stderr string) (modules.Result, error) {
	return shape("The module failed to execute correctly, you probably need to set the interpreter.", rc, stdout, stderr)
}

// shape is a broken module's result as Ansible has it.
func shape(what string, rc int, stdout, stderr string) (modules.Result, error) {
	data := values.NewMap(4)
	if strings.HasPrefix(stderr, "Traceback") {
		data.Set("exception", values.String(stderr))
	}
	data.Set("module_stderr", values.String(stderr))
	data.Set("module_stdout", values.String(stdout))
	data.Set("rc", values.Int(int64(rc)))
	return modules.Result{Data: data}, modules.Fail("%s\nSee stdout/stderr for the exact error", what)
}
