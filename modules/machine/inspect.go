package machine

import "github.com/gdeploy/gdeploy/modules"

var _ modules.Inspector = (*Machine)(nil)

// Environ is the environment in which programs run.
func (m *Machine) Environ() []string { return m.environment() }
