// Package machine is the System of the Linux machine that it runs on.
package machine

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Options say for whom a Machine works.
type Options struct {
	// Blobs opens what lies on the controller; nil where there is nothing but what
	// came with the call.
	Blobs modules.Content
	// Progress shows the operator a line; nil drops it.
	Progress func(line string)
	// Run is the run that the call belongs to.
	Run modules.Run
	// Env is the task's environment, for the programs that it starts.
	Env map[string]string
	// Locks are the locks that outlive the call; nil keeps none beyond it.
	Locks *Locks
	// Databases keep users and groups from call to call; nil reads them anew.
	Databases *Databases
	// Root makes everything below this directory look like the whole file system. It
	// is for tests: programs still see the real one.
	Root string
}

// Machine is a modules.System. It is made for one call; Close ends it.
type Machine struct {
	options   Options
	locks     *Locks
	own       bool // locks are this call's own
	databases *Databases

	mu      sync.Mutex
	scratch []string
}

var _ modules.System = (*Machine)(nil)

// New makes the system of one call.
func New(o Options) *Machine {
	m := &Machine{options: o, locks: o.Locks, databases: o.Databases}
	if m.locks == nil {
		m.locks, m.own = NewLocks(), true
	}
	if m.databases == nil {
		m.databases = new(Databases)
	}
	return m
}

// Close removes the call's temporary directories.
func (m *Machine) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var errs []error
	for _, dir := range m.scratch {
		errs = append(errs, os.RemoveAll(dir))
	}
	m.scratch = nil
	if m.own {
		errs = append(errs, m.locks.Close())
	}
	return errors.Join(errs...)
}

// Run identifies the run.
func (m *Machine) Run() modules.Run { return m.options.Run }

// Now is the machine's time.
func (m *Machine) Now() time.Time { return time.Now() }

// Progress shows the operator a line.
func (m *Machine) Progress(line string) {
	if m.options.Progress != nil {
		m.options.Progress(line)
	}
}

// Dial connects from this machine.
func (m *Machine) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return Dial(ctx, network, address)
}

// OpenBlob opens what lies on the controller.
func (m *Machine) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	if m.options.Blobs == nil {
		return inline(b, 0)
	}
	return m.options.Blobs.OpenBlob(ctx, b)
}

// OpenBlobAt opens it from an offset on.
func (m *Machine) OpenBlobAt(ctx context.Context, b modules.Blob, offset int64) (io.ReadCloser, error) {
	if m.options.Blobs == nil {
		return inline(b, offset)
	}
	return m.options.Blobs.OpenBlobAt(ctx, b, offset)
}

func inline(b modules.Blob, offset int64) (io.ReadCloser, error) {
	if int64(len(b.Inline)) != b.Size || offset > b.Size {
		return nil, errors.New("open " + b.Name + ": its content did not come with the call")
	}
	return io.NopCloser(strings.NewReader(string(b.Inline[offset:]))), nil
}

// TempDir makes an empty directory that Close removes.
func (m *Machine) TempDir() (string, error) {
	dir, err := os.MkdirTemp(m.options.Root+"/tmp", "gdeploy-")
	if errors.Is(err, os.ErrNotExist) {
		dir, err = os.MkdirTemp("", "gdeploy-")
	}
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scratch = append(m.scratch, dir)
	return strings.TrimPrefix(dir, m.options.Root), nil
}

// WriteTemp puts content into a file of its own directory.
func (m *Machine) WriteTemp(name string, content []byte) (string, error) {
	dir, err := m.TempDir()
	if err != nil {
		return "", err
	}
	file := path.Join(dir, path.Base(name))
	return file, os.WriteFile(m.options.Root+file, content, 0o600)
}
