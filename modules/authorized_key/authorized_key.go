// Package authorized_key lets SSH keys into an account, or takes them away.
package authorized_key

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/authorized_key/keyfile"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "authorized_key", ReadOnly: true,
	New:     func() modules.Module { return new(Module) },
	Refused: map[string]string{"validate_certs": "keys are not fetched from a URL; give the key itself"},
}

// Module holds the parameters.
type Module struct {
	User       string  `json:"user" required:"true" help:"the account"`
	Key        string  `json:"key" required:"true" help:"the public key; several with line breaks"`
	State      string  `json:"state" default:"present" choices:"absent,present" help:"whether the keys shall be let in"`
	Exclusive  bool    `json:"exclusive" default:"no" help:"remove all other keys"`
	KeyOptions *string `json:"key_options" help:"options to write before the key"`
	Comment    *string `json:"comment" help:"comment to write after the key, instead of its own"`
	Path       string  `json:"path" type:"path" help:"the file, where it is not .ssh/authorized_keys in the account's home"`
	ManageDir  bool    `json:"manage_dir" default:"yes" help:"make the file's directory and give it to the account, mode 0700"`
	Follow     bool    `json:"follow" default:"no" help:"where the file is a symlink, change what it points to"`
}

// Validate checks the keys.
func (m *Module) Validate() error {
	if text := strings.TrimSpace(m.Key); strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		return modules.Invalid("key is a URL, and keys are not fetched from the network: give the key itself, such as {{ lookup('file', 'id_ed25519.pub') }}")
	}
	_, err := m.keys()
	return err
}

func (m *Module) keys() ([]keyfile.Line, error) {
	keys, err := keyfile.ParseKeys(m.Key)
	if err != nil {
		return nil, modules.Invalid("%s", err)
	}
	for i := range keys {
		if m.KeyOptions != nil {
			keys[i].Options = *m.KeyOptions
		}
		if m.Comment != nil {
			keys[i].Comment = *m.Comment
		}
	}
	return keys, nil
}

// Run lets the keys in or takes them away.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	data := modules.Data("user", values.String(m.User), "key", values.String(m.Key), "state", values.String(m.State), "key_options", orNull(m.KeyOptions),
		"comment", orNull(m.Comment), "exclusive", values.Bool(m.Exclusive), "manage_dir", values.Bool(m.ManageDir), "follow", values.Bool(m.Follow))
	keys, err := m.keys()
	if err != nil {
		return modules.Result{Data: data}, err
	}
	u, err := m.account(ctx, sys)
	if err != nil {
		return modules.Result{Data: data}, err
	}
	file := m.Path
	if file == "" {
		file = path.Join(u.Home, ".ssh", "authorized_keys")
	}
	data.Set("keyfile", values.String(file))
	data.Set("path", values.Null)
	err = m.bring(sys, u, file, keys)
	if m.Path != "" {
		data.Set("path", values.String(file))
		modules.AddFile(data, sys, file)
	}
	return modules.Result{Data: data}, err
}

func orNull(s *string) values.Value {
	if s == nil {
		return values.Null
	}
	return values.String(*s)
}

// account looks the user up. A dry run cannot foresee one that is still to be made.
func (m *Module) account(ctx context.Context, sys modules.System) (modules.User, error) {
	u, err := sys.User(m.User)
	if !errors.Is(err, fs.ErrNotExist) {
		return u, err
	}
	look := modules.Command{Argv: []string{"id", "--", m.User}, Unchanged: func(modules.Output) bool { return true }}
	if _, err := modules.Exec(ctx, sys, look); errors.Is(err, modules.ErrWouldRun) {
		return u, err
	}
	//lint:ignore ST1005 Ansible's words
	return u, fmt.Errorf("Failed to lookup user %s: there is none on this host; the module user makes one", m.User)
}

func (m *Module) bring(sys modules.System, u modules.User, file string, keys []keyfile.Line) error {
	if err := keyfile.Trusted(sys, path.Dir(file)); err != nil {
		return err
	}
	if st, err := sys.Lstat(file); err == nil && st.Mode&fs.ModeSymlink != 0 && m.Follow {
		if file, err = modules.Resolve(sys, file); err != nil {
			return err
		}
	}
	old, err := modules.ReadFile(sys, file, 16<<20)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	before := keyfile.Parse(string(old))
	after := before.With(keys, m.Exclusive)
	if m.State == "absent" {
		after = before.Without(keys)
	}
	if missing && m.State == "absent" {
		return nil
	}
	if slices.Equal(before, after) && !missing {
		return m.write(sys, u, file, string(old))
	}
	return m.write(sys, u, file, after.String())
}

func (m *Module) write(sys modules.System, u modules.User, file, content string) error {
	dirMode, fileMode := fs.FileMode(0o700), fs.FileMode(0o600)
	owner, group := strconv.Itoa(u.UID), strconv.Itoa(u.GID)
	if m.ManageDir {
		if err := modules.MkdirAll(sys, path.Dir(file), modules.Attributes{Mode: &dirMode, Owner: owner, Group: group}); err != nil {
			return err
		}
	}
	return sys.WriteFile(file, strings.NewReader(content), modules.Attributes{Mode: &fileMode, Owner: owner, Group: group})
}
