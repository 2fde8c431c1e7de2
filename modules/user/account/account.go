// Package account makes users what they shall be, with useradd, usermod and chpasswd.
package account

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Wanted is what a user shall be; empty and nil fields are left as they are.
type Wanted struct {
	Name       string
	UID        *int
	NonUnique  bool
	Comment    *string
	Group      string
	Groups     *[]string
	Append     bool
	Shell      string
	Home       string
	CreateHome bool
	MoveHome   bool
	Skeleton   string
	Umask      string
	System     bool
	// Password is a crypt hash.
	Password *string
	// KeepPassword leaves the one of a user that is there.
	KeepPassword bool
	Locked       *bool
	// MaxDays and MinDays are the password's age.
	MaxDays, MinDays *int
	// Expires is in seconds since 1970; negative is never.
	Expires *float64
}

// Find looks a user up by name; nil is none.
func Find(sys modules.System, name string) (*modules.User, error) {
	u, err := sys.User(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && u.Name != name {
		return nil, nil
	}
	return &u, err
}

// Names drops empty and doubled names.
func Names(list []string) []string {
	var names []string
	for _, name := range list {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Delete removes the user, if there is one, and gives what userdel said.
func (w Wanted) Delete(ctx context.Context, sys modules.System, home, force bool) (modules.Output, error) {
	now, err := Find(sys, w.Name)
	if err != nil || now == nil {
		return modules.Output{}, err
	}
	argv := []string{"userdel"}
	if force {
		argv = append(argv, "-f")
	}
	if home {
		argv = append(argv, "-r")
	}
	return modules.Exec(ctx, sys, modules.Command{Argv: append(argv, w.Name)})
}

// Make makes the user, or changes one that is there.
func (w Wanted) Make(ctx context.Context, sys modules.System) error {
	now, err := Find(sys, w.Name)
	if err != nil {
		return err
	}
	if now == nil {
		return w.add(ctx, sys)
	}
	if err := w.change(ctx, sys, *now); err != nil {
		return err
	}
	if now, err = Find(sys, w.Name); err != nil || now == nil || !w.CreateHome {
		return err
	}
	return makeHome(sys, *now, w.Skeleton, w.Umask)
}

func (w Wanted) add(ctx context.Context, sys modules.System) error {
	argv := []string{"useradd"}
	if w.System {
		argv = append(argv, "-r")
	}
	switch _, err := sys.Group(w.Name); {
	case w.Group != "":
		argv = append(argv, "-g", w.Group)
	case err == nil:
		argv = append(argv, "-N") // there is a group of that name, which is not the user's own
	}
	argv = append(argv, w.flags()...)
	if w.Groups != nil && len(Names(*w.Groups)) > 0 {
		argv = append(argv, "-G", strings.Join(Names(*w.Groups), ","))
	}
	if w.Umask != "" {
		argv = append(argv, "-K", "UMASK="+w.Umask)
	}
	switch {
	case !w.CreateHome:
		argv = append(argv, "-M")
	case w.Skeleton != "":
		argv = append(argv, "-m", "-k", w.Skeleton)
	default:
		argv = append(argv, "-m")
	}
	if _, err := modules.Exec(ctx, sys, modules.Command{Argv: append(argv, w.Name)}); err != nil {
		return err
	}
	return w.setPassword(ctx, sys, shadow{isNew: true})
}

// flags are those that useradd and usermod have in common.
func (w Wanted) flags() []string {
	var argv []string
	if w.UID != nil {
		argv = append(argv, "-u", strconv.Itoa(*w.UID))
		if w.NonUnique {
			argv = append(argv, "-o")
		}
	}
	if w.Comment != nil {
		argv = append(argv, "-c", *w.Comment)
	}
	if w.Home != "" {
		argv = append(argv, "-d", w.Home)
	}
	if w.Shell != "" {
		argv = append(argv, "-s", w.Shell)
	}
	if w.Expires != nil {
		argv = append(argv, "-e", w.expiryDate())
	}
	return argv
}

func (w Wanted) expiryDate() string {
	if *w.Expires < 0 {
		return ""
	}
	return time.Unix(int64(*w.Expires), 0).UTC().Format(time.DateOnly)
}

func (w Wanted) change(ctx context.Context, sys modules.System, now modules.User) error {
	known, err := readShadow(sys, w.Name)
	if err != nil {
		return err
	}
	argv, err := w.different(sys, now, known).modifications(sys, now)
	if err != nil {
		return err
	}
	if len(argv) > 0 {
		if _, err := modules.Exec(ctx, sys, modules.Command{Argv: append(append([]string{"usermod"}, argv...), w.Name)}); err != nil {
			return err
		}
	}
	return w.setPassword(ctx, sys, known)
}

// different drops what is so already.
func (w Wanted) different(sys modules.System, now modules.User, known shadow) Wanted {
	if w.UID != nil && *w.UID == now.UID {
		w.UID = nil
	}
	if w.Comment != nil && *w.Comment == now.Gecos {
		w.Comment = nil
	}
	if w.Home == now.Home {
		w.Home = ""
	}
	if w.Shell == now.Shell {
		w.Shell = ""
	}
	if w.Expires != nil && known.expires(w.expiryDate()) {
		w.Expires = nil
	}
	if g, err := sys.Group(w.Group); w.Group != "" && err == nil && g.GID == now.GID {
		w.Group = ""
	}
	return w
}

// modifications are the flags for usermod.
func (w Wanted) modifications(sys modules.System, now modules.User) ([]string, error) {
	argv := w.flags()
	if w.Home != "" && w.MoveHome {
		argv = append(argv, "-m")
	}
	if w.Group != "" {
		if _, err := sys.Group(w.Group); err != nil {
			//lint:ignore ST1005 Ansible's words
			return nil, fmt.Errorf("Group %s does not exist", w.Group)
		}
		argv = append(argv, "-g", w.Group)
	}
	groups, err := w.groupFlags(sys, now)
	return append(argv, groups...), err
}

// groupFlags compares the further groups with those that the user has.
func (w Wanted) groupFlags(sys modules.System, now modules.User) ([]string, error) {
	if w.Groups == nil {
		return nil, nil
	}
	primary := now.GID
	if g, err := sys.Group(w.Group); w.Group != "" && err == nil {
		primary = g.GID
	}
	var want []string
	for _, name := range Names(*w.Groups) {
		g, err := sys.Group(name)
		if err != nil {
			//lint:ignore ST1005 Ansible's words
			return nil, fmt.Errorf("Group %s does not exist", name)
		}
		if g.GID != primary {
			want = append(want, g.Name)
		}
	}
	have, err := groupsOf(sys, now.Name)
	if err != nil {
		return nil, err
	}
	missing := slices.ContainsFunc(want, func(name string) bool { return !slices.Contains(have, name) })
	surplus := slices.ContainsFunc(have, func(name string) bool { return !slices.Contains(want, name) && !isGroup(sys, name, primary) })
	switch {
	case w.Append && missing:
		return []string{"-a", "-G", strings.Join(want, ",")}, nil
	case !w.Append && (missing || surplus):
		return []string{"-G", strings.Join(want, ",")}, nil
	}
	return nil, nil
}

func isGroup(sys modules.System, name string, gid int) bool {
	g, err := sys.Group(name)
	return err == nil && g.GID == gid
}

// groupsOf lists the groups of the host's own file that name a user.
func groupsOf(sys modules.System, user string) ([]string, error) {
	content, err := modules.ReadFile(sys, "/etc/group", 64<<20)
	if err != nil {
		return nil, fmt.Errorf("read the groups of %s: %w", user, err)
	}
	var names []string
	for line := range strings.Lines(string(content)) {
		parts := strings.Split(strings.TrimSpace(line), ":")
		if len(parts) >= 4 && slices.Contains(strings.Split(parts[3], ","), user) {
			names = append(names, parts[0])
		}
	}
	return names, nil
}
