package balancer

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// memory keeps what gdeploy must not forget about a server between two runs, as one
// short file for each: the weight that it had, the state that it was set to.
type memory struct {
	dir  string
	kind string
	name string
}

func (m memory) file() string { return path.Join(m.dir, m.kind+"-"+url.PathEscape(m.name)) }

// load gives what was kept, or "".
func (m memory) load(sys modules.System) (string, error) {
	const enough = 4096
	content, err := modules.ReadFile(sys, m.file(), enough)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read what was kept of %s: %w", m.name, err)
	}
	return strings.TrimSpace(string(content)), nil
}

func (m memory) save(sys modules.System, what string) error {
	if err := m.prepare(sys); err != nil {
		return err
	}
	if err := sys.WriteFile(m.file(), strings.NewReader(what+"\n"), modules.Attributes{}); err != nil {
		return m.unwritten(err)
	}
	return nil
}

// prepare makes the directory, so that what must be remembered can be before anything
// is done.
func (m memory) prepare(sys modules.System) error {
	if err := modules.MkdirAll(sys, m.dir, modules.Attributes{}); err != nil {
		return m.unwritten(err)
	}
	return nil
}

func (m memory) unwritten(err error) error {
	return fmt.Errorf("keep the state of %s: %w: use become, or another state_dir", m.name, err)
}

func (m memory) forget(sys modules.System) error { return sys.Remove(m.file()) }

// recall fills in the state that was set last, for a balancer that cannot be asked.
func (m memory) recall(sys modules.System, status Status) (Status, error) {
	kept, err := m.load(sys)
	status.State, status.Remembered = State(kept), true
	return status, err
}

// around sets a state and keeps it.
func (m memory) around(sys modules.System, state State, set func() error) error {
	if err := m.prepare(sys); err != nil {
		return err
	}
	if err := set(); err != nil {
		return err
	}
	return m.save(sys, string(state))
}
