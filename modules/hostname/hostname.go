// Package hostname gives a host its name.
package hostname

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "hostname", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Name string `json:"name" required:"true" help:"the name"`
	Use  string `json:"use" choices:"debian,generic,redhat,systemd" help:"how it is set; hostnamectl where the host has it, else /etc/hostname and the kernel"`
}

// Validate refuses what hostnamectl would change on its own.
func (m *Module) Validate() error {
	if m.Name == "" || len(m.Name) > 64 || strings.Trim(m.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" || strings.ContainsRune(".-", rune(m.Name[0])) {
		return modules.Invalid("%q is no name of a host: letters, digits, - and ., at most 64", m.Name)
	}
	return nil
}

const file = "/etc/hostname"

// Run sets the kernel's name and the one for the next boot.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	current, err := read(sys, "/proc/sys/kernel/hostname")
	permanent, fileErr := read(sys, file)
	if err := errors.Join(err, fileErr); err != nil {
		return modules.Result{}, err
	}
	if current != m.Name || permanent != m.Name {
		err = m.set(ctx, sys, current)
	}
	short, domain, _ := strings.Cut(m.Name, ".")
	return modules.Result{
		Data: modules.Data("name", values.String(m.Name)),
		Facts: modules.Data("ansible_hostname", values.String(short), "ansible_nodename", values.String(m.Name),
			"ansible_fqdn", values.String(m.Name), "ansible_domain", values.String(domain)),
	}, err
}

func (m *Module) set(ctx context.Context, sys modules.System, current string) error {
	_, err := sys.LookPath("hostnamectl")
	if err == nil && (m.Use == "" || m.Use == "systemd") {
		_, err = modules.Exec(ctx, sys, modules.Command{Argv: []string{"hostnamectl", "--static", "--transient", "set-hostname", m.Name}})
		return err
	}
	if err := sys.WriteFile(file, strings.NewReader(m.Name+"\n"), modules.Attributes{}); err != nil || current == m.Name {
		return err
	}
	_, err = modules.Exec(ctx, sys, modules.Command{Argv: []string{"hostname", m.Name}})
	return err
}

func read(sys modules.Reader, name string) (string, error) {
	text, err := modules.ReadFile(sys, path.Clean(name), 4096)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return strings.TrimSpace(string(text)), err
}
