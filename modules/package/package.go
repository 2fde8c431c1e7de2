// Package packages installs and removes packages with what the host has for that.
package packages

import (
	"context"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/apt"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "package", New: func() modules.Module { return new(Module) }, Refused: apt.Refused}

// Module holds the parameters.
type Module struct {
	apt.Module
	Use string `json:"use" default:"auto" choices:"auto,apt" help:"what to install with; only apt so far"`
}

// others are programs that gdeploy cannot use yet.
var others = []string{"dnf", "yum", "zypper", "apk", "pacman"}

// Run hands over to the module for the host's packages.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if _, err := sys.LookPath("apt-get"); err == nil {
		return m.Module.Run(ctx, sys)
	}
	for _, name := range others {
		if _, err := sys.LookPath(name); err == nil {
			return modules.Result{}, fmt.Errorf("this host has %s, which the module package does not know: run it with the module command", name)
		}
	}
	return modules.Result{}, fmt.Errorf("this host has neither apt-get nor %s: run what it has with the module command", strings.Join(others, ", "))
}
