// Package onhost lists the modules that the helper has.
package onhost

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/command"
	"github.com/gdeploy/gdeploy/modules/copy"
	"github.com/gdeploy/gdeploy/modules/file"
	"github.com/gdeploy/gdeploy/modules/release_adopt"
	"github.com/gdeploy/gdeploy/modules/release_archive"
	"github.com/gdeploy/gdeploy/modules/release_digest"
	"github.com/gdeploy/gdeploy/modules/release_facts"
	"github.com/gdeploy/gdeploy/modules/release_lock"
	"github.com/gdeploy/gdeploy/modules/release_mark"
	"github.com/gdeploy/gdeploy/modules/release_prune"
	"github.com/gdeploy/gdeploy/modules/release_stage"
	"github.com/gdeploy/gdeploy/modules/release_switch"
	"github.com/gdeploy/gdeploy/modules/shell"
)

// Specs gives the modules that run on a managed host, by name.
func Specs() []modules.Spec {
	return []modules.Spec{
		command.Spec,
		copy.Spec,
		file.Spec,
		release_adopt.Spec,
		release_archive.Spec,
		release_digest.Spec,
		release_facts.Spec,
		release_lock.Spec,
		release_mark.Spec,
		release_prune.Spec,
		release_stage.Spec,
		release_switch.Spec,
		shell.Spec,
	}
}
