package release

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// mountsBelow lists the places in a directory, and the directory itself, where file systems are
// mounted: what is there is no part of it, and must not go with it.
func mountsBelow(sys modules.Reader, dir string) ([]string, error) {
	const enough = 16 << 20
	text, err := modules.ReadFile(sys, "/proc/self/mountinfo", enough)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no Linux
	}
	if err != nil {
		return nil, fmt.Errorf("see what is mounted in %s: %w", dir, err)
	}
	real, err := modules.Resolve(sys, dir)
	if err != nil {
		return nil, err
	}
	var places []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) < 5 {
			continue
		}
		if place := unescaped(words[4]); place == real || strings.HasPrefix(place, real+"/") {
			places = append(places, place)
		}
	}
	return places, nil
}

// unescaped puts back what the kernel writes as \040 and the like.
func unescaped(s string) string {
	for i := 0; i+4 <= len(s); i++ {
		if s[i] == '\\' {
			if b, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				s = s[:i] + string([]byte{byte(b)}) + s[i+4:]
			}
		}
	}
	return s
}

// removeTree removes a directory, unless something is mounted in it.
func removeTree(sys modules.System, dir string) error {
	places, err := mountsBelow(sys, dir)
	if err == nil && len(places) > 0 {
		err = fmt.Errorf("%s is not removed, since a file system is mounted at %s: unmount it", dir, places[0])
	}
	if err != nil {
		return err
	}
	return sys.Remove(dir)
}

// Mounted gives for each version in whose directory a file system is mounted where that is.
func Mounted(sys modules.Reader, l Layout) (map[string]string, error) {
	places, err := mountsBelow(sys, l.Releases)
	if err != nil {
		return nil, err
	}
	real, err := modules.Resolve(sys, l.Releases)
	if err != nil {
		return nil, err
	}
	sort.Strings(places)
	found := map[string]string{}
	for _, place := range places {
		if name, ok := strings.CutPrefix(place, path.Join(real, l.App)+"_"); ok {
			version, _, _ := strings.Cut(name, "/")
			found[version] = place
		}
	}
	return found, nil
}
