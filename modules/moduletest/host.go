package moduletest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

// Host is a directory that plays the managed host for a module that runs beside the executor.
type Host struct {
	Dir string
	// Modules are those that may be called.
	Modules []modules.Spec
	// Check has them change nothing.
	Check bool
}

// Call runs one of the modules.
func (h Host) Call(ctx context.Context, module string, args values.Value) (modules.Reply, error) {
	for _, spec := range h.Modules {
		if spec.Name == module {
			there := machine.New(machine.Options{Root: h.Dir})
			defer there.Close()
			return modules.Perform(ctx, spec, modules.Call{Module: module, Args: args, Check: h.Check}, there), nil
		}
	}
	return modules.Reply{}, fmt.Errorf("the module %s is called, and should not be", module)
}

// Offer sends a file within the call.
func (h Host) Offer(file string) (values.Value, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return values.Null, err
	}
	sent := blob(filepath.Base(file), string(text))
	sent.Inline = text
	return sent.Value(), nil
}
