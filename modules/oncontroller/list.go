// Package oncontroller lists the modules that run beside the executor.
package oncontroller

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/add_host"
	"github.com/gdeploy/gdeploy/modules/assert"
	"github.com/gdeploy/gdeploy/modules/debug"
	"github.com/gdeploy/gdeploy/modules/fail"
	"github.com/gdeploy/gdeploy/modules/fetch"
	"github.com/gdeploy/gdeploy/modules/get_url"
	"github.com/gdeploy/gdeploy/modules/group_by"
	"github.com/gdeploy/gdeploy/modules/http_check"
	"github.com/gdeploy/gdeploy/modules/include_vars"
	"github.com/gdeploy/gdeploy/modules/pause"
	"github.com/gdeploy/gdeploy/modules/raw"
	"github.com/gdeploy/gdeploy/modules/reboot"
	"github.com/gdeploy/gdeploy/modules/release_choose"
	"github.com/gdeploy/gdeploy/modules/release_diff"
	"github.com/gdeploy/gdeploy/modules/release_sample"
	"github.com/gdeploy/gdeploy/modules/set_fact"
	"github.com/gdeploy/gdeploy/modules/set_stats"
	"github.com/gdeploy/gdeploy/modules/uri"
	"github.com/gdeploy/gdeploy/modules/validate_argument_spec"
	"github.com/gdeploy/gdeploy/modules/wait_for_connection"
)

// Specs lists them in alphabetical order.
func Specs() []modules.Spec {
	return []modules.Spec{
		add_host.Spec,
		assert.Spec,
		debug.Spec,
		fail.Spec,
		fetch.Spec,
		get_url.Spec,
		group_by.Spec,
		http_check.Spec,
		include_vars.Spec,
		pause.Spec,
		raw.Spec,
		reboot.Spec,
		release_choose.Spec,
		release_diff.Spec,
		release_sample.Spec,
		set_fact.Spec,
		set_stats.Spec,
		uri.Spec,
		validate_argument_spec.Spec,
		wait_for_connection.Spec,
	}
}
