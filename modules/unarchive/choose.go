package unarchive

import (
	"fmt"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules/archives"
)

// chooser tells which members are wanted.
type chooser struct {
	include, exclude []string
	// found are the patterns of include that fit some member.
	found map[string]bool
}

// wants tells whether a member is to be unpacked.
func (c *chooser) wants(name string) bool {
	for _, pattern := range c.exclude {
		if excludes(path.Clean(strings.TrimLeft(pattern, "/")), name) {
			return false
		}
	}
	wanted := len(c.include) == 0
	for _, pattern := range c.include {
		if clean := path.Clean(strings.TrimLeft(pattern, "/")); covers(clean, name) || archives.Match(clean, name) {
			c.found[pattern] = true
			wanted = true
		}
	}
	return wanted
}

// missing names a pattern of include that no member fits.
func (c *chooser) missing() error {
	for _, pattern := range c.include {
		if !c.found[pattern] {
			return fmt.Errorf("the archive has no member %q, which include names", pattern)
		}
	}
	return nil
}

// excludes tells whether the pattern fits the name, a directory that it is in, or either
// from some slash on, as tar does.
func excludes(pattern, name string) bool {
	for {
		for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '/') {
			if archives.Match(pattern, name[:end]) {
				return true
			}
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return false
		}
		name = rest
	}
}

// covers tells whether name is dir, or in it.
func covers(dir, name string) bool { return name == dir || strings.HasPrefix(name, dir+"/") }
