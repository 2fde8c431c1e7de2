package modules

import (
	"fmt"
	"io"
	"io/fs"
	"time"
)

// WriteTree fills a directory as one change.
func (r *Recorder) WriteTree(dir string, fill func(Below) error) error {
	if r.isScratch(dir) {
		return r.System.WriteTree(dir, fill)
	}
	if r.check {
		if err := r.planTree(dir); err != nil {
			return err
		}
		r.record(Change{Action: "unpack", Path: dir})
		return nil
	}
	counted := counter{}
	err := r.System.WriteTree(dir, func(below Below) error {
		counted.Below = below
		return fill(&counted)
	})
	r.record(Change{Action: "unpack", Path: dir, After: fmt.Sprintf("%d files, %d bytes", counted.files, counted.bytes)})
	return err
}

func (r *Recorder) planTree(dir string) error {
	if _, err := r.Lstat(dir); err == nil {
		return nil
	}
	self := r.Self()
	return r.plan.put(dir, dirNode(newMode(true), self.UID, self.GID, r.Now()))
}

// counter counts what is put into a tree.
type counter struct {
	Below
	files int
	bytes int64
}

// File passes a file on.
func (c *counter) File(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error {
	c.files++
	return c.Below.File(name, mode, modTime, countingReader{content, &c.bytes})
}

type countingReader struct {
	io.Reader
	n *int64
}

// Read counts the bytes that pass.
func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}
