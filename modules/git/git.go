// Package git brings a git repository to a directory, at a branch, tag or commit.
package git

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/git/checkout"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "git",
	New:  func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"archive":          "use the module archive on the directory",
		"archive_prefix":   "use the module archive on the directory",
		"separate_git_dir": "the repository lies in the directory itself",
		"verify_commit":    "run git verify-commit with the module command",
		"gpg_whitelist":    "run git verify-commit with the module command",
	},
}

// Module holds the parameters.
type Module struct {
	Repo             string `json:"repo" aliases:"name" required:"true" help:"where the repository is: git, SSH or HTTPS URL, or a path"`
	Dest             string `json:"dest" type:"path" required:"true" help:"directory to bring it to"`
	Version          string `json:"version" default:"HEAD" help:"branch, tag, commit (also the beginning of one), or HEAD for the repository's main branch"`
	Force            bool   `json:"force" default:"no" help:"drop local modifications; without it they are an error"`
	Clean            bool   `json:"clean" default:"no" help:"remove files that are not of the repository, also ignored ones"`
	Depth            int    `json:"depth" default:"0" help:"fetch only that many commits; not with a commit as version"`
	SingleBranch     bool   `json:"single_branch" default:"no" help:"fetch only the branch or tag that is wanted"`
	Remote           string `json:"remote" default:"origin" help:"name of the remote"`
	Refspec          string `json:"refspec" help:"a further refspec to fetch, such as refs/pull/*:refs/remotes/origin/pull/*"`
	Reference        string `json:"reference" help:"repository on the host to borrow objects from when cloning"`
	Bare             bool   `json:"bare" default:"no" help:"a repository without working tree"`
	Clone            bool   `json:"clone" default:"yes" help:"without it a repository that is not there yet is only asked about"`
	Update           bool   `json:"update" default:"yes" help:"without it a repository that is there stays as it is"`
	Recursive        bool   `json:"recursive" default:"yes" help:"with submodules"`
	TrackSubmodules  bool   `json:"track_submodules" default:"no" help:"take the newest commit of each submodule's branch instead of the recorded one"`
	KeyFile          string `json:"key_file" type:"path" help:"private key on the host for SSH"`
	Username         string `json:"username" help:"user of a repository by https; a token's name often is any word"`
	Password         string `json:"password" secret:"true" help:"password or token for it; git reads it from a file that goes with the call"`
	AcceptHostkey    bool   `json:"accept_hostkey" default:"no" help:"go on whatever host key the server shows: the server is then not verified"`
	AcceptNewHostkey bool   `json:"accept_newhostkey" default:"no" help:"trust a server that is not in known_hosts yet, and keep its key"`
	SSHOpts          string `json:"ssh_opts" help:"further options for ssh"`
	Umask            string `json:"umask" help:"umask for the files, octal in quotes"`
	Executable       string `json:"executable" type:"path" default:"git" help:"the git program"`
}

// Validate checks what git would take for an option.
func (m *Module) Validate() error {
	for name, value := range map[string]string{"repo": m.Repo, "version": m.Version, "remote": m.Remote, "refspec": m.Refspec} {
		if strings.HasPrefix(value, "-") {
			return modules.Invalid("%s is %q, and must not begin with -", name, value)
		}
	}
	if strings.Trim(m.Umask, "01234567") != "" {
		return modules.Invalid("umask is %q, and must be octal in quotes, such as \"0022\"", m.Umask)
	}
	if m.AcceptHostkey && m.AcceptNewHostkey {
		return modules.Exclusive("accept_hostkey", true, "accept_newhostkey", true)
	}
	return nil
}

// Run brings the directory to the version.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	program := checkout.Program{
		Executable: m.Executable, Umask: m.Umask, KeyFile: m.KeyFile, Username: m.Username, Password: m.Password, SSHOptions: m.SSHOpts,
		AcceptAnyHostKey: m.AcceptHostkey, AcceptNewHostKey: m.AcceptNewHostkey,
	}
	repository := checkout.Repository{
		Program: program, URL: m.Repo, Dir: m.Dest, Version: m.Version, Remote: m.Remote, Refspec: m.Refspec,
		Reference: m.Reference, Depth: m.Depth, SingleBranch: m.SingleBranch, Bare: m.Bare, Force: m.Force, Clean: m.Clean,
		Submodules: m.Recursive && !m.Bare, TrackSubmodules: m.TrackSubmodules, KeepMissing: !m.Clone, KeepOld: !m.Update,
	}
	did, err := repository.Bring(ctx, sys)
	data, _ := values.MapOf(
		"before", orNull(did.Before),
		"after", orNull(did.After),
	).AsMap()
	if did.Before != "" && m.Update {
		data.Set("remote_url_changed", values.Bool(did.RemoteChanged))
	}
	if did.Dropped && err == nil {
		data.Set("msg", values.String("Local modifications exist in the destination: "+m.Dest))
	}
	return modules.Result{Data: data, Warnings: did.Warnings}, err
}

func orNull(s string) values.Value {
	if s == "" {
		return values.Null
	}
	return values.String(s)
}
