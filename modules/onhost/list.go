// Package onhost lists the modules that run on managed hosts; the helper links them.
package onhost

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/apt"
	"github.com/gdeploy/gdeploy/modules/archive"
	"github.com/gdeploy/gdeploy/modules/async_status"
	"github.com/gdeploy/gdeploy/modules/authorized_key"
	"github.com/gdeploy/gdeploy/modules/blockinfile"
	"github.com/gdeploy/gdeploy/modules/command"
	"github.com/gdeploy/gdeploy/modules/copy"
	"github.com/gdeploy/gdeploy/modules/cron"
	"github.com/gdeploy/gdeploy/modules/file"
	"github.com/gdeploy/gdeploy/modules/find"
	"github.com/gdeploy/gdeploy/modules/getent"
	"github.com/gdeploy/gdeploy/modules/git"
	"github.com/gdeploy/gdeploy/modules/group"
	"github.com/gdeploy/gdeploy/modules/hostname"
	"github.com/gdeploy/gdeploy/modules/known_hosts"
	"github.com/gdeploy/gdeploy/modules/lb"
	"github.com/gdeploy/gdeploy/modules/lineinfile"
	packages "github.com/gdeploy/gdeploy/modules/package"
	"github.com/gdeploy/gdeploy/modules/ping"
	"github.com/gdeploy/gdeploy/modules/release_adopt"
	"github.com/gdeploy/gdeploy/modules/release_archive"
	"github.com/gdeploy/gdeploy/modules/release_digest"
	"github.com/gdeploy/gdeploy/modules/release_facts"
	"github.com/gdeploy/gdeploy/modules/release_lock"
	"github.com/gdeploy/gdeploy/modules/release_mark"
	"github.com/gdeploy/gdeploy/modules/release_prune"
	"github.com/gdeploy/gdeploy/modules/release_stage"
	"github.com/gdeploy/gdeploy/modules/release_switch"
	"github.com/gdeploy/gdeploy/modules/replace"
	"github.com/gdeploy/gdeploy/modules/script"
	"github.com/gdeploy/gdeploy/modules/service"
	"github.com/gdeploy/gdeploy/modules/setup"
	"github.com/gdeploy/gdeploy/modules/shell"
	"github.com/gdeploy/gdeploy/modules/slurp"
	"github.com/gdeploy/gdeploy/modules/stat"
	"github.com/gdeploy/gdeploy/modules/subversion"
	"github.com/gdeploy/gdeploy/modules/systemd"
	"github.com/gdeploy/gdeploy/modules/tempfile"
	"github.com/gdeploy/gdeploy/modules/template"
	"github.com/gdeploy/gdeploy/modules/transfer"
	"github.com/gdeploy/gdeploy/modules/unarchive"
	"github.com/gdeploy/gdeploy/modules/user"
	"github.com/gdeploy/gdeploy/modules/wait_for"
)

// Specs lists them in alphabetical order.
func Specs() []modules.Spec {
	return []modules.Spec{
		apt.Spec,
		archive.Spec,
		async_status.Spec,
		authorized_key.Spec,
		blockinfile.Spec,
		command.Spec,
		copy.Spec,
		cron.Spec,
		file.Spec,
		find.Spec,
		getent.Spec,
		git.Spec,
		group.Spec,
		hostname.Spec,
		known_hosts.Spec,
		lb.Spec,
		lineinfile.Spec,
		packages.Spec,
		ping.Spec,
		release_adopt.Spec,
		release_archive.Spec,
		release_digest.Spec,
		release_facts.Spec,
		release_lock.Spec,
		release_mark.Spec,
		release_prune.Spec,
		release_stage.Spec,
		release_switch.Spec,
		replace.Spec,
		script.Spec,
		service.Spec,
		setup.Spec,
		shell.Spec,
		slurp.Spec,
		stat.Spec,
		subversion.Spec,
		systemd.Spec,
		tempfile.Spec,
		template.Spec,
		transfer.Spec,
		unarchive.Spec,
		user.Spec,
		wait_for.Spec,
	}
}
