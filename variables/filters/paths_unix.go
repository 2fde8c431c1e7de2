//go:build unix

package filters

import (
	"os"
	"path/filepath"
	"syscall"
)

// isMount reports whether a file system is mounted at p.
func isMount(p string) bool {
	info, err := os.Lstat(p)
	if err != nil || info.Mode()&os.ModeSymlink != 0 {
		return false
	}
	parent, err := os.Lstat(realpath(filepath.Join(p, "..")))
	if err != nil {
		return false
	}
	here, ok1 := info.Sys().(*syscall.Stat_t)
	above, ok2 := parent.Sys().(*syscall.Stat_t)
	return ok1 && ok2 && (here.Dev != above.Dev || here.Ino == above.Ino)
}
