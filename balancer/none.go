package balancer

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
)

// None stands where there is no balancer: every server is ready and stays so.
type None struct{}

// Query tells that the server is ready.
func (None) Query(context.Context, modules.System) (Status, error) {
	return Status{Known: true, State: Ready, Up: true, Check: "no balancer", Weight: -1}, nil
}

// Set does nothing.
func (None) Set(context.Context, modules.System, Status, State) error { return nil }

// Name says that there is none.
func (None) Name() string { return "no balancer" }
