package transport

import "github.com/gdeploy/gdeploy/transport/embedded"

// Helpers finds the helper's program for a platform. All are for Linux.
type Helpers interface {
	// Programs gives the helpers by GOARCH. The error says what to do where there are none.
	Programs() (map[string]Program, error)
}

// Program is the helper's program for one platform.
type Program = embedded.Program
