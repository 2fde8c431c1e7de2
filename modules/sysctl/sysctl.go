// Package sysctl keeps settings of the kernel, in a file and in the kernel itself.
package sysctl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "sysctl", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Name         string `json:"name" aliases:"key" required:"true" help:"the setting, such as net.ipv4.ip_forward"`
	Value        string `json:"value" aliases:"val" help:"what it shall be"`
	State        string `json:"state" default:"present" choices:"absent,present" help:"whether it shall stand in the file"`
	File         string `json:"sysctl_file" type:"path" default:"/etc/sysctl.conf" help:"the file"`
	Reload       bool   `json:"reload" default:"yes" help:"have the kernel take the file over when it has changed"`
	Set          bool   `json:"sysctl_set" default:"no" help:"look at what the kernel has too, and set it there"`
	IgnoreErrors bool   `json:"ignoreerrors" default:"no" help:"settings that the kernel does not know are no failure"`
}

// Validate wants a setting and what it shall be.
func (m *Module) Validate() error {
	switch {
	case m.Name == "" || strings.ContainsAny(m.Name, " =\n") || strings.HasPrefix(m.Name, "-"):
		return modules.Invalid("%q is no name of a setting", m.Name)
	case strings.Contains(m.Value, "\n"):
		return modules.Invalid("the value must be one line")
	}
	return modules.RequiredIf("state", "present", m.State == "present", "value", m.Value != "")
}

// number gives what the kernel has for words of yes and no, and any other value as it is.
func number(value string) string {
	switch strings.ToLower(value) {
	case "y", "yes", "on", "true", "t":
		return "1"
	case "n", "no", "off", "false", "f":
		return "0"
	}
	return strings.TrimSpace(value)
}

// Run edits the file and tells the kernel.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	m.Value = number(m.Value)
	if m.Set && m.State == "present" {
		if err := m.tell(ctx, sys); err != nil {
			return modules.Result{}, err
		}
	}
	text, err := modules.ReadFile(sys, m.File, 1<<20)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return modules.Result{}, err
	}
	before := string(text)
	after := m.edited(before)
	if after == before {
		return modules.Result{}, nil
	}
	real, err := modules.Resolve(sys, m.File)
	if err != nil {
		return modules.Result{}, err
	}
	if err := sys.WriteFile(real, strings.NewReader(after), modules.Attributes{}); err != nil || !m.Reload {
		return modules.Result{}, err
	}
	_, err = modules.Exec(ctx, sys, modules.Command{Argv: m.command("-p", m.File)})
	return modules.Result{}, err
}

// tell sets what the kernel has where it is something else.
func (m *Module) tell(ctx context.Context, sys modules.System) error {
	out, err := modules.Query(ctx, sys, modules.Command{Argv: m.command("-n", m.Name)})
	if err == nil && !slices.Equal(strings.Fields(out.Stdout), strings.Fields(m.Value)) {
		_, err = modules.Exec(ctx, sys, modules.Command{Argv: m.command("-w", m.Name+"="+m.Value)})
	}
	if program, ok := errors.AsType[*modules.ProgramError](err); ok {
		return fmt.Errorf("setting %s failed: %s", m.Name, program.Said())
	}
	return err
}

func (m *Module) command(arguments ...string) []string {
	argv := []string{"sysctl"}
	if m.IgnoreErrors {
		argv = append(argv, "-e")
	}
	return append(argv, arguments...)
}

// edited is the file with the setting as it shall be: the first line of it counts, and
// others go.
func (m *Module) edited(text string) string {
	var kept strings.Builder
	done := m.State == "absent"
	for line := range strings.Lines(text) {
		name, value, isSetting := strings.Cut(strings.TrimSpace(line), "=")
		if !isSetting || strings.ContainsAny(name[:min(1, len(name))], "#;") || strings.TrimSpace(name) != m.Name {
			kept.WriteString(line)
			continue
		}
		if done {
			continue
		}
		done = true
		if !slices.Equal(strings.Fields(value), strings.Fields(m.Value)) {
			line = m.Name + "=" + m.Value + "\n"
		}
		kept.WriteString(line)
	}
	if done {
		return kept.String()
	}
	if s := kept.String(); s != "" && !strings.HasSuffix(s, "\n") {
		kept.WriteString("\n")
	}
	return kept.String() + m.Name + "=" + m.Value + "\n"
}
