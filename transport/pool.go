package transport

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/gdeploy/gdeploy/modules"
)

// Helpers finds the helper program for a platform.
type Helpers interface {
	// Names lists the SHA-256 of each helper by GOARCH; all are for linux.
	Names() (map[string]string, error)
	// Open gives the gzipped program for arch.
	Gzip(arch string) ([]byte, error)
}

// Pool keeps the connections of a run. All its methods may be called from any goroutine.
type Pool struct {
	options Options
}

// NewPool makes a pool without connections.
func NewPool(options Options) *Pool { return &Pool{options: options} }

var errTodo = errors.New("not written yet")

// Connect makes the connection to t and starts the helper there, if that is not done yet.
func (p *Pool) Connect(ctx context.Context, t Target) error { return errTodo }

// Call runs one module call on t. The error is an *Unreachable or the context's; a module
// that fails is a Reply. progress may be nil.
func (p *Pool) Call(ctx context.Context, t Target, call modules.Call, content Content, progress func(line string)) (modules.Reply, error) {
	return modules.Reply{}, errTodo
}

// Batch runs several calls, sent in one go: those of one chain one after the other, the
// chains beside each other. It returns when all have ended.
func (p *Pool) Batch(ctx context.Context, t Target, calls []modules.Call, o BatchOptions) error {
	return errTodo
}

// Dial opens a connection from t to address, carried through the helper.
func (p *Pool) Dial(ctx context.Context, t Target, network, address string) (net.Conn, error) {
	return nil, errTodo
}

// Exec runs a command line by the login user's shell on t, without the helper. stdin may be nil.
func (p *Pool) Exec(ctx context.Context, t Target, command string, stdin io.Reader) (Output, error) {
	return Output{}, errTodo
}

// Reset closes the connection to t; the next call makes a new one.
func (p *Pool) Reset(t Target) {}

// Close ends all connections; helpers with nothing to do end with them.
func (p *Pool) Close() error { return nil }
