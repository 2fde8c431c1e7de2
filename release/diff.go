package release

import (
	"fmt"
	"io"
	"path"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// Difference is a file that two archived releases do not have in common.
type Difference struct {
	// Name is the file's, with config/ before it for one of the configuration.
	Name string
	// How is A where the second release has it and the first has not, D the other way
	// round, and M where both have it.
	How string
	// Before and After are its contents, where Shown: they were asked for and are text.
	Before, After string
	Shown         bool
}

// CompareArchived gives the files that differ between two archived releases, by their
// manifests. With contents it reads those files too.
func CompareArchived(sys modules.Reader, from, to string, contents bool) ([]Difference, error) {
	a, err := openArchived(sys, from)
	if err != nil {
		return nil, err
	}
	b, err := openArchived(sys, to)
	if err != nil {
		return nil, err
	}
	list := a.manifest.differences(b.manifest)
	if !contents {
		return list, nil
	}
	before, err := a.contents(list)
	if err != nil {
		return nil, err
	}
	after, err := b.contents(list)
	for i := range list {
		d := &list[i]
		d.Before, d.After = before[d.Name], after[d.Name]
		d.Shown = utf8.ValidString(d.Before) && utf8.ValidString(d.After) && len(d.Before) <= shownConfig && len(d.After) <= shownConfig
	}
	return list, err
}

func (m Manifest) differences(to Manifest) []Difference {
	var list []Difference
	for name, sum := range m {
		if now, ok := to[name]; !ok {
			list = append(list, Difference{Name: name, How: "D"})
		} else if now != sum {
			list = append(list, Difference{Name: name, How: "M"})
		}
	}
	for name := range to {
		if _, ok := m[name]; !ok {
			list = append(list, Difference{Name: name, How: "A"})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list
}

// archivedFiles are the files of an archived release.
type archivedFiles struct {
	sys      modules.Reader
	dir      string
	code     string // the archive
	manifest Manifest
}

func openArchived(sys modules.Reader, dir string) (archivedFiles, error) {
	meta, err := ReadArchived(sys, dir)
	if err != nil {
		return archivedFiles{}, fmt.Errorf("read the archived release %s: %w", path.Base(dir), err)
	}
	f, err := sys.Open(path.Join(dir, manifestFile))
	if err != nil {
		return archivedFiles{}, err
	}
	defer f.Close()
	files, err := ParseManifest(f)
	if err != nil {
		return archivedFiles{}, fmt.Errorf("%s: %w", path.Join(dir, manifestFile), err)
	}
	config, err := scanConfig(sys, path.Join(dir, configDir))
	for name, sum := range config {
		files[path.Join(configDir, name)] = sum
	}
	return archivedFiles{sys, dir, path.Join(dir, meta.File), files}, err
}

// contents reads those of the files that the release has.
func (a archivedFiles) contents(of []Difference) (map[string]string, error) {
	texts, code := map[string]string{}, map[string]bool{}
	for _, d := range of {
		sum, ok := a.manifest[d.Name]
		switch {
		case !ok:
		case strings.HasPrefix(sum, linkMark):
			texts[d.Name] = sum + "\n"
		case strings.HasPrefix(d.Name, configDir+"/"):
			text, err := readFile(a.sys, path.Join(a.dir, d.Name))
			if err != nil {
				return nil, err
			}
			texts[d.Name] = string(text)
		default:
			code[d.Name] = true
		}
	}
	if len(code) == 0 {
		return texts, nil
	}
	return texts, a.readCode(code, texts)
}

func (a archivedFiles) readCode(wanted map[string]bool, into map[string]string) error {
	f, err := a.sys.Open(a.code)
	if err != nil {
		return err
	}
	defer f.Close()
	err = archives.Read(f, func(e archives.Entry) error {
		if !wanted[e.Name] || !e.Mode.IsRegular() {
			return nil
		}
		text, err := io.ReadAll(io.LimitReader(e.Content, shownConfig+1))
		into[e.Name] = string(text)
		return err
	})
	if err != nil {
		err = fmt.Errorf("read %s: %w", a.code, err)
	}
	return err
}
