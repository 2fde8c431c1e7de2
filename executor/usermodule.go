package executor

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/user_module"
	"github.com/gdeploy/gdeploy/values"
)

// style is how a user's module wants its arguments.
type style int

const (
	oldStyle  style = iota // name=value words in a file
	wantsJSON              // JSON in a file: binaries and those that name WANT_JSON
	ansible                // JSON below ANSIBLE_MODULE_ARGS: those that import Ansible's Python library
	inline                 // JSON in its own text
)

// jsonMark is what Ansible replaces by the arguments.
const jsonMark = "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"

// userModule is what a file of library/ says about itself.
type userModule struct {
	style       style
	interpreter []string // of its first line
	// foresees says that it looks at check mode.
	foresees bool
	content  []byte // only of those that want their arguments inside
}

// readUserModule looks into a file of library/.
func readUserModule(file, name string) (userModule, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return userModule{}, err
	}
	u := userModule{foresees: bytes.Contains(data, []byte("_ansible_check_mode"))}
	if isBinary(data) {
		u.style = wantsJSON
		return u, nil
	}
	line, _, _ := strings.Cut(string(data), "\n")
	line, hasLine := strings.CutPrefix(line, "#!")
	u.interpreter = strings.Fields(line)
	if !hasLine || len(u.interpreter) == 0 {
		return u, fmt.Errorf("module (%s) is missing interpreter line", name)
	}
	switch {
	case bytes.Contains(data, []byte("from ansible.module_utils.")), bytes.Contains(data, []byte("import ansible.module_utils.")):
		u.style, u.foresees, u.content = ansible, true, data // AnsibleModule looks at check mode for them
	case bytes.Contains(data, []byte(jsonMark)):
		u.style, u.content = inline, data
	case bytes.Contains(data, []byte("WANT_JSON")):
		u.style = wantsJSON
	}
	return u, nil
}

// isBinary reports a program that is no text: its beginning holds a zero byte or is not UTF-8.
func isBinary(data []byte) bool {
	head := data[:min(len(data), 1024)]
	if bytes.IndexByte(head, 0) >= 0 {
		return true
	}
	for cut := 0; cut < utf8.UTFMax && cut <= len(head); cut++ {
		if utf8.Valid(head[:len(head)-cut]) {
			return false
		}
	}
	return true
}

// fillUserModule makes a task of a user's own module a call of user_module, which runs it.
func (v *visit) fillUserModule(_ context.Context, s *step) error {
	file := v.task.UserModule
	if file == "" {
		return nil
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	u, err := readUserModule(file, name)
	if err != nil {
		return err
	}
	args, _ := s.call.Args.AsMap()
	args = v.internalArgs(s, args, name)
	input, err := u.input(args)
	if err != nil {
		return fmt.Errorf("arguments of module %q: %w", name, err)
	}
	call := values.NewMap(5)
	call.Set("name", values.String(name))
	call.Set("foresees", values.Bool(u.foresees))
	if len(u.interpreter) > 0 {
		call.Set("interpreter", values.Strings(v.interpreter(s, u.interpreter)...))
	}
	blob, err := v.contents.file(file, filepath.Base(file), asItIs)
	switch u.style {
	case inline:
		blob = v.contents.data(bytes.ReplaceAll(u.content, []byte(jsonMark), []byte(input)), filepath.Base(file), 0o700)
	case ansible:
		blob = v.contents.data(withLibrary(file, u.content), filepath.Base(file), 0o700)
	}
	if u.style != inline {
		call.Set("input", values.String(input))
	}
	call.Set("file", blob.Value())
	s.call.Module, s.call.Args = s.spec.Name, values.FromMap(call)
	return err
}

// internalArgs adds what Ansible tells every module beside its parameters.
func (v *visit) internalArgs(s *step, args *values.Map, name string) *values.Map {
	args = orEmpty(args).Clone()
	version := "2.14.18"
	if full, err := s.scope.Text(values.String("{{ ansible_version.full }}")); err == nil {
		version = full
	}
	for _, one := range []struct {
		name  string
		value values.Value
	}{
		{"check_mode", values.Bool(s.call.Check)},
		{"no_log", values.Bool(v.noLog)},
		{"debug", values.False},
		{"diff", values.Bool(s.call.Diff)},
		{"verbosity", values.Int(int64(v.Verbosity))},
		{"version", values.String(version)},
		{"module_name", values.String(name)},
		{"syslog_facility", values.String("LOG_USER")},
		{"selinux_special_fs", values.Strings("fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat")},
		{"string_conversion_action", values.String("warn")},
		{"socket", values.Null},
		{"shell_executable", values.String("/bin/sh")},
		{"keep_remote_files", values.False},
		{"tmpdir", values.String(user_module.TempDir)},
		{"remote_tmp", values.String("~/.ansible/tmp")},
	} {
		args.Set("_ansible_"+one.name, one.value)
	}
	return args
}

// input is the arguments as the module reads them.
func (u userModule) input(args *values.Map) (string, error) {
	switch u.style {
	case oldStyle:
		var words strings.Builder
		for name, value := range args.All() {
			words.WriteString(values.Text(name) + "=" + modules.CommandLine([]string{values.Text(value)}) + " ")
		}
		return words.String(), nil
	case ansible:
		return pyjson.Encode(values.MapOf("ANSIBLE_MODULE_ARGS", values.FromMap(args)), pyjson.Options{ASCII: true})
	}
	return pyjson.Encode(values.FromMap(args), pyjson.Options{ASCII: true})
}

// interpreter is the program of a first line, or the one that ansible_NAME_interpreter
// puts in its place on this host.
func (v *visit) interpreter(s *step, written []string) []string {
	program, rest := written[0], written[1:]
	if path.Base(program) == "env" && len(rest) > 0 {
		program, rest = rest[0], rest[1:]
	}
	name := strings.TrimRight(path.Base(program), "0123456789.")
	c := s.scope.Context()
	if s.delegate != "" {
		c.Host, c.Delegate = s.delegate, ""
	}
	chosen, err := v.Store.Scope(c).Text(values.String("{{ ansible_" + name + "_interpreter | default('', true) }}"))
	switch {
	case err == nil && chosen != "" && !strings.HasPrefix(chosen, "auto"):
	case name == "python":
		chosen = "/usr/bin/python3" // what Ansible finds by itself; the host takes another one where it is missing
	default:
		return append([]string{program}, rest...)
	}
	return append(strings.Fields(chosen), rest...)
}
