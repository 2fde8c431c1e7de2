package machine

import (
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Databases keep what /etc/passwd and /etc/group say from call to call, for as long as these
// files are the same. Nearly every module names owners, so a call would read both otherwise.
type Databases struct {
	passwd, group database
}

// database is one file of lines.
type database struct {
	mu    sync.Mutex
	is    version
	lines []string
}

// version tells whether a file was replaced or written to.
type version struct {
	path         string
	device, node uint64
	size         int64
	written      unix.Timespec // the change time, which nobody can set back
}

// settled is how old a file must be until its times tell of the next change: a kernel's clock
// for files has steps of up to 10 ms.
const settled = 100 * time.Millisecond

// read gives the lines of a file; none where it cannot be read.
func (d *database) read(path string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var stat unix.Stat_t
	if err := unix.Stat(path, &stat); err != nil {
		return nil
	}
	now := version{path: path, device: uint64(stat.Dev), node: stat.Ino, size: stat.Size, written: stat.Ctim}
	if now == d.is {
		return d.lines
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	d.lines = strings.Split(string(content), "\n")
	d.is = version{}
	if time.Since(time.Unix(stat.Ctim.Unix())) > settled {
		d.is = now
	}
	return d.lines
}
