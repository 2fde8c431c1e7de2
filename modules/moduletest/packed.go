package moduletest

import (
	"bytes"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// packedAt is the time of all members.
var packedAt = time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)

// endings are those of archives.
var endings = []string{".tar", ".tar.gz", ".tgz", ".zip", ".war"}

// pack makes the archives whose members the case names, on the host and on the
// controller, under the same name.
func (c *testCase) pack() error {
	var names []string
	members := map[string][]entry{}
	for _, e := range c.packed {
		archive, name, ok := cutArchive(e.path)
		if !ok {
			return fmt.Errorf("packed/%s: no part of it is the name of an archive (%s)", e.path, strings.Join(endings, ", "))
		}
		if members[archive] == nil {
			names = append(names, archive)
		}
		e.path = name
		members[archive] = append(members[archive], e)
	}
	for _, name := range names {
		content, err := packed(name, members[name])
		if err != nil {
			return fmt.Errorf("packed/%s: %w", name, err)
		}
		c.before = append(c.before, entry{path: name, content: content})
		c.controller[name] = content
	}
	return nil
}

// cutArchive divides a path after the archive.
func cutArchive(path string) (archive, member string, ok bool) {
	for i, r := range path {
		for _, ending := range endings {
			if r == '/' && strings.HasSuffix(path[:i], ending) {
				return path[:i], path[i+1:], true
			}
		}
	}
	return "", "", false
}

func packed(name string, members []entry) (string, error) {
	var b bytes.Buffer
	w, err := archives.NewWriter(&b, archives.FormatOf(name))
	if err != nil {
		return "", err
	}
	w.Faithful = true
	for _, e := range members {
		mode := fs.FileMode(0o644)
		switch {
		case e.link != "":
			mode = fs.ModeSymlink | 0o777
		case e.dir:
			mode = 0o755
		}
		if e.mode != "" {
			bits, err := strconv.ParseUint(e.mode, 8, 32)
			if err != nil {
				return "", fmt.Errorf("mode of %s: %w", e.path, err)
			}
			mode = modules.FileMode(uint32(bits))
		}
		if e.dir {
			mode |= fs.ModeDir
		}
		member := archives.Entry{
			Name: e.path, Mode: mode, ModTime: packedAt, Link: e.link,
			Size: int64(len(e.content)), Content: strings.NewReader(e.content),
		}
		if err := w.Add(member); err != nil {
			return "", err
		}
	}
	err = w.Close()
	return b.String(), err
}
