package file

import (
	"errors"
	"fmt"
	"path"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// link makes path a symbolic link to src.
func (m *Module) link(sys modules.System, now string) (modules.Result, error) {
	if err := m.linkSource(sys, now); err != nil {
		return modules.Result{}, err
	}
	target := m.target(now)
	if _, err := sys.Stat(target); err != nil && !m.Force && m.State != "" {
		return m.linked(sys, "path"), fmt.Errorf("src file does not exist, use \"force=yes\" if you really want to create the link: %s", target)
	}
	if err := m.clear(sys, now); err != nil {
		return m.result(sys, "path"), err
	}
	if err := sys.Symlink(m.Src, m.Path); err != nil {
		return m.linked(sys, "dest"), err
	}
	warnings, err := m.linkAttributes(sys)
	result := m.linked(sys, "dest")
	result.Warnings = warnings
	return result, err
}

// linkSource takes what a link that is there points to, where no src was given.
func (m *Module) linkSource(sys modules.System, now string) error {
	if m.Src != "" {
		return nil
	}
	if now != "link" {
		return errors.New("src is required for creating new symlinks")
	}
	st, err := sys.Lstat(m.Path)
	m.Src = st.Target
	return err
}

// target is what src means, seen from where the link lies.
func (m *Module) target(now string) string {
	if path.IsAbs(m.Src) {
		return m.Src
	}
	if now == "directory" {
		return path.Join(m.Path, m.Src)
	}
	return path.Join(path.Dir(m.Path), m.Src)
}

// clear takes away what may give place to a link.
func (m *Module) clear(sys modules.System, now string) error {
	if now == "absent" || now == "link" {
		return nil
	}
	if !m.Force {
		return fmt.Errorf("refusing to convert from %s to symlink for %s", now, m.Path)
	}
	if now != "directory" {
		return nil // the link is renamed over it
	}
	list, err := sys.ReadDir(m.Path)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		return fmt.Errorf("the directory %s is not empty, refusing to convert it", m.Path)
	}
	return sys.Remove(m.Path)
}

// linkAttributes sets mode and owner of the target, or with follow=no of the link.
func (m *Module) linkAttributes(sys modules.System) (warnings []string, err error) {
	if !m.Follow {
		return nil, m.attributes(sys, m.Path)
	}
	real, err := modules.Resolve(sys, m.Path)
	if err != nil {
		return nil, err
	}
	if _, err := sys.Lstat(real); err != nil {
		return []string{"Cannot set fs attributes on a non-existent symlink target. follow should be set to False to avoid this."}, nil
	}
	return nil, m.attributes(sys, real)
}

func (m *Module) linked(sys modules.System, key string) modules.Result {
	result := m.result(sys, key)
	result.Data.Set("src", values.String(m.Src))
	return result
}

// hard makes path a hard link of src.
func (m *Module) hard(sys modules.System, now string) (modules.Result, error) {
	if m.Src == "" {
		if now != "hard" {
			return modules.Result{}, errors.New("src is required for creating new hardlinks")
		}
		result, err := m.present(sys, now)
		result.Data.Set("dest", values.String(m.Path))
		return result, err
	}
	source, err := sys.Stat(m.Src)
	if err != nil {
		return m.linked(sys, "dest"), errors.New("src does not exist")
	}
	st, err := sys.Lstat(m.Path)
	same := err == nil && st.Inode == source.Inode && st.Dev == source.Dev
	switch {
	case same || now == "absent" || now == "link":
	case now == "directory":
		return m.linked(sys, "dest"), modules.Fail("Cannot link because a directory exists at %s", m.Path)
	case !m.Force && now == "hard":
		return m.linked(sys, "dest"), modules.Fail("Cannot link, different hard link exists at destination")
	case !m.Force:
		return m.linked(sys, "dest"), modules.Fail("Cannot link, %s exists at destination", now)
	}
	if err := sys.Link(m.Src, m.Path); err != nil {
		return m.linked(sys, "dest"), err
	}
	err = m.attributes(sys, m.Path)
	return m.linked(sys, "dest"), err
}
