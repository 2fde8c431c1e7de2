package release

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Manifest gives for each file of a release the sha256 of its content, and for each
// symlink "-> target". Directories are not in it. Its text form is that of sha256sum(1),
// so that a person can check a release with "sha256sum -c"; links stand in comments.
type Manifest map[string]string

const linkMark = "-> "

// Bytes writes the manifest, sorted by name.
func (m Manifest) Bytes() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if target, isLink := strings.CutPrefix(m[name], linkMark); isLink {
			fmt.Fprintf(&b, "# %s %s%s\n", name, linkMark, target)
			continue
		}
		fmt.Fprintf(&b, "%s  %s\n", m[name], name)
	}
	return b.Bytes()
}

// Digest is the sha256 of the manifest's text: one name for the whole content.
func (m Manifest) Digest() string {
	sum := sha256.Sum256(m.Bytes())
	return hex.EncodeToString(sum[:])
}

// ParseManifest reads what Bytes or sha256sum wrote.
func ParseManifest(r io.Reader) (Manifest, error) {
	m := Manifest{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		if err := m.addLine(lines.Text()); err != nil {
			return nil, fmt.Errorf("manifest line %d: %w", n, err)
		}
	}
	return m, lines.Err()
}

func (m Manifest) addLine(line string) error {
	if rest, ok := strings.CutPrefix(line, "# "); ok {
		if name, target, isLink := strings.Cut(rest, " "+linkMark); isLink {
			m[name] = linkMark + target
		}
		return nil
	}
	if line == "" {
		return nil
	}
	sum, name, ok := strings.Cut(line, "  ")
	if !ok || len(sum) != sha256.Size*2 || name == "" {
		return fmt.Errorf("%q is not \"sha256  name\"", line)
	}
	m[strings.TrimPrefix(name, "./")] = sum
	return nil
}

// Compare gives a line for each difference between what is wanted and what is there,
// sorted; nil where there is none.
func (m Manifest) Compare(there Manifest) []string {
	var diffs []string
	for name, want := range m {
		got, ok := there[name]
		switch {
		case !ok:
			diffs = append(diffs, name+" is missing")
		case got != want:
			diffs = append(diffs, name+" differs")
		}
	}
	for name := range there {
		if _, ok := m[name]; !ok {
			diffs = append(diffs, name+" is too much")
		}
	}
	slices.Sort(diffs)
	return diffs
}

// Scan makes the manifest of what lies below dir.
func Scan(sys modules.Reader, dir string) (Manifest, error) {
	m := Manifest{}
	return m, scanBelow(sys, dir, "", m, func(string) bool { return false })
}

func scanBelow(sys modules.Reader, root, below string, m Manifest, skip func(base string) bool) error {
	entries, err := sys.ReadDir(path.Join(root, below))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		switch {
		case skip(path.Base(name)):
		case e.Mode.IsDir():
			err = scanBelow(sys, root, name, m, skip)
		case e.Mode&fs.ModeSymlink != 0:
			m[name] = linkMark + e.Target
		case e.Mode.IsRegular():
			m[name], err = fileDigest(sys, e.Path)
		default:
			err = fmt.Errorf("%s is no file, directory or link, which a release cannot have", e.Path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// look notes in there what lies in the places of the manifest's files below dir. Nothing else
// is read: who serves may have made pipes, sockets and more there.
func (m Manifest) look(sys modules.Reader, dir string, there Manifest) error {
	dirs := map[string]bool{"": true}
	for name := range m {
		for up := path.Dir(name); up != "." && !dirs[up]; up = path.Dir(up) {
			dirs[up] = true
		}
	}
	return m.lookInto(sys, dir, "", dirs, there)
}

func (m Manifest) lookInto(sys modules.Reader, root, below string, dirs map[string]bool, there Manifest) error {
	entries, err := sys.ReadDir(path.Join(root, below))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		_, wanted := m[name]
		switch {
		case e.Mode.IsDir() && dirs[name]:
			err = m.lookInto(sys, root, name, dirs, there)
		case !wanted:
		case e.Mode&fs.ModeSymlink != 0:
			there[name] = linkMark + e.Target
		case e.Mode.IsRegular():
			there[name], err = fileDigest(sys, e.Path)
		default:
			there[name] = "no file"
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fileDigest(sys modules.Reader, name string) (string, error) {
	f, err := sys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// ofTrees is the manifest of layers of files, later ones over earlier ones.
func ofTrees(layers []modules.Tree) Manifest {
	m := Manifest{}
	for _, layer := range layers {
		for _, e := range layer.Entries {
			switch {
			case e.IsDir:
			case e.Link != "":
				m[e.Path] = linkMark + e.Link
			default:
				m[e.Path] = e.Blob.SHA256
			}
		}
	}
	return m
}
