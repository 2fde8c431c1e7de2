// Package oncontroller lists the modules that run beside the executor.
package oncontroller

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/release_choose"
)

// Specs gives the modules that run on the controller, by name.
func Specs() []modules.Spec {
	return []modules.Spec{
		release_choose.Spec,
	}
}
