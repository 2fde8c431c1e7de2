package serve

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/user_module"
)

// Native runs modules on the machine that it is on.
type Native struct {
	specs     map[string]modules.Spec
	locks     *machine.Locks
	databases machine.Databases
}

// NewNative runs the modules of specs, and users' own.
func NewNative(specs []modules.Spec) *Native {
	n := &Native{specs: map[string]modules.Spec{}, locks: machine.NewLocks()}
	for _, spec := range append(specs[:len(specs):len(specs)], user_module.Spec) {
		n.specs[spec.Name] = spec
	}
	return n
}

// Run runs one call. Locks that it takes are held until they are released or the process
// ends.
func (n *Native) Run(ctx context.Context, call modules.Call, s Session) modules.Reply {
	spec, ok := n.specs[call.Module]
	if !ok {
		return modules.Reply{Failed: true, Msg: "the helper has no module " + call.Module, ErrorKind: modules.KindArgs}
	}
	if call.Background != nil {
		return detach(ctx, call, s)
	}
	system := machine.New(machine.Options{
		Blobs: s, Progress: s.Progress, Run: call.Run, Env: call.Env, Locks: n.locks, Databases: &n.databases,
	})
	defer system.Close()
	return modules.Perform(ctx, spec, call, system)
}
