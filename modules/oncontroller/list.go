// Package oncontroller lists the modules that run beside the executor.
package oncontroller

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/assert"
	"github.com/gdeploy/gdeploy/modules/debug"
	"github.com/gdeploy/gdeploy/modules/fail"
	"github.com/gdeploy/gdeploy/modules/http_check"
	"github.com/gdeploy/gdeploy/modules/pause"
	"github.com/gdeploy/gdeploy/modules/raw"
	"github.com/gdeploy/gdeploy/modules/release_choose"
	"github.com/gdeploy/gdeploy/modules/set_fact"
)

// Specs lists them in alphabetical order.
func Specs() []modules.Spec {
	return []modules.Spec{
		assert.Spec,
		debug.Spec,
		fail.Spec,
		http_check.Spec,
		pause.Spec,
		raw.Spec,
		release_choose.Spec,
		set_fact.Spec,
	}
}
