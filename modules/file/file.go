// Package file gives files, directories and links the state, mode and owner they shall
// have.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "file", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	Path    string `json:"path" type:"path" required:"true" aliases:"dest,name" help:"the file, directory or link"`
	State   string `json:"state" choices:"absent,directory,file,hard,link,touch" help:"what path shall be; without it, what it is now, or a file"`
	Src     string `json:"src" type:"path" help:"what a link points to; for a symbolic link as it shall be written"`
	Recurse bool   `json:"recurse" default:"no" help:"set mode and owner of all below a directory too"`
	Force   bool   `json:"force" default:"no" help:"make a link although its target is missing, or over a file or an empty directory"`
	Follow  bool   `json:"follow" default:"yes" help:"where path is a link, work on what it points to"`
	modules.Ownership
	Times
}

// Run brings path to its state.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	now, err := stateOf(sys, m.Path)
	if err != nil {
		return modules.Result{}, err
	}
	state := m.State
	switch {
	case state == "" && now != "absent":
		state = now
	case state == "" && m.Recurse:
		state = "directory"
	case state == "":
		state = "file"
	}
	if m.Recurse && state != "directory" {
		return m.result(sys, "path"), errors.New("recurse option requires state to be 'directory'")
	}
	if m.Src != "" && state != "link" && state != "hard" {
		return m.result(sys, "path"), errors.New("src option requires state to be 'link' or 'hard'")
	}
	return map[string]func(modules.System, string) (modules.Result, error){
		"absent":    m.absent,
		"directory": m.directory,
		"file":      m.present,
		"hard":      m.hard,
		"link":      m.link,
		"touch":     m.touch,
	}[state](sys, now)
}

// stateOf is Ansible's word for what lies at name.
func stateOf(sys modules.Reader, name string) (string, error) {
	st, err := sys.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "absent", nil
	}
	if err != nil {
		return "", err
	}
	return modules.FileState(st), nil
}

// result describes the file under the key path or dest, as each state has it.
func (m *Module) result(sys modules.System, key string) modules.Result {
	data := modules.Data(key, values.String(m.Path))
	modules.AddFile(data, sys, m.Path)
	return modules.Result{Data: data}
}

func (m *Module) absent(sys modules.System, _ string) (modules.Result, error) {
	data := modules.Data("path", values.String(m.Path), "state", values.String("absent"))
	return modules.Result{Data: data}, sys.Remove(strings.TrimRight(m.Path, "/"))
}

// follow goes to where a link at path points.
func (m *Module) follow(sys modules.System, now string) (string, error) {
	if now != "link" || !m.Follow {
		return now, nil
	}
	real, err := modules.Resolve(sys, m.Path)
	if err != nil {
		return "", err
	}
	m.Path = real
	return stateOf(sys, real)
}

func (m *Module) present(sys modules.System, now string) (modules.Result, error) {
	now, err := m.follow(sys, now)
	if err != nil {
		return modules.Result{}, err
	}
	if now != "file" && now != "hard" {
		result := m.result(sys, "path")
		result.Data.Set("state", values.String(now))
		return result, fmt.Errorf("file (%s) is %s, cannot continue", m.Path, now)
	}
	err = m.attributes(sys, m.Path)
	return m.result(sys, "path"), err
}

// attributes sets mode, owner and times of a file.
func (m *Module) attributes(sys modules.System, name string) error {
	st, err := sys.Lstat(name)
	if err != nil {
		return err
	}
	if err := sys.SetAttributes(name, m.Attributes(st.Mode, st.Mode.IsDir())); err != nil {
		return err
	}
	return m.setTimes(sys, name, "preserve")
}

func (m *Module) directory(sys modules.System, now string) (modules.Result, error) {
	m.Path = path.Clean(m.Path)
	now, err := m.follow(sys, now)
	if err != nil {
		return modules.Result{}, err
	}
	if now != "directory" && now != "absent" {
		return m.result(sys, "path"), fmt.Errorf("%s already exists as a %s", m.Path, now)
	}
	for _, missing := range modules.MissingDirs(sys, m.Path) {
		if err := sys.Mkdir(missing, m.Attributes(0, true)); err != nil {
			return m.result(sys, "path"), modules.Fail("There was an issue creating %s as requested: %w", missing, err)
		}
	}
	if err := m.attributes(sys, m.Path); err != nil {
		return m.result(sys, "path"), err
	}
	if m.Recurse {
		err = m.below(sys, m.Path)
	}
	return m.result(sys, "path"), err
}

// below sets the attributes of all in a directory. A link's target is changed too
// where follow is set, as Ansible does.
func (m *Module) below(sys modules.System, dir string) error {
	return modules.Walk(sys, dir, func(st modules.Stat) error {
		if st.Path == dir {
			return nil
		}
		if err := m.attributes(sys, st.Path); err != nil {
			return err
		}
		if st.Mode&fs.ModeSymlink == 0 || !m.Follow {
			return nil
		}
		target, err := modules.Resolve(sys, st.Path)
		if err != nil {
			return err
		}
		to, err := sys.Lstat(target)
		if err != nil {
			return nil // a link to nothing
		}
		if err := m.attributes(sys, target); err != nil || !to.Mode.IsDir() || leadsUp(target, dir) {
			return err
		}
		return m.below(sys, target)
	})
}

// leadsUp reports whether going into target would come back to dir for ever.
func leadsUp(target, dir string) bool {
	return target == dir || strings.HasPrefix(dir+"/", target+"/") || strings.HasPrefix(target+"/", dir+"/")
}

func (m *Module) touch(sys modules.System, now string) (modules.Result, error) {
	now, err := m.follow(sys, now)
	if err != nil {
		return modules.Result{}, err
	}
	if now == "absent" {
		if err := m.create(sys); err != nil {
			return m.result(sys, "path"), err
		}
	}
	if err == nil {
		st, statErr := sys.Lstat(m.Path)
		if statErr != nil {
			return modules.Result{}, statErr
		}
		err = sys.SetAttributes(m.Path, m.Attributes(st.Mode, st.Mode.IsDir()))
	}
	if err == nil && (now != "absent" || m.Access != "" || m.Modification != "") {
		err = m.setTimes(sys, m.Path, "now")
	}
	return m.result(sys, "dest"), err
}

func (m *Module) create(sys modules.System) error {
	if strings.HasSuffix(m.Path, "/") {
		return modules.Fail("Error, could not touch target: [Errno 21] Is a directory: b'%s'", m.Path)
	}
	err := sys.WriteFile(m.Path, strings.NewReader(""), m.Attributes(0, false))
	if errors.Is(err, fs.ErrNotExist) {
		return modules.Fail("Error, could not touch target: [Errno 2] No such file or directory: b'%s'", m.Path)
	}
	return err
}
