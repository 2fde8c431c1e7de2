// Package find lists the files of a host that fit.
package find

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/stat"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "find", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Paths         []string `json:"paths" type:"path" required:"true" aliases:"name,path" help:"the directories to look in"`
	Patterns      []string `json:"patterns" aliases:"pattern" help:"names that fit, as a shell has them (*.log) or with use_regex as regular expressions; all by default"`
	Excludes      []string `json:"excludes" aliases:"exclude" help:"names that do not, in the same form"`
	UseRegex      bool     `json:"use_regex" default:"no" help:"patterns and excludes are regular expressions"`
	Contains      string   `json:"contains" help:"files in which a line begins with what this regular expression matches"`
	ReadWholeFile bool     `json:"read_whole_file" default:"no" help:"contains may match anywhere in the file, and across lines"`
	FileType      string   `json:"file_type" default:"file" choices:"any,directory,file,link" help:"what to list"`
	Recurse       bool     `json:"recurse" default:"no" help:"look in the directories below too"`
	Depth         int      `json:"depth" default:"0" help:"with recurse, how many levels down; 0 is all"`
	Follow        bool     `json:"follow" default:"no" help:"with recurse, go into links to directories"`
	Hidden        bool     `json:"hidden" default:"no" help:"list names that begin with a dot too"`
	Age           string   `json:"age" help:"at least that old (3600, 2h, 4w), or with - at most"`
	AgeStamp      string   `json:"age_stamp" default:"mtime" choices:"atime,ctime,mtime" help:"which time makes the age"`
	Size          string   `json:"size" help:"at least that big (1024, 10m, 2g), or with - at most"`
	GetChecksum   bool     `json:"get_checksum" default:"no" help:"tell the sha1 of each file"`

	filters
}

// Validate reads patterns, age and size.
func (m *Module) Validate() error {
	return errors.Join(
		m.names(m.Patterns, m.Excludes, m.UseRegex),
		m.content(m.Contains, m.ReadWholeFile),
		m.measure("age", m.Age, ageUnits, &m.age),
		m.measure("size", m.Size, sizeUnits, &m.size))
}

// search is what one call finds.
type search struct {
	*Module
	sys      modules.System
	files    []values.Value
	examined int64
	skipped  *values.Map
	seen     map[string]bool
	warnings []string
}

// Run looks.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	s := search{Module: m, sys: sys, files: []values.Value{}, skipped: values.NewMap(0)}
	for _, root := range m.Paths {
		st, err := sys.Stat(root)
		if err == nil && !st.Mode.IsDir() || err != nil {
			err = fmt.Errorf("'%s' is not a directory", root)
		}
		s.seen = map[string]bool{}
		if err == nil {
			err = s.directory(root, 1)
		}
		if err != nil {
			s.skipped.Set(root, values.String(err.Error()))
			s.warnings = append(s.warnings, fmt.Sprintf("Skipped '%s' path due to this access issue: %s\n", root, err))
		}
	}
	msg := "All paths examined"
	if s.skipped.Len() > 0 {
		msg = "Not all paths examined, check warnings for details"
	}
	return modules.Result{Msg: msg, Warnings: s.warnings, Data: modules.Data(
		"files", values.FromSlice(s.files), "matched", values.Int(int64(len(s.files))),
		"examined", values.Int(s.examined), "skipped_paths", values.FromMap(s.skipped))}, nil
}

// directory looks at what is in a directory, at that level below the first.
func (s *search) directory(dir string, level int) error {
	list, err := s.sys.ReadDir(dir)
	if err != nil {
		return err
	}
	var below []string
	for _, st := range list {
		name := path.Join(dir, path.Base(st.Path))
		if s.Recurse && (s.Depth == 0 || level < s.Depth) && s.isDirectory(name, st) {
			below = append(below, name)
		}
		s.examined++
		if err := s.look(name, st); err != nil {
			return err
		}
	}
	for _, name := range below {
		if err := s.directory(name, level+1); err != nil {
			return err
		}
	}
	return nil
}

// isDirectory reports whether to go into an entry; with follow that may be a link, but
// no place is entered twice.
func (s *search) isDirectory(name string, st modules.Stat) bool {
	if st.Mode.IsDir() || !s.Follow {
		return st.Mode.IsDir()
	}
	target, err := s.sys.Stat(name)
	if err != nil || !target.Mode.IsDir() {
		return false
	}
	real, err := modules.Resolve(s.sys, name)
	if err != nil || s.seen[real] || strings.HasPrefix(name+"/", real+"/") {
		return false
	}
	s.seen[real] = true
	return true
}

// look lists an entry if it fits.
func (s *search) look(name string, st modules.Stat) error {
	if !s.Hidden && strings.HasPrefix(path.Base(name), ".") {
		return nil
	}
	fits, err := s.fits(s.sys, name, st, s.FileType, s.stamp(st), s.sys.Now())
	if err != nil || !fits {
		return err
	}
	about := stat.Basics(name, st)
	for _, key := range []string{"exists", "blocks", "block_size", "device_type"} {
		about.Delete(values.String(key))
	}
	about.Set("pw_name", values.String(nameOr(modules.OwnerName(s.sys, st.UID), st.UID)))
	about.Set("gr_name", values.String(nameOr(modules.GroupName(s.sys, st.GID), st.GID)))
	if s.GetChecksum && st.Mode.IsRegular() {
		sum, err := modules.Checksum(s.sys, name, "sha1")
		if err != nil {
			return err
		}
		about.Set("checksum", values.String(sum))
	}
	s.files = append(s.files, values.FromMap(about))
	return nil
}

// nameOr is empty where there is no name, only the number.
func nameOr(name string, id int) string {
	if name == fmt.Sprint(id) {
		return ""
	}
	return name
}
