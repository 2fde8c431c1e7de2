// Package known_hosts keeps the host keys that ssh trusts.
package known_hosts

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/known_hosts/hostfile"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "known_hosts", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Name     string `json:"name" aliases:"host" required:"true" help:"the host, as it is written to ssh; with a port other than 22 as [host]:port"`
	Key      string `json:"key" help:"the line for it, as ssh-keyscan prints it; several with line breaks. With absent: only that key goes"`
	Path     string `json:"path" type:"path" default:"~/.ssh/known_hosts" help:"the file"`
	HashHost bool   `json:"hash_host" default:"no" help:"write the name as a hash, so that the file does not tell which hosts are known"`
	State    string `json:"state" default:"present" choices:"absent,present" help:"whether the host shall be known"`
}

// Validate checks the key.
func (m *Module) Validate() error {
	if m.State == "present" && strings.TrimSpace(m.Key) == "" {
		return modules.Problem{Msg: "state: present needs the parameter \"key\"", Ansible: "No key specified when adding a host"}
	}
	if _, err := hostfile.ParseKeys(m.Name, m.Key); err != nil {
		return modules.Invalid("%s", err)
	}
	return nil
}

// Run writes the keys or takes them away.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	data := modules.Data("name", values.String(m.Name), "key", values.String(m.Key), "path", values.String(m.Path),
		"hash_host", values.Bool(m.HashHost), "state", values.String(m.State))
	if m.Key == "" {
		data.Set("key", values.Null)
	}
	keys, err := hostfile.ParseKeys(m.Name, m.Key)
	if err != nil {
		return modules.Result{Data: data}, err
	}
	old, err := modules.ReadFile(sys, m.Path, 64<<20)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return modules.Result{Data: data}, err
	}
	err = nil // a file that is missing is an empty one
	before := hostfile.Parse(string(old))
	after := before.Without(m.Name, keys)
	if m.State == "present" {
		if after, err = before.With(m.Name, keys, m.HashHost); err != nil {
			return modules.Result{Data: data}, err
		}
	}
	if !slices.Equal(before, after) {
		err = m.write(sys, after)
	}
	modules.AddFile(data, sys, m.Path)
	return modules.Result{Data: data}, err
}

func (m *Module) write(sys modules.System, f hostfile.File) error {
	if len(modules.MissingDirs(sys, path.Dir(m.Path))) > 0 {
		private := fs.FileMode(0o700)
		if err := modules.MkdirAll(sys, path.Dir(m.Path), modules.Attributes{Mode: &private}); err != nil {
			return err
		}
	}
	return sys.WriteFile(m.Path, strings.NewReader(f.String()), modules.Attributes{})
}
