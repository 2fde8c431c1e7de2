// Package checkout keeps a git working tree at a version of a remote repository.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Repository says what shall lie in a directory.
type Repository struct {
	Program
	URL, Dir, Version string
	Remote, Refspec   string
	// Reference is a local repository to borrow objects from.
	Reference string
	// Depth is the number of commits to fetch; 0 is all.
	Depth        int
	SingleBranch bool
	Bare         bool
	// Force drops local modifications, Clean removes files that are not tracked.
	Force, Clean bool
	Submodules   bool
	// TrackSubmodules takes the newest commits of the submodules' branches.
	TrackSubmodules bool
	// KeepMissing makes no clone, KeepOld no update.
	KeepMissing, KeepOld bool
}

// Did tells what became of the directory.
type Did struct {
	// Before and After are commits; Before is empty where there was no repository.
	Before, After string
	RemoteChanged bool
	// Dropped tells that local changes were there, and are gone.
	Dropped  bool
	Warnings []string
}

// Bring brings the directory to the version.
func (r Repository) Bring(ctx context.Context, sys modules.System) (Did, error) {
	if _, err := sys.LookPath(r.Executable); err != nil {
		return Did{}, fmt.Errorf("there is no program %q on this host: install git", r.Executable)
	}
	if err := r.logIn(sys, r.URL); err != nil {
		return Did{}, err
	}
	exists, err := r.exists(sys)
	if err != nil {
		return Did{}, err
	}
	if !exists {
		return r.make(ctx, sys)
	}
	did := Did{}
	if did.Before, err = r.head(ctx, sys); err != nil {
		return did, err
	}
	did.After = did.Before
	if r.KeepOld {
		return did, nil
	}
	return r.update(ctx, sys, did)
}

