// Package workingcopy keeps a directory at a revision of a subversion repository.
package workingcopy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Copy says what shall lie in a directory.
type Copy struct {
	Program
	URL, Dir string
	// Revision is a number, HEAD, a date in braces, or the name of a branch or tag.
	Revision string
	// Force drops local modifications, Clean removes files that svn does not know.
	Force, Clean bool
	// Export brings files only.
	Export bool
	// KeepMissing makes no checkout, KeepOld no update.
	KeepMissing, KeepOld bool
	InPlace, Switch      bool
}

// Did tells what became of the directory.
type Did struct{ Before, After Tree }

// Bring brings the directory to the revision.
func (c Copy) Bring(ctx context.Context, sys modules.System) (Did, error) {
	if _, err := sys.LookPath(c.Executable); err != nil {
		return Did{}, fmt.Errorf("there is no program %q on this host: install subversion", c.Executable)
	}
	exists, versioned, err := c.look(sys)
	if err != nil {
		return Did{}, err
	}
	if versioned && !c.Export {
		return c.renew(ctx, sys)
	}
	goal, err := c.find(ctx, sys)
	did := Did{After: goal}
	switch {
	case err != nil:
		return did, err
	case c.Export:
		return did, c.exec(ctx, sys, c.bring("export", goal, c.Force))
	case exists && !c.InPlace:
		return did, fmt.Errorf("ERROR: %s folder already exists, but its not a subversion repository. Move it away, or set in_place: true to make it one", c.Dir)
	case c.KeepMissing:
		return did, nil
	}
	if err := c.exec(ctx, sys, c.bring("checkout", goal, exists)); err != nil {
		return did, err
	}
	if exists && c.Force {
		if err := c.exec(ctx, sys, c.local(c.Dir, "revert", "--quiet", "--recursive", ".")); err != nil {
			return did, err
		}
	}
	return did, c.clean(ctx, sys)
}

// look tells whether the directory has anything in it, and whether svn made it.
func (c Copy) look(sys modules.System) (exists, versioned bool, err error) {
	if c.Dir == "" {
		return false, false, nil
	}
	if _, err := sys.Lstat(path.Join(c.Dir, ".svn")); err == nil {
		return true, true, nil
	}
	list, err := sys.ReadDir(c.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	return len(list) > 0, false, err
}

// bring is the call of svn that makes the directory.
func (c Copy) bring(order string, goal Tree, force bool) modules.Command {
	args := []string{order, "--quiet", "-r", goal.Number}
	if force {
		args = append(args, "--force")
	}
	return c.remote("", args, unpegged(goal.URL), unpegged(c.Dir))
}

// renew brings a working copy to the revision.
func (c Copy) renew(ctx context.Context, sys modules.System) (Did, error) {
	info, err := c.query(ctx, sys, c.local("", "info", unpegged(c.Dir)))
	if err != nil {
		return Did{}, err
	}
	did := Did{Before: readInfo(info), After: readInfo(info)}
	if c.KeepOld {
		return did, nil
	}
	state, err := c.state(ctx, sys)
	if err != nil {
		return did, err
	}
	if state.modified != "" && !c.Force {
		return did, fmt.Errorf("ERROR: modified files exist in the repository. They are:\n%sset force: true to drop them", state.modified)
	}
	goal, err := c.find(ctx, sys)
	if err != nil {
		return did, err
	}
	did.After = goal
	if state.externals && goal.URL == did.Before.URL {
		if state.outdated, err = c.newer(ctx, sys); err != nil {
			return did, err
		}
	}
	if err := c.settle(ctx, sys, did.Before, goal, state); err != nil {
		return did, err
	}
	return did, c.clean(ctx, sys)
}

// settle drops modifications, and updates where revision or URL are not those wanted.
func (c Copy) settle(ctx context.Context, sys modules.System, now, goal Tree, state state) error {
	if state.locked {
		if err := c.exec(ctx, sys, c.local(c.Dir, "cleanup")); err != nil {
			return err
		}
	}
	if state.modified != "" {
		if err := c.exec(ctx, sys, c.local(c.Dir, "revert", "--quiet", "--recursive", ".")); err != nil {
			return err
		}
	}
	switch {
	case now.URL != goal.URL && c.Switch:
		return c.exec(ctx, sys, c.remote(c.Dir, []string{"switch", "--accept", "theirs-full", "-r", goal.Number}, unpegged(goal.URL)))
	case now.Number != goal.Number || state.modified != "" || state.outdated:
		update := c.remote(c.Dir, []string{"update", "--accept", "theirs-full", "-r", goal.Number}, ".")
		update.Unchanged = func(out modules.Output) bool { return out.RC == 0 && !updated.MatchString(out.Stdout) }
		return c.exec(ctx, sys, update)
	}
	return nil
}

// updated matches a line about a file that an update has touched.
var updated = regexp.MustCompile(`(?m)^([ADUCGER][ADUCG ]| [ADUCG])[B ][C ] \S|^Restored `)

// state is what is not as the repository has it.
type state struct {
	// modified lists changed files, a line each.
	modified string
	// locked tells that an svn was killed there; externals that there are trees of other
	// places, which may be newer there; outdated that they are.
	locked, externals, outdated bool
}

// state looks at the files. What lies in externals counts for nothing.
func (c Copy) state(ctx context.Context, sys modules.System) (state, error) {
	text, err := c.query(ctx, sys, c.local(c.Dir, "status"))
	text, _, _ = strings.Cut(text, "\nPerforming status on external item")
	var s state
	for line := range strings.Lines(text) {
		if len(line) < 8 {
			continue
		}
		s.locked = s.locked || line[2] == 'L'
		s.externals = s.externals || line[0] == 'X'
		if strings.Trim(line[:2], " ?X") != "" {
			s.modified += strings.TrimSuffix(line, "\n") + "\n"
		}
	}
	return s, err
}

// newer asks the server whether an external has changed.
func (c Copy) newer(ctx context.Context, sys modules.System) (bool, error) {
	text, err := c.query(ctx, sys, c.remote(c.Dir, []string{"status", "--show-updates"}, "."))
	return regexp.MustCompile(`(?m)^.{8}\*`).MatchString(text), err
}

// clean removes what svn does not know.
func (c Copy) clean(ctx context.Context, sys modules.System) error {
	if !c.Clean {
		return nil
	}
	status, err := c.query(ctx, sys, c.local(c.Dir, "status", "--no-ignore", "--ignore-externals"))
	if err != nil || !regexp.MustCompile(`(?m)^[?I]`).MatchString(status) {
		return err
	}
	return c.exec(ctx, sys, c.local(c.Dir, "cleanup", "--remove-unversioned", "--remove-ignored"))
}
