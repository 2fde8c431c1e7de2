// Package subversion brings a tree of a subversion repository to a directory.
package subversion

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/subversion/workingcopy"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "subversion", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Repo          string `json:"repo" aliases:"name,repository" required:"true" help:"URL of the tree: a trunk, branch or tag, or of the project above them"`
	Dest          string `json:"dest" type:"path" help:"directory to bring it to"`
	Revision      string `json:"revision" aliases:"rev,version" default:"HEAD" help:"a number, HEAD, a date in braces such as {2024-01-31}, or the name of a branch or tag beside or below repo"`
	Force         bool   `json:"force" default:"no" help:"drop local modifications; without it they are an error. With export: overwrite"`
	Clean         bool   `json:"clean" default:"no" help:"remove files that are not of the repository, also ignored ones"`
	Username      string `json:"username" help:"user of the repository"`
	Password      string `json:"password" secret:"true" help:"password; svn gets it on stdin"`
	Executable    string `json:"executable" type:"path" default:"svn" help:"the svn program"`
	Checkout      bool   `json:"checkout" default:"yes" help:"without it a tree that is not there yet is not brought"`
	Update        bool   `json:"update" default:"yes" help:"without it a tree that is there stays as it is"`
	Export        bool   `json:"export" default:"no" help:"only the files, which svn then knows nothing of; each run writes them"`
	InPlace       bool   `json:"in_place" default:"no" help:"make a working copy of a directory that has files already"`
	Switch        bool   `json:"switch" default:"yes" help:"go over to repo where the directory has another branch"`
	ValidateCerts bool   `json:"validate_certs" default:"no" help:"refuse a server whose certificate nobody vouches for"`
}

// Validate checks what svn would take for an option, and what is missing.
func (m *Module) Validate() error {
	for name, value := range map[string]string{"repo": m.Repo, "revision": m.Revision} {
		if strings.HasPrefix(value, "-") {
			return modules.Invalid("%s is %q, and must not begin with -", name, value)
		}
	}
	if !strings.Contains(m.Repo, "://") {
		return modules.Invalid("repo is %q, and must be a URL; a directory is file:///...", m.Repo)
	}
	if m.Dest == "" && (m.Checkout || m.Update || m.Export) {
		return modules.Invalid("subversion needs the parameter \"dest\", unless checkout, update and export are all off")
	}
	return nil
}

// Run brings the directory to the revision.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	copy := workingcopy.Copy{
		Program: workingcopy.Program{Executable: m.Executable, Username: m.Username, Password: m.Password, TrustAnyone: !m.ValidateCerts},
		URL:     m.Repo, Dir: m.Dest, Revision: m.Revision, Force: m.Force, Clean: m.Clean, Export: m.Export,
		KeepMissing: !m.Checkout, KeepOld: !m.Update, InPlace: m.InPlace, Switch: m.Switch,
	}
	did, err := copy.Bring(ctx, sys)
	data := modules.Data("before", lines(did.Before), "after", lines(did.After))
	if did.After.Number != "" {
		data.Set("revision", values.String(did.After.Changed))
		data.Set("path", values.String(did.After.Path()))
		data.Set("url", values.String(did.After.URL))
	}
	return modules.Result{Data: data}, err
}

// lines are the revision and URL as Ansible gives them.
func lines(t workingcopy.Tree) values.Value {
	if t.Number == "" {
		return values.Null
	}
	return values.Strings("Revision: "+t.Number, "URL: "+t.URL)
}