// exists tells whether the directory is a git repository.
func (r Repository) exists(sys modules.System) (bool, error) {
	at := path.Join(r.Dir, ".git")
	if r.Bare {
		at = path.Join(r.Dir, "config")
	}
	_, err := sys.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// make clones the repository.
func (r Repository) make(ctx context.Context, sys modules.System) (Did, error) {
	goal, err := r.find(ctx, sys, false)
	did := Did{After: goal.commit}
	if err != nil {
		return did, err
	}
	if r.KeepMissing {
		return did, modules.Apply(sys, modules.Change{Action: "exec", Path: "git clone, which clone: false leaves out"}, func(modules.System) error { return nil })
	}
	depth := r.depth(goal, &did)
	if err := r.exec(ctx, sys, r.command("", r.cloneArguments(goal, depth)...)); err != nil {
		return did, err
	}
	if r.Refspec != "" || goal.ref != "" {
		if err := r.fetch(ctx, sys, goal, depth); err != nil {
			return did, err
		}
	}
	return r.settle(ctx, sys, goal, did)
}

// depth is the depth to fetch with: a commit can only be found in the whole history.
func (r Repository) depth(goal target, did *Did) int {
	if r.Depth > 0 && goal.branch == "" && goal.tag == "" && r.Refspec == "" {
		did.Warnings = append(did.Warnings, "depth is left out: a version that is a commit needs the whole history")
		return 0
	}
	return r.Depth
}

func (r Repository) cloneArguments(goal target, depth int) []string {
	args := []string{"clone"}
	if r.Bare {
		args = append(args, "--bare")
	} else {
		args = append(args, "--origin", r.Remote)
	}
	if depth > 0 {
		args = append(args, "--depth", strconv.Itoa(depth))
	}
	if name := goal.branch + goal.tag; name != "" && (depth > 0 || r.SingleBranch) {
		args = append(args, "--branch", name)
	}
	if r.SingleBranch {
		args = append(args, "--single-branch")
	}
	if r.Reference != "" {
		args = append(args, "--reference", r.Reference)
	}
	return append(args, "--", r.URL, r.Dir)
}

// update brings a repository that is there to the version.
func (r Repository) update(ctx context.Context, sys modules.System, did Did) (Did, error) {
	modified, err := r.modified(ctx, sys)
	if err != nil {
		return did, err
	}
	if modified != "" && !r.Force {
		//lint:ignore ST1005 Ansible's words
		return did, fmt.Errorf("Local modifications exist in the destination: %s (force=no). They are:\n%s\nset force: true to drop them", r.Dir, modified)
	}
	did.Dropped = modified != ""
	if did.RemoteChanged, err = r.setRemote(ctx, sys); err != nil {
		return did, err
	}
	goal, err := r.find(ctx, sys, true)
	if err != nil {
		return did, err
	}
	if goal.commit == did.Before {
		return did, r.restore(ctx, sys, modified)
	}
	did.After = goal.commit
	if !r.fetched(ctx, sys, goal) {
		if err := r.fetch(ctx, sys, goal, r.depth(goal, &did)); err != nil {
			return did, err
		}
	}
	return r.settle(ctx, sys, goal, did)
}

// fetched tells whether the goal is a commit that an earlier fetch has brought. Branches
// and tags are fetched all the same, so that they are where the remote has them.
func (r Repository) fetched(ctx context.Context, sys modules.System, goal target) bool {
	if goal.branch != "" || goal.tag != "" || goal.ref != "" || goal.commit == "" {
		return false
	}
	_, err := r.look(ctx, sys, "rev-parse", "--verify", "--quiet", goal.commit+"^{commit}")
	return err == nil
}

// modified lists tracked files that differ from the commit.
func (r Repository) modified(ctx context.Context, sys modules.System) (string, error) {
	if r.Bare {
		return "", nil
	}
	return r.look(ctx, sys, "status", "--porcelain", "--untracked-files=no")
}

// setRemote makes the remote point to the repository. An empty URL of it is a remote
// that is not there.
func (r Repository) setRemote(ctx context.Context, sys modules.System) (bool, error) {
	url, err := r.look(ctx, sys, "config", "--get", "remote."+r.Remote+".url")
	if err != nil && !isCode(err, 1) {
		return false, err
	}
	order := []string{"remote", "set-url", r.Remote, r.URL}
	if url == "" {
		order = []string{"remote", "add", r.Remote, r.URL}
	}
	if url == r.URL {
		return false, nil
	}
	err = r.exec(ctx, sys, r.command(r.Dir, order...))
	return url != "", err
}

// fetch brings branches, tags and the refspec.
func (r Repository) fetch(ctx context.Context, sys modules.System, goal target, depth int) error {
	args := []string{"fetch", "--force"}
	if depth > 0 {
		args = append(args, "--depth", strconv.Itoa(depth))
	} else if r.shallow(sys) {
		args = append(args, "--unshallow")
	}
	args = append(append(args, "--", r.Remote), r.refspecs(goal, depth)...)
	return r.exec(ctx, sys, r.command(r.Dir, args...))
}

func (r Repository) shallow(sys modules.System) bool {
	at := path.Join(r.Dir, ".git", "shallow")
	if r.Bare {
		at = path.Join(r.Dir, "shallow")
	}
	_, err := sys.Lstat(at)
	return err == nil
}

// refspecs are what to fetch: all branches and tags, or only the goal.
func (r Repository) refspecs(goal target, depth int) []string {
	local := "refs/remotes/" + r.Remote
	if r.Bare {
		local = "refs/heads"
	}
	specs := []string{"+refs/heads/*:" + local + "/*", "+refs/tags/*:refs/tags/*"}
	if depth > 0 || r.SingleBranch {
		specs = nil
		switch {
		case goal.branch != "":
			specs = []string{fmt.Sprintf("+refs/heads/%s:%s/%s", goal.branch, local, goal.branch)}
		case goal.tag != "":
			specs = []string{fmt.Sprintf("+refs/tags/%s:refs/tags/%s", goal.tag, goal.tag)}
		case r.Version == "HEAD":
			specs = []string{"HEAD"}
		}
	}
	if goal.ref != "" {
		specs = append(specs, goal.ref)
	}
	if r.Refspec != "" {
		specs = append(specs, r.Refspec)
	}
	return specs
}

// settle checks out what was fetched.
func (r Repository) settle(ctx context.Context, sys modules.System, goal target, did Did) (Did, error) {
	commit, err := r.resolve(ctx, sys, goal)
	if err != nil {
		return did, err
	}
	did.After = commit
	if r.Bare {
		return did, nil
	}
	if err := r.exec(ctx, sys, r.command(r.Dir, checkOut(r.Remote, goal, commit)...)); err != nil {
		return did, err
	}
	if err := r.submodules(ctx, sys); err != nil {
		return did, err
	}
	return did, r.clean(ctx, sys)
}

// checkOut is the call of git that leaves the tree at commit: on the branch, if it is one.
func checkOut(remote string, goal target, commit string) []string {
	if goal.branch == "" {
		return []string{"checkout", "--quiet", "--force", "--detach", commit}
	}
	return []string{"checkout", "--quiet", "--force", "-B", goal.branch, remote + "/" + goal.branch}
}

// resolve finds the commit in what was fetched. It may differ from what the remote said
// before, when somebody has pushed in between.
func (r Repository) resolve(ctx context.Context, sys modules.System, goal target) (string, error) {
	name := goal.commit
	switch {
	case goal.branch != "" && r.Bare:
		name = "refs/heads/" + goal.branch
	case goal.branch != "":
		name = "refs/remotes/" + r.Remote + "/" + goal.branch
	case goal.tag != "":
		name = "refs/tags/" + goal.tag
	case name == "":
		name = r.Version
	}
	commit, err := r.look(ctx, sys, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if !isCode(err, 1) {
		return commit, err
	}
	if !fullHash.MatchString(name) {
		return "", r.unknownVersion()
	}
	if err := r.exec(ctx, sys, r.command(r.Dir, "fetch", "--", r.Remote, name)); err != nil {
		return "", errors.Join(r.unknownVersion(), err)
	}
	return name, nil
}

// head is the commit that is checked out; empty in a repository without commits.
func (r Repository) head(ctx context.Context, sys modules.System) (string, error) {
	head, err := r.look(ctx, sys, "rev-parse", "--verify", "--quiet", "HEAD")
	if isCode(err, 1) {
		return "", nil
	}
	return head, err
}

// restore looks after what may be wrong although the commit is right.
func (r Repository) restore(ctx context.Context, sys modules.System, modified string) error {
	if r.Bare {
		return nil
	}
	if modified != "" {
		if err := r.exec(ctx, sys, r.command(r.Dir, "reset", "--quiet", "--hard")); err != nil {
			return err
		}
	}
	stale, err := r.submodulesStale(ctx, sys)
	if err == nil && (stale || modified != "" || r.TrackSubmodules) {
		err = r.submodules(ctx, sys)
	}
	if err != nil {
		return err
	}
	return r.clean(ctx, sys)
}

// submodulesStale tells whether a submodule is missing or at another commit.
func (r Repository) submodulesStale(ctx context.Context, sys modules.System) (bool, error) {
	if !r.hasSubmodules(sys) {
		return false, nil
	}
	status, err := r.look(ctx, sys, "submodule", "status", "--recursive")
	return strings.ContainsAny(firstLetters(status), "+-U"), err
}

func (r Repository) hasSubmodules(sys modules.System) bool {
	_, err := sys.Lstat(path.Join(r.Dir, ".gitmodules"))
	return err == nil && r.Submodules
}

func firstLetters(text string) string {
	var letters strings.Builder
	for line := range strings.Lines(text) {
		letters.WriteByte(line[0])
	}
	return letters.String()
}

func (r Repository) submodules(ctx context.Context, sys modules.System) error {
	if !r.hasSubmodules(sys) {
		return nil
	}
	err := modules.Aside(sys, func(sys modules.System) error {
		return r.exec(ctx, sys, r.command(r.Dir, "submodule", "--quiet", "sync", "--recursive"))
	})
	if err != nil {
		return err
	}
	args := []string{"submodule", "update", "--init", "--recursive", "--force"}
	if r.TrackSubmodules {
		args = append(args, "--remote")
	}
	c := r.command(r.Dir, args...)
	c.Unchanged = func(out modules.Output) bool { return out.RC == 0 && out.Stdout == "" }
	return r.exec(ctx, sys, c)
}

// clean removes what is not of the repository, repositories in it included.
func (r Repository) clean(ctx context.Context, sys modules.System) error {
	if !r.Clean {
		return nil
	}
	would, err := r.look(ctx, sys, "clean", "-ffdx", "--dry-run")
	if err != nil || would == "" {
		return err
	}
	return r.exec(ctx, sys, r.command(r.Dir, "clean", "-ffdx", "--quiet"))
}
