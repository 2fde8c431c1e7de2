package release_test

import (
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

var errCrash = errors.New("the power went")

// crashing is a System that stops changing anything at some point, as a crash would. Its
// steps are all that a crash can come between, also the files of a tree and half a line of
// a ledger.
type crashing struct {
	modules.System
	left *int // steps until the crash; nil is never
	// before is called before each step, if it is set.
	before func(what string)
}

// step does one change, unless the crash comes first.
func (c *crashing) step(what string, do func() error) error {
	if c.before != nil {
		c.before(what)
	}
	if c.dies() {
		return errCrash
	}
	return do()
}

func (c *crashing) dies() bool {
	if c.left == nil || *c.left > 0 {
		if c.left != nil {
			*c.left--
		}
		return false
	}
	return true
}

func (c *crashing) WriteFile(p string, r io.Reader, a modules.Attributes) error {
	return c.step("write "+p, func() error { return c.System.WriteFile(p, r, a) })
}

func (c *crashing) Mkdir(p string, a modules.Attributes) error {
	return c.step("mkdir "+p, func() error { return c.System.Mkdir(p, a) })
}

func (c *crashing) Symlink(target, p string) error {
	return c.step("link "+p, func() error { return c.System.Symlink(target, p) })
}

func (c *crashing) SetAttributes(p string, a modules.Attributes) error {
	return c.step("attributes "+p, func() error { return c.System.SetAttributes(p, a) })
}

func (c *crashing) Rename(from, to string) error {
	return c.step("rename "+to, func() error { return c.System.Rename(from, to) })
}

// Remove may be cut off when it has removed a part.
func (c *crashing) Remove(p string) error {
	return c.step("remove "+p, func() error {
		if st, err := c.Lstat(p); err == nil && st.Mode.IsDir() && c.dies() {
			return errors.Join(c.System.Remove(p+"/bin"), errCrash)
		}
		return c.System.Remove(p)
	})
}

// Append may be cut off in the middle of the line.
func (c *crashing) Append(p string, line []byte, a modules.Attributes) error {
	return c.step("append "+p, func() error {
		if c.dies() {
			return errors.Join(c.System.Append(p, line[:len(line)/2], a), errCrash)
		}
		return c.System.Append(p, line, a)
	})
}

func (c *crashing) WriteTree(dir string, fill func(modules.Below) error) error {
	return c.step("tree "+dir, func() error {
		return c.System.WriteTree(dir, func(b modules.Below) error { return fill(crashingBelow{b, c}) })
	})
}

func (c *crashing) Open(p string) (io.ReadCloser, error) {
	if c.before != nil {
		c.before("read " + p)
	}
	return c.System.Open(p)
}

func (c *crashing) HoldLock(p string, content []byte) (held bool, current []byte, err error) {
	err = c.step("hold "+p, func() error {
		held, current, err = c.System.HoldLock(p, content)
		return err
	})
	return held, current, err
}

func (c *crashing) ReleaseLock(p string) error {
	return c.step("let go of "+p, func() error { return c.System.ReleaseLock(p) })
}

// crashingBelow is the same for the files of a tree.
type crashingBelow struct {
	modules.Below
	c *crashing
}

func (b crashingBelow) File(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error {
	return b.c.step("file "+name, func() error { return b.Below.File(name, mode, modTime, content) })
}

func (b crashingBelow) Mkdir(name string, mode fs.FileMode) error {
	return b.c.step("mkdir "+name, func() error { return b.Below.Mkdir(name, mode) })
}
