package account

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

// makeHome makes the home directory of a user who lacks it, with the skeleton's files.
func makeHome(sys modules.System, u modules.User, skeleton, umask string) error {
	if _, err := sys.Stat(u.Home); !errors.Is(err, fs.ErrNotExist) || u.Home == "" {
		return nil
	}
	if skeleton == "" {
		skeleton = "/etc/skel"
	}
	if err := modules.MkdirAll(sys, path.Dir(u.Home), modules.Attributes{}); err != nil {
		return err
	}
	uid, gid := strconv.Itoa(u.UID), strconv.Itoa(u.GID)
	err := sys.WriteTree(u.Home, func(below modules.Below) error {
		err := modules.Walk(sys, skeleton, func(st modules.Stat) error {
			name := strings.TrimPrefix(strings.TrimPrefix(st.Path, path.Clean(skeleton)), "/")
			if name == "" {
				return nil
			}
			if err := put(sys, below, st, name); err != nil {
				return err
			}
			return below.Chown(name, uid, gid)
		})
		if errors.Is(err, fs.ErrNotExist) {
			return nil // no skeleton
		}
		return err
	})
	if err != nil {
		return err
	}
	mode := homeMode(sys, umask)
	return sys.SetAttributes(u.Home, modules.Attributes{Mode: &mode, Owner: uid, Group: gid})
}

func put(sys modules.System, below modules.Below, st modules.Stat, name string) error {
	switch {
	case st.Mode.IsDir():
		return below.Mkdir(name, st.Mode.Perm())
	case st.Mode&fs.ModeSymlink != 0:
		return below.Symlink(st.Target, name)
	}
	f, err := sys.Open(st.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return below.File(name, st.Mode.Perm(), st.ModTime, f)
}

// homeMode is the mode of a new home: by umask, or as login.defs says.
func homeMode(sys modules.System, umask string) fs.FileMode {
	content, _ := modules.ReadFile(sys, "/etc/login.defs", 1<<20) // a host without it has the usual mode
	defs := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if words := strings.Fields(line); len(words) >= 2 {
			defs[words[0]] = words[1]
		}
	}
	if bits, err := strconv.ParseUint(defs["HOME_MODE"], 8, 32); err == nil && umask == "" {
		return fs.FileMode(bits).Perm()
	}
	if umask == "" {
		umask = defs["UMASK"]
	}
	bits, err := strconv.ParseUint(umask, 8, 32)
	if err != nil {
		bits = 0o022
	}
	return 0o777 &^ fs.FileMode(bits).Perm()
}

// Key is an SSH key of a user.
type Key struct {
	User, Type, File, Comment string
	Bits                      int
}

// Made is a key that is there.
type Made struct{ File, Public, Fingerprint string }

// Make makes the key, as the user, where there is none.
func (k Key) Make(ctx context.Context, sys modules.System) (Made, error) {
	u, err := Find(sys, k.User)
	if err != nil || u == nil {
		return Made{}, errors.Join(err, fmt.Errorf("there is no user %s to make a key for", k.User))
	}
	file := k.File
	if file == "" {
		file = ".ssh/id_" + k.Type
	}
	if !path.IsAbs(file) {
		file = path.Join(u.Home, file)
	}
	made := Made{File: file}
	if _, err := sys.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		if err := k.generate(ctx, sys, *u, file); err != nil {
			return made, err
		}
	}
	public, err := modules.ReadFile(sys, file+".pub", 1<<20)
	if err != nil {
		return made, err
	}
	made.Public = strings.TrimSpace(string(public))
	out, err := modules.Query(ctx, sys, modules.Command{Argv: []string{"ssh-keygen", "-l", "-f", file + ".pub"}})
	made.Fingerprint = strings.TrimSpace(out.Stdout)
	return made, err
}

func (k Key) generate(ctx context.Context, sys modules.System, u modules.User, file string) error {
	private := fs.FileMode(0o700)
	owner := modules.Attributes{Mode: &private, Owner: strconv.Itoa(u.UID), Group: strconv.Itoa(u.GID)}
	if _, err := sys.Stat(path.Dir(file)); errors.Is(err, fs.ErrNotExist) {
		if err := sys.Mkdir(path.Dir(file), owner); err != nil {
			return err
		}
	}
	argv := []string{"ssh-keygen", "-q", "-N", "", "-t", k.Type, "-f", file}
	if k.Bits > 0 {
		argv = append(argv, "-b", strconv.Itoa(k.Bits))
	}
	if k.Comment != "" {
		argv = append(argv, "-C", k.Comment)
	}
	c := modules.Command{Argv: argv}
	if u.UID != sys.Self().UID {
		c.User = u.Name
	}
	_, err := modules.Exec(ctx, sys, c)
	return err
}
